//! All components of a configuration, made and checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::component::{Exporter, Receiver};
use crate::config::{Config, Id};
use crate::extensions::flows::FlowsServer;
use crate::extensions::health_check::HealthCheck;
use crate::processors::linkmend::Linkmend;
use crate::processors::memory_limiter::MemoryLimiter;
use crate::telemetry::metrics::Metrics;

/// All components of a configuration, made and checked.
pub struct Service {
    pub(super) config: Config,
    pub(super) workers: usize,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health_checks: Vec<HealthCheck>,
    pub(super) flows: Vec<FlowsServer>,
    pub(super) receivers: BTreeMap<Id, Box<dyn Receiver>>,
    pub(super) processors: BTreeMap<Id, Processor>,
    pub(super) exporters: BTreeMap<Id, Arc<dyn Exporter>>,
}

/// A processor as it is configured; each pipeline makes a stage of it.
pub(super) enum Processor {
    Linkmend(Box<Linkmend>),
    MemoryLimiter(MemoryLimiter),
}
