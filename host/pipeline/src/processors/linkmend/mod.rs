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
//! | `compiling` | how rules are compiled |
//! | `rule` | from the configuration to a loaded rule |
//! | `stage` | a batch on its way through the processor of one pipeline |
//! | `delivery` | what comes out of the hold goes on |
//! | `room` | how much of both is in memory |
//! | `ticket` | who waits for held spans |
//! | `flows` | the flows of messages in what goes on |
//! | `elsewhere` | what other hosts are told of producers, and tell of theirs |
//! | `asking`, `answered` | asking them for those that have not passed here |
//! | `projection` | spans that stand for them, sent after them |
//! | `journal` | held spans on disk, so that nobody need wait |
//! | `reload` | a rule file that changes |
//! | `remembered` | what is known of messages, by scope where there are some |
//! | `shared` | the store behind it that other hosts share |
//! | `log`, `block` | or what is on disk of it |
//! | `observe` | what is held and remembered, as metrics |

mod answered;
mod asking;
mod block;
mod compiling;
mod delivery;
mod elsewhere;
mod flows;
mod journal;
mod log;
mod observe;
mod projection;
mod reload;
mod remembered;
mod room;
mod rule;
mod said;
mod shared;
mod stage;
mod ticket;

use std::path::Path;
use std::sync::Arc;

use linkmend::{HoldOptions, Processor, Stop};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::component::{SetupError, Tasks};
use crate::config::{Config, Id, LinkmendProcessor};
use crate::extensions::file_storage::{Storage, Storages};
use crate::extensions::flows::LiveFlows;
use crate::state::{self, StateDirectory};
use crate::telemetry::metrics::Metrics;
use crate::traces::Consumer;
use crate::workers::Workers;
pub(crate) use compiling::Compiling;
use flows::Flows;
use journal::Journal;
use reload::{Watched, Watcher};
use remembered::Remembered;
use rule::{ChosenRule, place};
pub(crate) use stage::Stage;
use stage::{Durability, Parts};

/// A processor as it is configured. Each pipeline that names it has a stage of
/// its own; what was seen of messages, the index, is one for all of them.
pub(crate) struct Linkmend {
    id: Id,
    config: LinkmendProcessor,
    rule: ChosenRule,
    index: Remembered,
    compiling: Compiling,
    /// Ends the compilation of a rule that nobody wants any more.
    stop: Stop,
    /// Where held spans are kept.
    storage: Option<Storage>,
    /// Where they are kept when it is nowhere else.
    state: StateDirectory,
    /// What the configuration is called there.
    instance: String,
    metrics: Arc<Metrics>,
    /// Where flows of messages are wanted.
    flows: Option<Arc<Flows>>,
    /// The first one that was made, to see that it can be.
    made: Mutex<Option<Made>>,
    /// Those of all stages.
    processors: Mutex<Vec<Arc<Processor>>>,
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
        state: StateDirectory,
        storages: &Storages,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, SetupError> {
        let rule = ChosenRule::read(of_processor, &compiling);
        let rule = rule.map_err(|error| error.within(place(id)))?;
        let links = metrics.links(id);
        let index = Remembered::new(
            of_processor,
            of_processor
                .index
                .storage
                .as_ref()
                .and_then(|id| storages.get(id)),
            format!("index.{id}"),
            Arc::new(move |took| links.round_trip(took)),
        );
        let processor = Self {
            id: id.clone(),
            config: of_processor.clone(),
            rule,
            index: index.map_err(|error| error.within(place(id)))?,
            compiling,
            stop: Stop::default(),
            state,
            instance: state::instance(config.files()),
            storage: of_processor
                .hold
                .storage
                .as_ref()
                .and_then(|id| storages.get(id)),
            metrics: Arc::clone(metrics),
            flows: None,
            made: Mutex::default(),
            processors: Mutex::default(),
        };
        let made = processor.make();
        let made = made.map_err(|error| rule::explained(id, config, &error))?;
        *processor.made.lock() = Some(made);
        Ok(processor)
    }

    /// Finds flows of messages, if somebody wants to know of them.
    pub(crate) fn with_flows(mut self, live: Option<Arc<LiveFlows>>) -> Self {
        let shared = self.index.shared();
        self.flows = Flows::new(&self.id, &self.config, &self.metrics, live, shared);
        self
    }

    fn make(&self) -> Result<Made, linkmend::LoadError> {
        let wake = Arc::new(Notify::new());
        let tell = Arc::clone(&wake);
        let hold = &self.config.hold;
        let mut builder = self
            .index
            .give(Processor::builder())
            .rule(self.rule.rule(&self.config))
            .compiler(self.compiling.compiler.clone().stopped_by(&self.stop))
            .listener(said::listener(&self.id))
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
        let started = self.index.start(tasks);
        started.map_err(|error| error.within(place(&self.id)))?;
        let (durability, left) = self.durability(pipeline)?;
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
            durability,
            metadata_keys: self.config.scope.metadata_keys.clone(),
            tasks: tasks.clone(),
            flows: self.flows.clone(),
        });
        tasks.tracker.spawn(Arc::clone(&stage).take_up(left));
        Ok(stage)
    }

    /// How senders can be sure of their held spans, and those of the last run.
    fn durability(&self, pipeline: &Id) -> Result<(Durability, Left), SetupError> {
        let hold = &self.config.hold;
        let client = format!("processors.{}.{pipeline}", self.id);
        if let Some(storage) = &self.storage {
            let journal = Journal::open(storage, &client)?;
            let left = journal.left();
            let left = left.map_err(|text| {
                SetupError::new(format!("{}.hold.storage", place(&self.id)), text)
            })?;
            return Ok((Durability::Journal(journal), left));
        }
        if hold.wait_for_result {
            return Ok((Durability::Waiting, Vec::new()));
        }
        if hold.time.is_none() {
            return Ok((Durability::Memory, Vec::new()));
        }
        self.durability_in_state(&client)
    }

    /// Held spans are kept in the directory for state, or in memory: a default
    /// must not keep a program from starting.
    fn durability_in_state(&self, client: &str) -> Result<(Durability, Left), SetupError> {
        let opened = self.state.open(|directory| {
            let storage = Storage::in_directory(directory.join(&self.instance));
            let journal = Journal::open(&storage, client).map_err(|error| error.text)?;
            let left = journal.left()?;
            Ok((directory.to_owned(), journal, left))
        });
        match opened {
            Ok((directory, journal, left)) => {
                self.tell_kept(&directory);
                Ok((Durability::Journal(journal), left))
            }
            Err(text) if matches!(self.state, StateDirectory::At(_)) => {
                Err(SetupError::new("--state-dir", text))
            }
            Err(text) => {
                self.tell_not_kept(&text);
                Ok((Durability::Memory, Vec::new()))
            }
        }
    }

    fn tell_kept(&self, directory: &Path) {
        let directory = directory.join(&self.instance);
        tracing::info!(
            processor = %self.id,
            directory = %directory.display(),
            "held spans are kept on disk"
        );
    }

    fn tell_not_kept(&self, why: &str) {
        let hold = &self.config.hold;
        tracing::warn!(
            processor = %self.id,
            error = why,
            "held spans are kept in memory: a kill loses those of the last {:?}, {} spans and {} \
             MiB at most, though their senders were answered; `--state-dir` names a directory \
             that can be written",
            hold.time.unwrap_or_default(),
            hold.max_spans,
            hold.max_bytes >> 20,
        );
    }

    /// Watches what is held and remembered, and the file of the rule, when all
    /// stages are there.
    pub(crate) fn watch(&self, tasks: &Tasks) {
        let processors = self.processors.lock().clone();
        let links = self.metrics.links(&self.id);
        let index = self.index.clone();
        for processor in &processors {
            index.watch(processor, tasks);
        }
        tasks.tracker.spawn(observe::observe(
            links.clone(),
            index,
            processors.clone(),
            self.flows.clone(),
            tasks.stop.clone(),
        ));
        let Some(component) = self.rule.file().cloned() else {
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

impl Linkmend {
    /// A batch may wait for a store that other hosts share.
    pub(crate) fn may_wait(&self) -> bool {
        self.config.index.redis.is_some()
    }

    /// Sees to it that nothing that was remembered is lost. To be called when all
    /// spans have passed.
    pub(crate) async fn end(&self) {
        self.index.end().await;
    }
}
