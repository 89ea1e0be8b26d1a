//! The Collector's metrics of the processor `memory_limiter`.

use prometheus::{IntCounter, IntCounterVec};

use super::{Names, counter};
use crate::config::Id;

/// The families, of which each limiter has a member.
pub(super) struct Families {
    accepted: IntCounterVec,
    refused: IntCounterVec,
}

/// Of a processor `memory_limiter`.
#[derive(Debug, Clone)]
pub struct LimiterMetrics {
    /// Spans that it let pass.
    pub accepted: IntCounter,
    /// Spans that it refused, to be sent again.
    pub refused: IntCounter,
}

impl Families {
    pub(super) fn new(names: &Names) -> Self {
        let spans = |name: &str, help: &str| {
            let name = format!("otelcol_processor_{name}_spans");
            names.counters(&name, help, &["processor"])
        };
        Self {
            accepted: spans("accepted", "Spans that the memory limiter let pass."),
            refused: spans("refused", "Spans that it refused because memory ran short."),
        }
    }

    pub(super) fn of(&self, id: &Id) -> LimiterMetrics {
        let id = id.to_string();
        LimiterMetrics {
            accepted: counter(&self.accepted, &[id.as_str()]),
            refused: counter(&self.refused, &[id.as_str()]),
        }
    }
}
