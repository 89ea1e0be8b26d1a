//! The metrics of the processor `memory_limiter`, as the Collector's.

use prometheus::{IntCounter, IntCounterVec};

use super::registry::{Names, counter};
use crate::config::Id;
use crate::signal::Signal;

/// The families, of which each limiter has a member.
pub(super) struct Families([OfSignal; Signal::ALL.len()]);

struct OfSignal {
    accepted: IntCounterVec,
    refused: IntCounterVec,
}

/// Of a processor `memory_limiter`, for one signal.
#[derive(Debug, Clone)]
pub struct LimiterMetrics {
    /// Items that it let pass.
    pub accepted: IntCounter,
    /// Items that it refused, to be sent again.
    pub refused: IntCounter,
}

impl Families {
    pub(super) fn new(names: &Names) -> Self {
        let items = |what: &str, signal: Signal, help: &str| {
            let unit = super::components::unit(signal);
            let name = format!("otelcol_processor_{what}_{unit}");
            names.counters(&name, help, &["processor"])
        };
        Self(Signal::ALL.map(|signal| OfSignal {
            accepted: items("accepted", signal, "What the memory limiter let pass."),
            refused: items(
                "refused",
                signal,
                "What it refused because memory ran short.",
            ),
        }))
    }

    pub(super) fn of(&self, id: &Id, signal: Signal) -> LimiterMetrics {
        let id = id.to_string();
        let [traces, metrics, logs, profiles] = &self.0;
        let of_signal = match signal {
            Signal::Traces => traces,
            Signal::Metrics => metrics,
            Signal::Logs => logs,
            Signal::Profiles => profiles,
        };
        LimiterMetrics {
            accepted: counter(&of_signal.accepted, &[id.as_str()]),
            refused: counter(&of_signal.refused, &[id.as_str()]),
        }
    }
}
