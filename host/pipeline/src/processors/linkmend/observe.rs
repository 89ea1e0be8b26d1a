//! What is held and remembered, as metrics.

use std::sync::Arc;
use std::time::Duration;

use linkmend::{HoldStats, Processor};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::flows::Flows;
use super::remembered::Remembered;

use crate::telemetry::metrics::LinkMetrics;

/// More often than anybody gathers metrics.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looks time and again, until the end.
pub(super) async fn observe(
    links: LinkMetrics,
    index: Remembered,
    processors: Vec<Arc<Processor>>,
    flows: Option<Arc<Flows>>,
    stop: CancellationToken,
) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        let stats = processors.iter().map(|processor| processor.hold_stats());
        links.hold(&stats.fold(HoldStats::default(), sum));
        // In this order: of what is remembered by now, so much is not written.
        let remembered = index.stats();
        links.index(&remembered, index.unwritten());
        links.scopes(index.scope_stats().unwrap_or_default());
        if let Some(stats) = index.shared_stats() {
            links.shared(&stats);
        }
        if let Some(flows) = &flows {
            flows.observe();
        }
    }
}

/// Of all pipelines with this processor.
fn sum(a: HoldStats, b: HoldStats) -> HoldStats {
    HoldStats {
        held: a.held + b.held,
        bytes: a.bytes + b.bytes,
        held_total: a.held_total + b.held_total,
        released_ready: a.released_ready + b.released_ready,
        released_due: a.released_due + b.released_due,
        released_overflow: a.released_overflow + b.released_overflow,
        given_up: a.given_up + b.given_up,
        released_drained: a.released_drained + b.released_drained,
    }
}
