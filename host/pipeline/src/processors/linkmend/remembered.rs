//! What is known of messages: of all senders together, or by scope.

use std::sync::Arc;

use linkmend::index::{IndexStats, MemoryIndex, ScopeStats, ScopedIndex};
use linkmend::{ProcessorBuilder, Scoping};

use crate::config::LinkmendProcessor;

/// The index of a processor, which all of its pipelines share.
#[derive(Clone)]
pub(super) enum Remembered {
    OfAll(Arc<MemoryIndex>),
    ByScope(Scoping),
}

impl Remembered {
    pub(super) fn new(config: &LinkmendProcessor) -> Self {
        let scope = &config.scope;
        if !scope.is_any() {
            return Self::OfAll(Arc::new(MemoryIndex::new(config.index)));
        }
        Self::ByScope(Scoping {
            resource_attributes: scope.resource_attributes.clone(),
            index: ScopedIndex::new(config.index, scope.cardinality_limit),
        })
    }

    pub(super) fn give(&self, builder: ProcessorBuilder) -> ProcessorBuilder {
        match self {
            Self::OfAll(index) => builder.index(Arc::<MemoryIndex>::clone(index)),
            Self::ByScope(scoping) => builder.scopes(scoping.clone()),
        }
    }

    pub(super) fn stats(&self) -> IndexStats {
        match self {
            Self::OfAll(index) => index.stats(),
            Self::ByScope(scoping) => scoping.index.stats(),
        }
    }

    /// `None` where there are no scopes.
    pub(super) fn scope_stats(&self) -> Option<ScopeStats> {
        match self {
            Self::OfAll(_) => None,
            Self::ByScope(scoping) => Some(scoping.index.scope_stats()),
        }
    }
}
