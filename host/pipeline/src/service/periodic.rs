//! Metrics that are sent again and again, and once more at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::own;
use crate::component::{SetupError, Tasks};
use crate::config::PeriodicReader;
use crate::signal::Signal;
use crate::telemetry::logs::Throttle;
use crate::telemetry::metrics::Metrics;
use crate::traces::{Consumer, Traces};

/// One reader.
struct Periodic {
    metrics: Arc<Metrics>,
    to: Arc<dyn Consumer>,
    interval: Duration,
    timeout: Duration,
    failed: Throttle,
}

/// Begins to send for each of the readers, until the tasks are told to end.
pub(super) fn start(
    readers: &[PeriodicReader],
    metrics: &Arc<Metrics>,
    section: &str,
) -> Result<Tasks, SetupError> {
    let tasks = Tasks::default();
    for reader in readers {
        let periodic = Periodic {
            metrics: Arc::clone(metrics),
            to: own::exporter(&reader.sender, Signal::Metrics, section)?,
            interval: reader.interval,
            timeout: reader.timeout,
            failed: Throttle::default(),
        };
        tasks.tracker.spawn(periodic.run(tasks.stop.clone()));
    }
    Ok(tasks)
}

impl Periodic {
    async fn run(self, stop: CancellationToken) {
        let mut ticks = interval_at(Instant::now() + self.interval, self.interval);
        // What was late is in what is sent next.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_last = tokio::select! {
                _ = ticks.tick() => false,
                () = stop.cancelled() => true,
            };
            self.send().await;
            if is_last {
                return;
            }
        }
    }

    async fn send(&self) {
        let data = Traces::checked(Signal::Metrics, self.metrics.otlp().into());
        // What sending them does is not to be told in spans of linkmend's own.
        let sending = self.to.take(data).with_subscriber(NoSubscriber::default());
        let told = match timeout(self.timeout, sending).await {
            Ok(Ok(_)) => return,
            Ok(Err(refusal)) => refusal.to_string(),
            Err(_) => format!("there was no answer for {:?}", self.timeout),
        };
        self.failed
            .tell(|more| tracing::warn!("cannot send the metrics: {told}{more}"));
    }
}
