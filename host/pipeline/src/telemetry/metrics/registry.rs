//! Where metrics are registered, and how they are called.

use std::borrow::Cow;

use linkmend::plain;
use prometheus::{
    Counter, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, core::Collector,
};

/// Where metrics are registered, and how they are called.
pub(super) struct Names {
    pub(super) registry: Registry,
    pub(super) suffix: &'static str,
}

impl Names {
    /// A counter with labels; its name without `_total`.
    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        let name = format!("{name}{}", self.suffix);
        self.registered(IntCounterVec::new(Opts::new(name, help), labels))
    }

    /// A counter under a name that others gave it.
    pub(super) fn exactly(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.registered(IntCounterVec::new(Opts::new(name, help), labels))
    }

    /// A gauge with labels.
    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.registered(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    /// A histogram with labels.
    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.registered(HistogramVec::new(options, labels))
    }

    /// A counter of seconds, without labels; its name without `_total`.
    pub(super) fn single(&self, name: &str, help: &str) -> Counter {
        self.registered(Counter::new(format!("{name}{}", self.suffix), help))
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

pub(super) fn counter(family: &IntCounterVec, labels: &[&str]) -> IntCounter {
    family.with_label_values(&shown(labels))
}

pub(super) fn gauge(family: &IntGaugeVec, labels: &[&str]) -> IntGauge {
    family.with_label_values(&shown(labels))
}

/// Many come out of the data, and the page is read on terminals, too.
fn shown<'a>(labels: &[&'a str]) -> Vec<Cow<'a, str>> {
    labels.iter().copied().map(plain).collect()
}
