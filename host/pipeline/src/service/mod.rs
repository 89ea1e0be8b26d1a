//! A configuration that runs.
//!
//! ```text
//! Service::new    everything is made and checked; nothing is opened
//! Service::start  exporters, then processors, then receivers: who takes first
//! Running::stop   receivers, then processors, then exporters: nothing is left behind
//! ```

mod build;
mod own;
mod periodic;
mod running;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;

use linkmend::{CodeCache, Compiler};
use linkmend_registry::Store;

use crate::component::{Exporter, Receiver, SetupError};
use crate::config::{Config, Id};
use crate::extensions::flows::FlowsServer;
use crate::extensions::health_check::HealthCheck;
use crate::processors::linkmend::Linkmend;
use crate::processors::memory_limiter::MemoryLimiter;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::resource::Resource;

pub use running::{Overdue, Running};
pub use session::Session;

pub use crate::state::StateDirectory;

/// What a service is told beside its configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What compiles rules. Default: this process.
    pub compiler: Compiler,
    /// Where compiled rules are kept. Default: nowhere.
    pub code_cache: Option<CodeCache>,
    /// Where rules are kept that come from registries. Default: nowhere.
    pub rule_cache: Option<Store>,
    /// How many threads rules run on. Default: as many as there are processors.
    pub workers: Option<usize>,
    /// Where held spans are kept that no extension keeps. Default: in memory.
    pub state: StateDirectory,
    /// Who linkmend is in its metrics. Default: a new one.
    pub resource: Option<Resource>,
}

/// All components of a configuration, made and checked.
pub struct Service {
    config: Config,
    workers: usize,
    metrics: Arc<Metrics>,
    health_checks: Vec<HealthCheck>,
    flows: Vec<FlowsServer>,
    receivers: BTreeMap<Id, Box<dyn Receiver>>,
    processors: BTreeMap<Id, Processor>,
    exporters: BTreeMap<Id, Arc<dyn Exporter>>,
}

/// What is wrong with the rules of a configuration that cannot be used for other
/// reasons, so that all is told at once.
#[must_use]
pub fn faults_of_rules(config: &Config, options: &Options) -> Vec<SetupError> {
    build::faults_of_rules(config, options)
}

/// A processor as it is configured; each pipeline makes a stage of it.
enum Processor {
    Linkmend(Box<Linkmend>),
    MemoryLimiter(MemoryLimiter),
}
