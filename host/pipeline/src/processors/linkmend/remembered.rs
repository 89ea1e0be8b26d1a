//! What is known of messages: of all senders together, or by scope; here, and in what is
//! behind it.

use std::sync::Arc;
use std::time::Duration;

use linkmend::index::{
    IndexStats, MemoryIndex, Producer, ScopeStats, ScopedIndex, SharedIndex, SharedStore, Text,
};
use linkmend::{Processor, ProcessorBuilder, Scope, Scoping};
use linkmend_redis::Stats;

use super::log::Log;
use super::shared::Shared;
use crate::component::{SetupError, Tasks};
use crate::config::LinkmendProcessor;
use crate::extensions::file_storage::Storage;

/// The index of a processor, which all of its pipelines share.
#[derive(Clone)]
pub(super) struct Remembered {
    here: Here,
    behind: Behind,
}

/// What is in memory.
#[derive(Clone)]
enum Here {
    OfAll(Arc<MemoryIndex>),
    ByScope(Scoping),
}

/// What is behind that.
#[derive(Clone)]
enum Behind {
    Nothing,
    Shared(Arc<Shared>),
    Log(Arc<Log>),
}

impl Behind {
    fn store(&self) -> Option<Arc<dyn SharedStore>> {
        match self {
            Self::Nothing => None,
            Self::Shared(shared) => Some(Arc::<Shared>::clone(shared)),
            Self::Log(log) => Some(Arc::<Log>::clone(log)),
        }
    }
}

impl Remembered {
    /// `client` is what it is called in `storage`.
    pub(super) fn new(
        config: &LinkmendProcessor,
        storage: Option<Storage>,
        client: String,
        on_round_trip: Arc<dyn Fn(Duration) + Send + Sync>,
    ) -> Result<Self, SetupError> {
        let bounds = config.index.memory;
        let behind = match (&config.index.redis, storage) {
            (Some(redis), _) => {
                let on_round_trip = Some(on_round_trip);
                Behind::Shared(Shared::new(redis, bounds.time_to_live, on_round_trip)?)
            }
            (None, Some(storage)) => Behind::Log(Log::new(storage, client, bounds)),
            (None, None) => Behind::Nothing,
        };
        let scope = &config.scope;
        let here = if scope.is_any() {
            let most = scope.cardinality_limit;
            Here::ByScope(Scoping {
                resource_attributes: scope.resource_attributes.clone(),
                index: match behind.store() {
                    Some(store) => ScopedIndex::with_store(bounds, most, store),
                    None => ScopedIndex::new(bounds, most),
                },
            })
        } else {
            Here::OfAll(Arc::new(MemoryIndex::new(bounds)))
        };
        Ok(Self { here, behind })
    }

    pub(super) fn give(&self, builder: ProcessorBuilder) -> ProcessorBuilder {
        match (&self.here, self.behind.store()) {
            (Here::OfAll(index), None) => builder.index(Arc::<MemoryIndex>::clone(index)),
            (Here::OfAll(index), Some(store)) => {
                builder.index(Arc::new(SharedIndex::new(Arc::clone(index), store)))
            }
            (Here::ByScope(scoping), _) => builder.scopes(scoping.clone()),
        }
    }

    /// Begins to connect to what is behind, or takes up what it kept. To be called
    /// before spans come, once or more often.
    pub(super) fn start(&self, tasks: &Tasks) -> Result<(), SetupError> {
        match &self.behind {
            Behind::Nothing => Ok(()),
            Behind::Shared(shared) => shared.start(),
            Behind::Log(log) => {
                let opened = log.open(|scope, producer, state, age| {
                    self.restore(scope, producer, state, age);
                });
                let is_new = opened.map_err(|error| error.within("index.storage"))?;
                if is_new {
                    let writing = Arc::clone(log).write(tasks.stop.clone());
                    tasks.tracker.spawn(writing);
                }
                Ok(())
            }
        }
    }

    /// What cannot be fitted in is not known any more.
    fn restore(&self, scope: Option<Scope>, producer: &Producer, state: &[u8], age: Duration) {
        let producer = Producer {
            trace_state: Text {
                offset: 0,
                length: u32::try_from(state.len()).unwrap_or(0),
            },
            ..*producer
        };
        // The states were checked when they were read.
        let _ = match (&self.here, scope) {
            (Here::OfAll(index), None) => index.restore(&[producer], state, age),
            (Here::ByScope(scoping), Some(scope)) => {
                scoping.index.restore(scope, &[producer], state, age)
            }
            // Scopes were switched on or off since.
            _ => Ok(()),
        };
    }

    /// Wakes held spans of a processor whose producers passed another host.
    pub(super) fn watch(&self, processor: &Arc<Processor>, tasks: &Tasks) {
        if let Behind::Shared(shared) = &self.behind {
            let watching = Arc::clone(shared).watch(Arc::clone(processor), tasks.stop.clone());
            tasks.tracker.spawn(watching);
        }
    }

    /// Sees to it that what is behind has all that was remembered.
    pub(super) async fn end(&self) {
        if let Behind::Shared(shared) = &self.behind {
            Arc::clone(shared).end().await;
        }
    }

    pub(super) fn stats(&self) -> IndexStats {
        match &self.here {
            Here::OfAll(index) => index.stats(),
            Here::ByScope(scoping) => scoping.index.stats(),
        }
    }

    /// `None` where there are no scopes.
    pub(super) fn scope_stats(&self) -> Option<ScopeStats> {
        match &self.here {
            Here::OfAll(_) => None,
            Here::ByScope(scoping) => Some(scoping.index.scope_stats()),
        }
    }

    /// How many producers are to be on disk, and are not yet.
    pub(super) fn unwritten(&self) -> usize {
        match &self.behind {
            Behind::Log(log) => log.unwritten(),
            Behind::Nothing | Behind::Shared(_) => 0,
        }
    }

    /// The store that other hosts share, if there is one.
    pub(super) fn shared(&self) -> Option<&Arc<Shared>> {
        match &self.behind {
            Behind::Shared(shared) => Some(shared),
            _ => None,
        }
    }

    /// `None` where nothing is shared.
    pub(super) fn shared_stats(&self) -> Option<Stats> {
        self.shared().map(|shared| shared.stats())
    }
}
