//! From a configuration to components, and from components to pipelines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::components::{Processor, Service};
use super::options::Options;
use crate::component::{Exporter, SetupError, Tasks};
use crate::config::{self, Config, Id, Pipeline};
use crate::exporters;
use crate::extensions::file_storage::Storages;
use crate::extensions::flows::{FlowsServer, LiveFlows};
use crate::extensions::health_check::HealthCheck;
use crate::fanout::FanOut;
use crate::processors::linkmend::{Compiling, Linkmend, Stage};
use crate::processors::memory_limiter::MemoryLimiter;
use crate::receivers;
use crate::signal::Signal;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::resource::Resource;
use crate::traces::{Consumer, NextConsumers};
use crate::workers::{self, Workers};

impl Service {
    /// Makes all components, and checks what can be checked: rules are loaded,
    /// certificates are read.
    ///
    /// # Errors
    ///
    /// All that is wrong.
    pub fn new(config: Config, options: &Options) -> Result<Self, Vec<SetupError>> {
        let telemetry = &config.service.telemetry;
        let resource = options.resource.clone();
        let resource = resource.unwrap_or_else(|| Resource::new(telemetry));
        let metrics = Arc::new(Metrics::of(&telemetry.metrics, &resource));
        let mut errors = Vec::new();
        let storages = Storages::new(&config.extensions);
        let mut health_checks = Vec::new();
        let mut flows = Vec::new();
        // All pages show the same.
        let live = Arc::new(LiveFlows::default());
        for (id, extension) in &config.extensions {
            match extension {
                config::Extension::HealthCheck(extension) => {
                    health_checks.extend(kept(HealthCheck::new(id, extension), &mut errors));
                }
                config::Extension::Flows(extension) => {
                    let made = FlowsServer::new(id, extension, Arc::clone(&live));
                    flows.extend(kept(made, &mut errors));
                }
                config::Extension::FileStorage(_) => {}
            }
        }
        let live = (!flows.is_empty()).then_some(live);
        let receivers = each(&config.receivers, &mut errors, |id, receiver| {
            receivers::build(id, receiver, &metrics)
        });
        let processors = each(&config.processors, &mut errors, |id, processor| {
            let live = live.clone();
            self::processor(id, processor, &config, options, &storages, &metrics, live)
        });
        let exporters = each(&config.exporters, &mut errors, |id, exporter| {
            let signals = signals(id, &config);
            exporters::build(id, exporter, &signals, &metrics, &storages)
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            workers: options.workers.unwrap_or_else(workers::processors),
            config,
            metrics,
            health_checks,
            flows,
            receivers,
            processors,
            exporters,
        })
    }
}

/// The signals of the pipelines that an exporter is in.
fn signals(exporter: &Id, config: &Config) -> Vec<Signal> {
    let pipelines = config.service.pipelines.iter();
    let named = pipelines.filter(|(_, pipeline)| pipeline.exporters.contains(exporter));
    let signals: BTreeSet<_> = named.filter_map(|(id, _)| Pipeline::signal(id)).collect();
    signals.into_iter().collect()
}

/// What is wrong with the rules of a configuration of which other things are
/// wrong.
pub(super) fn faults_of_rules(config: &Config, options: &Options) -> Vec<SetupError> {
    let metrics = Arc::new(Metrics::new(true));
    let storages = Storages::default();
    let mut errors = Vec::new();
    for (id, processor) in &config.processors {
        if matches!(processor, config::Processor::Linkmend(_)) {
            let made = self::processor(id, processor, config, options, &storages, &metrics, None);
            errors.extend(made.err());
        }
    }
    errors
}

fn processor(
    id: &Id,
    processor: &config::Processor,
    config: &Config,
    options: &Options,
    storages: &Storages,
    metrics: &Arc<Metrics>,
    live: Option<Arc<LiveFlows>>,
) -> Result<Processor, SetupError> {
    match processor {
        config::Processor::Linkmend(processor) => {
            let compiling = Compiling {
                compiler: options.compiler.clone(),
                cache: options.code_cache.clone(),
                pulled: options.rule_cache.clone(),
            };
            let state = options.state.clone();
            let made = Linkmend::new(id, config, processor, compiling, state, storages, metrics)?;
            Ok(Processor::Linkmend(Box::new(made.with_flows(live))))
        }
        // Exporters do it: it is in no configuration that was read.
        config::Processor::Batch(_) => {
            let text = "exporters make batches; give them `sending_queue: {batch: {}}`";
            Err(SetupError::new(format!("processors.{id}"), text))
        }
        config::Processor::MemoryLimiter(limiter) => {
            MemoryLimiter::new(id, limiter, metrics).map(Processor::MemoryLimiter)
        }
    }
}

/// Makes each of the components of one kind.
fn each<C, T>(
    configs: &BTreeMap<Id, C>,
    errors: &mut Vec<SetupError>,
    mut make: impl FnMut(&Id, &C) -> Result<T, SetupError>,
) -> BTreeMap<Id, T> {
    let mut made = BTreeMap::new();
    for (id, config) in configs {
        if let Some(component) = kept(make(id, config), errors) {
            made.insert(id.clone(), component);
        }
    }
    made
}

fn kept<T>(made: Result<T, SetupError>, errors: &mut Vec<SetupError>) -> Option<T> {
    made.map_err(|error| errors.push(error)).ok()
}

/// The processors of a pipeline, in their order, and what takes first.
pub(super) struct Way {
    pub(super) head: Arc<dyn Consumer>,
    /// Those that hold spans.
    pub(super) stages: Vec<Arc<Stage>>,
}

/// Puts a pipeline together, from its end.
pub(super) fn way(
    id: &Id,
    pipeline: &Pipeline,
    processors: &BTreeMap<Id, Processor>,
    exporters: &BTreeMap<Id, Arc<dyn Exporter>>,
    workers: &Workers,
    tasks: &Tasks,
) -> Result<Way, SetupError> {
    let ends = pipeline.exporters.iter().filter_map(|id| exporters.get(id));
    let ends = ends.map(|exporter| Arc::clone(exporter) as Arc<dyn Consumer>);
    let mut way = Way {
        head: FanOut::of(ends.collect()),
        stages: Vec::new(),
    };
    let signal = Pipeline::signal(id).unwrap_or(Signal::Traces);
    let ids = pipeline.processors.iter().rev();
    for processor in ids.filter_map(|id| processors.get(id)) {
        match processor {
            Processor::Linkmend(linkmend) => {
                let stage = linkmend.stage(id, way.head, workers, tasks)?;
                way.stages.insert(0, Arc::clone(&stage));
                way.head = stage;
            }
            Processor::MemoryLimiter(limiter) => {
                way.head = limiter.clone().wrap(signal, way.head, tasks);
            }
        }
    }
    Ok(way)
}

/// What a receiver hands the batches of each signal to: the first consumers of all
/// pipelines of it that it is in.
pub(super) fn consumers(receiver: &Id, config: &Config, ways: &BTreeMap<Id, Way>) -> NextConsumers {
    let mut by_signal = BTreeMap::<_, Vec<_>>::new();
    for (id, pipeline) in &config.service.pipelines {
        if pipeline.receivers.contains(receiver)
            && let Some(signal) = Pipeline::signal(id)
            && let Some(way) = ways.get(id)
        {
            let consumers = by_signal.entry(signal).or_default();
            consumers.push(Arc::clone(&way.head));
        }
    }
    let consumers = by_signal.into_iter();
    consumers.fold(NextConsumers::default(), |all, (signal, consumers)| {
        all.with(signal, FanOut::of(consumers))
    })
}
