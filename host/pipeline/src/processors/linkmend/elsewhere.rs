//! What other hosts are told of producers that passed here, and what they told of theirs,
//! where an index is shared.

use std::sync::Arc;

use linkmend::{Scope, resource_scopes};
use linkmend_flows::{Context, End, Outside, ToldEnd};
use linkmend_redis::ends::{self, Answer, EndStats, SpanKey};

use super::shared::Shared;
use crate::config;

/// Of whom the spans of a batch are.
#[derive(Debug, Clone, Copy)]
pub(super) enum OfScope {
    /// What the request says; where resources say more, they are asked.
    Request(Scope),
    /// All of one scope, if senders have scopes: they were held.
    One(Option<Scope>),
}

/// The store.
pub(super) struct Elsewhere {
    shared: Arc<Shared>,
}

/// What tells senders apart.
pub(super) struct Scoped {
    /// Senders have scopes.
    is_scoped: bool,
    resource_attributes: Vec<String>,
}

impl Elsewhere {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Tells of the producers of a batch, and gives the keys of those that are to be asked
    /// for.
    pub(super) fn tell(&self, outside: Outside, scopes: &Scopes) -> Vec<SpanKey> {
        if outside.is_empty() {
            return Vec::new();
        }
        let told = outside.produced.iter().filter_map(|(number, end)| {
            let key = scopes.key(*number, end.context)?;
            Some((key, ends::value(&written(end))))
        });
        self.shared.tell(told);
        let missed = outside.missed.into_iter();
        missed
            .filter_map(|(number, context)| scopes.key(number, context))
            .collect()
    }

    /// What the store says of some.
    pub(super) async fn ends(&self, of: Vec<SpanKey>) -> Vec<Answer> {
        self.shared.ends(of).await
    }

    pub(super) fn stats(&self) -> EndStats {
        self.shared.end_stats()
    }
}

impl Scoped {
    pub(super) fn new(scope: &config::Scope) -> Self {
        Self {
            is_scoped: scope.is_any(),
            resource_attributes: scope.resource_attributes.clone(),
        }
    }

    /// Those of the resources of a batch.
    pub(super) fn scopes(&self, batch: &[u8], of: OfScope) -> Scopes {
        match of {
            _ if !self.is_scoped => Scopes::NotAny,
            OfScope::One(scope) => Scopes::One(scope),
            OfScope::Request(scope) if self.resource_attributes.is_empty() => {
                Scopes::One(Some(scope))
            }
            OfScope::Request(scope) => {
                Scopes::Each(resource_scopes(&self.resource_attributes, batch, scope))
            }
        }
    }
}

/// The scopes of the resources of a batch.
pub(super) enum Scopes {
    NotAny,
    /// `None`: it is not known, and nothing is told.
    One(Option<Scope>),
    Each(Vec<Scope>),
}

impl Scopes {
    /// A part of that of a resource; 0: there are none.
    pub(super) fn hash(&self, number: u32) -> u64 {
        match self {
            Self::NotAny => 0,
            Self::One(scope) => part(*scope),
            Self::Each(scopes) => part(scopes.get(number as usize).copied()),
        }
    }

    fn key(&self, number: u32, of: Context) -> Option<SpanKey> {
        let scope = match self {
            Self::NotAny => None,
            Self::One(scope) => Some((*scope)?),
            Self::Each(scopes) => Some(*scopes.get(number as usize)?),
        };
        Some(SpanKey {
            scope,
            trace: of.trace,
            span: of.span,
        })
    }
}

fn part(scope: Option<Scope>) -> u64 {
    let bytes = scope.map(Scope::to_bytes).unwrap_or_default();
    let first = bytes.first_chunk().copied();
    first.map_or(0, u64::from_le_bytes)
}

/// The scope of a key, as that of a resource.
pub(super) fn scope(key: &SpanKey) -> u64 {
    part(key.scope)
}

fn written(end: &End) -> ends::End<'_> {
    let site = &end.site;
    ends::End {
        start: end.start,
        end: end.end,
        flags: end.flags,
        kind: site.kind,
        status: end.status,
        service: &site.service,
        namespace: &site.namespace,
        name: &site.name,
        operation: &site.operation,
        system: &site.system,
        destination: &site.destination,
    }
}

/// What stands in the store of a span; `None` when that cannot be read.
pub(super) fn told<'a>(key: &SpanKey, value: &'a [u8]) -> Option<ToldEnd<'a>> {
    let end = ends::read(value)?;
    Some(ToldEnd {
        context: context(key),
        scope: scope(key),
        start: end.start,
        end: end.end,
        flags: end.flags,
        kind: end.kind,
        status: end.status,
        service: end.service,
        namespace: end.namespace,
        name: end.name,
        operation: end.operation,
        system: end.system,
        destination: end.destination,
    })
}

pub(super) fn context(key: &SpanKey) -> Context {
    Context {
        trace: key.trace,
        span: key.span,
    }
}
