//! The processor `linkmend`: mends links with a rule.
//!
//! ```text
//! take ─► worker: rule ─► next consumer ─► answer
//!            │ held                            ▲ the sender waits for its held spans, too
//!            └► hold ─► release: rule ─► next ─┘
//! ```
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `rule` | from the configuration to a loaded rule |
//! | `stage` | a batch on its way through the processor of one pipeline |
//! | `delivery` | what comes out of the hold goes on |
//! | `ticket` | who waits for held spans |
//! | `journal` | held spans on disk, so that nobody need wait |
//! | `reload` | a rule file that changes |
//! | `observe` | what is held and remembered, as metrics |

mod delivery;
mod journal;
mod observe;
mod reload;
mod rule;
mod stage;
mod ticket;

use std::sync::Arc;

use linkmend::index::{MemoryIndex, MessageIndex};
use linkmend::{CodeCache, Compiler, HoldOptions, Processor, Stop};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::component::{SetupError, Tasks};
use crate::config::{Config, Id, LinkmendProcessor};
use crate::extensions::file_storage::{Storage, Storages};
use crate::telemetry::metrics::Metrics;
use crate::traces::Consumer;
use crate::workers::Workers;
use journal::Journal;
use reload::{Watched, Watcher};
use rule::ChosenRule;
pub(crate) use stage::Stage;
use stage::{Keeping, Parts};

/// A processor as it is configured. Each pipeline that names it has a stage of
/// its own; what was seen of messages, the index, is one for all of them.
pub(crate) struct Linkmend {
    id: Id,
    config: LinkmendProcessor,
    rule: ChosenRule,
    index: Arc<MemoryIndex>,
    compiling: Compiling,
    /// Ends the compilation of a rule that nobody wants any more.
    stop: Stop,
    /// Where held spans are kept.
    storage: Option<Storage>,
    metrics: Arc<Metrics>,
    /// The first one that was made, to see that it can be.
    made: Mutex<Option<Made>>,
    /// Those of all stages.
    processors: Mutex<Vec<Arc<Processor>>>,
}

/// How rules are compiled.
pub(crate) struct Compiling {
    pub(crate) compiler: Compiler,
    pub(crate) cache: Option<CodeCache>,
}

/// The numbers of what was held at the end of the last run.
type Left = Vec<u64>;

struct Made {
    processor: Processor,
    wake: Arc<Notify>,
}

impl Linkmend {
    /// Loads the rule, with its configuration.
    pub(crate) fn new(
        id: &Id,
        config: &Config,
        of_processor: &LinkmendProcessor,
        compiling: Compiling,
        storages: &Storages,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, SetupError> {
        let most = compiling.compiler.limits().file_size;
        let rule = ChosenRule::read(of_processor, most).map_err(|error| error.within(place(id)))?;
        let processor = Self {
            id: id.clone(),
            config: of_processor.clone(),
            rule,
            index: Arc::new(MemoryIndex::new(of_processor.index)),
            compiling,
            stop: Stop::default(),
            storage: of_processor
                .hold
                .storage
                .as_ref()
                .and_then(|id| storages.get(id)),
            metrics: Arc::clone(metrics),
            made: Mutex::default(),
            processors: Mutex::default(),
        };
        let made = processor.make();
        let made = made.map_err(|error| rule::explained(id, config, &error))?;
        *processor.made.lock() = Some(made);
        Ok(processor)
    }

    fn make(&self) -> Result<Made, linkmend::LoadError> {
        let wake = Arc::new(Notify::new());
        let tell = Arc::clone(&wake);
        let hold = &self.config.hold;
        let index: Arc<dyn MessageIndex> = Arc::<MemoryIndex>::clone(&self.index);
        let mut builder = Processor::builder()
            .rule(self.rule.rule(&self.config))
            .index(index)
            .compiler(self.compiling.compiler.clone().stopped_by(&self.stop))
            .count_systems()
            .hold(HoldOptions {
                time: hold.time.unwrap_or_default(),
                max_spans: hold.max_spans,
                max_bytes: usize::try_from(hold.max_bytes).unwrap_or(usize::MAX),
                give_up_after: hold.give_up_after,
                on_sooner: Some(Arc::new(move || tell.notify_one())),
            });
        if let Some(cache) = &self.compiling.cache {
            builder = builder.code_cache(cache.clone());
        }
        let processor = builder.build()?;
        Ok(Made { processor, wake })
    }

    /// The processor for a pipeline, in front of `next`.
    pub(crate) fn stage(
        &self,
        pipeline: &Id,
        next: Arc<dyn Consumer>,
        workers: &Workers,
        tasks: &Tasks,
    ) -> Result<Arc<Stage>, SetupError> {
        let (keeping, left) = self.keeping(pipeline)?;
        let made = self.made.lock().take();
        let made = made.map_or_else(|| self.make(), Ok);
        let Made { processor, wake } =
            made.map_err(|error| SetupError::new(place(&self.id), error.to_string()))?;
        let processor = Arc::new(processor);
        self.processors.lock().push(Arc::clone(&processor));
        let stage = Stage::start(Parts {
            id: self.id.clone(),
            processor,
            wake,
            next,
            workers: workers.clone(),
            metrics: self.metrics.processor(&self.id),
            links: self.metrics.links(&self.id),
            keeping,
            tasks: tasks.clone(),
        });
        tasks.tracker.spawn(Arc::clone(&stage).take_up(left));
        Ok(stage)
    }

    /// How senders can be sure of their held spans, and those of the last run.
    fn keeping(&self, pipeline: &Id) -> Result<(Keeping, Left), SetupError> {
        let Some(storage) = &self.storage else {
            let keeping = if self.config.hold.wait_for_result {
                Keeping::Waiting
            } else {
                Keeping::Memory
            };
            return Ok((keeping, Vec::new()));
        };
        let journal = Journal::open(storage, &format!("processors.{}.{pipeline}", self.id))?;
        let left = journal.left();
        let left = left
            .map_err(|text| SetupError::new(format!("{}.hold.storage", place(&self.id)), text))?;
        Ok((Keeping::Journal(journal), left))
    }

    /// Watches what is held and remembered, and the file of the rule, when all
    /// stages are there.
    pub(crate) fn watch(&self, tasks: &Tasks) {
        let processors = self.processors.lock().clone();
        let links = self.metrics.links(&self.id);
        let index = Arc::clone(&self.index);
        tasks.tracker.spawn(observe::observe(
            links.clone(),
            index,
            processors.clone(),
            tasks.stop.clone(),
        ));
        let Some(component) = self.rule.component().cloned() else {
            return;
        };
        let watcher = Watcher::new(Watched {
            id: self.id.clone(),
            config: self.config.clone(),
            most_bytes: self.compiling.compiler.limits().file_size,
            component,
            processors,
            links,
            stop: self.stop.clone(),
        });
        tasks.tracker.spawn(watcher.watch(tasks.clone()));
    }
}

fn place(id: &Id) -> String {
    format!("processors.{id}")
}
