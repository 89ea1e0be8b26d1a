//! Metrics, under the Collector's names where it has them.
//!
//! Each component gets the figures of its own ([`Metrics::receiver`], …), so
//! that nothing is looked up by name on the way of a batch.

mod components;
mod flow_cells;
mod flow_families;
mod flows;
mod kafka;
mod limiter;
mod links;
mod names;
mod otlp;
mod process;
mod registry;
mod shared;
mod total;

pub use components::{ExporterMetrics, ProcessorMetrics, ReceiverMetrics};
pub use flows::{Counting, FlowMetrics};
pub use kafka::{KafkaExporterMetrics, KafkaReceiverMetrics};
pub use limiter::LimiterMetrics;
pub use links::LinkMetrics;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Registry, TextEncoder};
use prost::Message as _;

use super::resource::Resource;
use crate::config::{self, Id, MetricsLevel};
use crate::signal::Signal;
use registry::Names;

/// All metrics of a service.
pub struct Metrics {
    names: Names,
    families: components::Families,
    flows: Arc<flow_families::Families>,
    kafka: kafka::Families,
    limiters: limiter::Families,
    links: Arc<links::Families>,
    process: process::Process,
    resource: Resource,
    begun: SystemTime,
}

impl Metrics {
    /// None counted yet. `with_type_suffix`: whether the names of counters end
    /// in `_total`.
    pub fn new(with_type_suffix: bool) -> Self {
        Self::with_level(with_type_suffix, MetricsLevel::Normal)
    }

    /// As the configuration says, with `target_info` of the resource.
    pub fn of(config: &config::Metrics, resource: &Resource) -> Self {
        let prometheus = config.prometheus.as_ref();
        let is_short = prometheus.is_some_and(|prometheus| prometheus.without_type_suffix);
        let metrics = Self::with_level(!is_short, config.level);
        process::target_info(&metrics.names, resource);
        Self {
            resource: resource.clone(),
            ..metrics
        }
    }

    fn with_level(with_type_suffix: bool, level: MetricsLevel) -> Self {
        let names = Names {
            registry: Registry::new(),
            suffix: if with_type_suffix { "_total" } else { "" },
        };
        Self {
            families: components::Families::new(&names),
            flows: Arc::new(flow_families::Families::new(&names)),
            kafka: kafka::Families::new(&names),
            limiters: limiter::Families::new(&names),
            links: Arc::new(links::Families::new(&names, level)),
            process: process::Process::new(&names),
            names,
            resource: Resource(BTreeMap::new()),
            begun: SystemTime::now(),
        }
    }

    /// What [`Metrics::text`] is, for a `Content-Type`.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// All metrics as they are now, in Prometheus' text format.
    pub fn text(&self) -> String {
        self.process.measure();
        let families = self.names.registry.gather();
        match TextEncoder::new().encode_to_string(&families) {
            Ok(text) => text,
            // Families without a member are not gathered, and no other fails.
            Err(error) => {
                tracing::error!("cannot write the metrics: {error}");
                String::new()
            }
        }
    }

    /// All metrics as they are now, as OTLP: a `MetricsData`.
    pub fn otlp(&self) -> Vec<u8> {
        self.process.measure();
        let span = otlp::Span {
            begun: nanoseconds(self.begun),
            now: nanoseconds(SystemTime::now()),
        };
        otlp::data(&self.names.registry.gather(), &self.resource, span).encode_to_vec()
    }

    /// Where they are gathered from.
    pub fn registry(&self) -> &Registry {
        &self.names.registry
    }

    /// Those of a receiver.
    pub fn receiver(&self, id: &Id, transport: &str) -> ReceiverMetrics {
        self.families.receiver(id, transport)
    }

    /// Those of a receiver `kafka`, of its topics.
    pub fn kafka_receiver(&self, id: &Id) -> KafkaReceiverMetrics {
        self.kafka.receiver(id)
    }

    /// Those of an exporter `kafka`, of its topics.
    pub fn kafka_exporter(&self, id: &Id) -> KafkaExporterMetrics {
        self.kafka.exporter(id)
    }

    /// Those of a processor.
    pub fn processor(&self, id: &Id) -> ProcessorMetrics {
        self.families.processor(id)
    }

    /// Those of a processor `linkmend`, of its links and its rule.
    pub fn links(&self, id: &Id) -> LinkMetrics {
        self.links.of(id)
    }

    /// Those of the flows of a processor `linkmend`.
    /// `is_shared`: with an index, what other hosts know of producers is shared.
    pub fn flows(&self, id: &Id, config: &config::Flows, is_shared: bool) -> FlowMetrics {
        FlowMetrics::new(&self.flows, id, config, is_shared)
    }

    /// Those of a processor `memory_limiter`, for a signal.
    pub fn limiter(&self, id: &Id, signal: Signal) -> LimiterMetrics {
        self.limiters.of(id, signal)
    }

    /// Those of an exporter, for a signal.
    pub fn exporter(&self, id: &Id, signal: Signal) -> ExporterMetrics {
        self.families.exporter(id, signal)
    }
}

/// Since 1970.
fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
