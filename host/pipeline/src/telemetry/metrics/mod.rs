//! Metrics, under the Collector's names where it has them.
//!
//! Each component gets the figures of its own ([`Metrics::receiver`], …), so
//! that nothing is looked up by name on the way of a batch.

mod components;

pub use components::{ExporterMetrics, ProcessorMetrics, ReceiverMetrics};

use prometheus::{
    IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, core::Collector,
};

use crate::config::Id;

/// All metrics of a service.
pub struct Metrics {
    names: Names,
    families: components::Families,
}

/// Where metrics are registered, and how they are called.
pub(crate) struct Names {
    registry: Registry,
    suffix: &'static str,
}

impl Metrics {
    /// None counted yet. `with_type_suffix`: whether the names of counters end
    /// in `_total`.
    pub fn new(with_type_suffix: bool) -> Self {
        let names = Names {
            registry: Registry::new(),
            suffix: if with_type_suffix { "_total" } else { "" },
        };
        let families = components::Families::new(&names);
        Self { names, families }
    }

    /// Where they are gathered from.
    pub fn registry(&self) -> &Registry {
        &self.names.registry
    }

    /// Those of a receiver.
    pub fn receiver(&self, id: &Id, transport: &str) -> ReceiverMetrics {
        self.families.receiver(id, transport)
    }

    /// Those of a processor.
    pub fn processor(&self, id: &Id) -> ProcessorMetrics {
        self.families.processor(id)
    }

    /// Those of an exporter.
    pub fn exporter(&self, id: &Id) -> ExporterMetrics {
        self.families.exporter(id)
    }
}

impl Names {
    /// A counter with labels; its name without `_total`.
    pub(crate) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        let name = format!("{name}{}", self.suffix);
        self.registered(IntCounterVec::new(Opts::new(name, help), labels))
    }

    /// A gauge with labels.
    pub(crate) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.registered(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    /// Names and labels are those of this crate; a test makes all of them.
    #[allow(clippy::expect_used, reason = "a bad name is a mistake in this crate")]
    fn registered<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let made = made.expect("the name and the labels are well-formed");
        self.registry
            .register(Box::new(made.clone()))
            .expect("the name is not taken");
        made
    }
}

pub(crate) fn counter(family: &IntCounterVec, labels: &[&str]) -> IntCounter {
    family.with_label_values(labels)
}

pub(crate) fn gauge(family: &IntGaugeVec, labels: &[&str]) -> IntGauge {
    family.with_label_values(labels)
}
