//! What a selector says, told of structs.

use linkmend_wire::Selector;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

use super::batch::KEYS;
use super::choices::Choices;

/// A selector that can be asked about structs.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub everything: bool,
    pub kinds: Vec<u8>,
    pub with_links: bool,
    pub keys: Vec<String>,
    pub prefixes: Vec<String>,
}

impl Wanted {
    pub fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    pub fn random(choices: &mut Choices<'_>) -> Self {
        let key = |choices: &mut Choices<'_>| choices.pick(&KEYS).to_owned();
        Self {
            everything: choices.one_in(6),
            kinds: choices.many(2, |choices| choices.pick(&[0, 1, 4, 5, 7, 8, 255])),
            with_links: choices.one_in(3),
            keys: choices.many(2, key),
            prefixes: choices.many(1, key),
        }
    }

    pub fn selector(&self) -> Selector {
        let mut selector = if self.everything {
            Selector::all()
        } else {
            Selector::none()
        };
        for kind in &self.kinds {
            selector = selector.with_kind(*kind);
        }
        if self.with_links {
            selector = selector.with_links();
        }
        for key in &self.keys {
            selector = selector.with_key(key);
        }
        for prefix in &self.prefixes {
            selector = selector.with_prefix(prefix);
        }
        selector
    }

    pub fn takes(&self, span: &Span) -> bool {
        let takes_kind = |kind: &u8| *kind < 8 && i32::from(*kind) == span.kind;
        let takes_key = |key: &String| {
            self.keys.contains(key) || self.prefixes.iter().any(|prefix| key.starts_with(prefix))
        };
        self.everything
            || self.kinds.iter().any(takes_kind)
            || (self.with_links && !span.links.is_empty())
            || span.attributes.iter().any(|one| takes_key(&one.key))
    }

    /// The selected spans of `batch` inside their resource and scope.
    pub fn subset(&self, batch: &TracesData) -> TracesData {
        let mut batch = batch.clone();
        batch.resource_spans.retain_mut(|resource| {
            resource.scope_spans.retain_mut(|scope| {
                scope.spans.retain(|span| self.takes(span));
                !scope.spans.is_empty()
            });
            !resource.scope_spans.is_empty()
        });
        batch
    }
}
