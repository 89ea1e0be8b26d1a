//! The processor `memory_limiter`: refuses batches, to be sent again, when memory
//! runs short.

mod machine;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::component::{SetupError, Tasks};
use crate::config::{self, Id};
use crate::signal::Signal;
use crate::telemetry::memory::resident;
use crate::telemetry::metrics::{LimiterMetrics, Metrics};
use crate::traces::{BoxFuture, ConsumeResult, Consumer, Refusal, Traces};

/// When a sender may try again.
const RETRY: Duration = Duration::from_secs(1);
/// The spike limit when none is given: a fifth of the limit, as the Collector's.
const SPIKE_SHARE: u64 = 5;

/// The processor `memory_limiter`.
#[derive(Clone)]
pub struct MemoryLimiter {
    id: Id,
    check_interval: Duration,
    limits: Limits,
    metrics: Arc<Metrics>,
}

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    limit: u64,
    /// Above this, batches are refused.
    soft: u64,
}

impl MemoryLimiter {
    /// Works out the limits.
    ///
    /// # Errors
    ///
    /// A limit is in per cent, and how much memory there is is not known; or
    /// the memory of this process cannot be measured.
    pub fn new(
        id: &Id,
        config: &config::MemoryLimiter,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, SetupError> {
        let error = |key: &str, text: &str| SetupError::new(format!("processors.{id}{key}"), text);
        let total = || machine::memory(Path::new("/"));
        let limits = Limits::of(config, total).ok_or_else(|| {
            let text = "cannot find out how much memory there is; give `limit_mib` instead";
            error(".limit_percentage", text)
        })?;
        if resident().is_none() {
            let text = "this system does not tell how much memory the process takes; remove it";
            return Err(error("", text));
        }
        Ok(Self {
            id: id.clone(),
            check_interval: config.check_interval,
            limits,
            metrics: Arc::clone(metrics),
        })
    }

    /// Stands before the next one of a pipeline of this signal, and measures
    /// until the tasks are told to end.
    pub fn wrap(self, signal: Signal, next: Arc<dyn Consumer>, tasks: &Tasks) -> Arc<dyn Consumer> {
        let is_short = Arc::new(AtomicBool::new(false));
        let (id, limits) = (self.id.clone(), self.limits);
        tracing::info!(
            processor = %id,
            limit_mib = mib(limits.limit),
            spike_limit_mib = mib(limits.limit - limits.soft),
            "memory is limited"
        );
        let guard = Arc::new(Guard {
            metrics: self.metrics.limiter(&id, signal),
            limiter: self,
            is_short,
            next,
        });
        // Before the first batch comes.
        guard.measure();
        let (watch, stop) = (Arc::clone(&guard), tasks.stop.clone());
        tasks.tracker.spawn(async move {
            let mut interval = tokio::time::interval(watch.limiter.check_interval);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while stop.run_until_cancelled(interval.tick()).await.is_some() {
                watch.measure();
            }
        });
        guard
    }
}

impl Limits {
    /// Those of the configuration; `total` is the memory that there is.
    fn of(config: &config::MemoryLimiter, total: impl FnOnce() -> Option<u64>) -> Option<Self> {
        let (limit, spike) = if let Some(limit) = config.limit {
            (limit, config.spike_limit)
        } else {
            let total = total()?;
            let share = |percent: u8| total / 100 * u64::from(percent);
            let limit = share(config.limit_percentage?);
            (limit, config.spike_limit_percentage.map(share))
        };
        let spike = spike.unwrap_or(limit / SPIKE_SHARE);
        Some(Self {
            limit,
            soft: limit.saturating_sub(spike),
        })
    }
}

/// What stands before the next one.
struct Guard {
    limiter: MemoryLimiter,
    metrics: LimiterMetrics,
    is_short: Arc<AtomicBool>,
    next: Arc<dyn Consumer>,
}

impl Guard {
    fn measure(&self) {
        // One that cannot be measured now leaves all as it is.
        let Some(used) = resident() else { return };
        let limits = self.limiter.limits;
        let is_short = used > limits.soft;
        if self.is_short.swap(is_short, Ordering::Relaxed) == is_short {
            return;
        }
        let (processor, used_mib) = (&self.limiter.id, mib(used));
        let soft_limit_mib = mib(limits.soft);
        if is_short {
            tracing::warn!(%processor, used_mib, soft_limit_mib, "memory runs short: batches are refused, to be sent again");
        } else {
            tracing::info!(%processor, used_mib, soft_limit_mib, "there is enough memory again: batches are taken");
        }
    }

    fn refusal(&self) -> Refusal {
        let Limits { limit, soft } = self.limiter.limits;
        let (soft, limit) = (mib(soft), mib(limit));
        let text = format!(
            "{}: memory runs short, it is above {soft} MiB of {limit} MiB; send it again",
            self.limiter.id
        );
        Refusal::retry_after(RETRY, text)
    }
}

impl Consumer for Guard {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        let items = traces.items() as u64;
        if self.is_short.load(Ordering::Relaxed) {
            self.metrics.refused.inc_by(items);
            return Box::pin(async { Err(self.refusal()) });
        }
        self.metrics.accepted.inc_by(items);
        self.next.take(traces)
    }
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn limits_are_those_of_the_collector() {
        let limits = |limit: u64, soft: u64| {
            Some(Limits {
                limit: limit * MIB,
                soft: soft * MIB,
            })
        };
        let mut config = config::MemoryLimiter {
            limit: Some(100 * MIB),
            ..config::MemoryLimiter::default()
        };
        assert_eq!(Limits::of(&config, || None), limits(100, 80));
        config.spike_limit = Some(30 * MIB);
        assert_eq!(Limits::of(&config, || None), limits(100, 70));
        config = config::MemoryLimiter {
            limit_percentage: Some(50),
            ..config::MemoryLimiter::default()
        };
        assert_eq!(Limits::of(&config, || Some(1000 * MIB)), limits(500, 400));
        config.spike_limit_percentage = Some(30);
        assert_eq!(Limits::of(&config, || Some(1000 * MIB)), limits(500, 200));
        assert_eq!(Limits::of(&config, || None), None);
    }
}
