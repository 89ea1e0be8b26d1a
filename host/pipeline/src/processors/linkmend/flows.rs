//! The flows of messages in what was mended: counted, shown, and projected.

use std::sync::Arc;
use std::time::Instant;

use linkmend::Reasons;
use linkmend_advice::Producers;
use linkmend_flows::{Flow, LinkWords, Passing, PassingOptions, Projected, Projector};
use parking_lot::Mutex;

use crate::config::{self, Id, LinkmendProcessor};
use crate::extensions::flows::LiveFlows;
use crate::telemetry::metrics::{FlowMetrics, Metrics};

/// Of a processor, in all its pipelines.
pub(super) struct Flows {
    config: config::Flows,
    metrics: FlowMetrics,
    live: Option<Arc<LiveFlows>>,
    found: Mutex<Found>,
}

struct Found {
    passing: Passing,
    projector: Projector,
}

impl Flows {
    /// `None` when nobody wants to know of them.
    pub(super) fn new(
        id: &Id,
        config: &LinkmendProcessor,
        metrics: &Metrics,
        live: Option<Arc<LiveFlows>>,
    ) -> Option<Arc<Self>> {
        let rule = config.config.to_json();
        let config = &config.flows;
        let is_wanted = config.metrics || config.project || live.is_some();
        is_wanted.then(|| {
            let mut words = LinkWords::default();
            words.learn(&rule);
            let options = PassingOptions {
                words,
                max_spans: config.max_spans,
                time_to_live: config.time_to_live,
                message_ids: config.project || live.is_some(),
            };
            Arc::new(Self {
                config: config.clone(),
                metrics: metrics.flows(id, config),
                live,
                found: Mutex::new(Found {
                    passing: Passing::new(options, Instant::now()),
                    projector: Projector::new(config.max_projected_per_trace),
                }),
            })
        })
    }

    /// Links that were not made.
    pub(super) fn missing(&self, reasons: &Reasons) {
        if let Some(live) = self.live.as_ref().filter(|_| !reasons.is_empty()) {
            live.add_missing(reasons, Instant::now());
        }
    }

    /// Takes a batch that was mended, and gives back the spans to project.
    pub(super) fn take(&self, batch: &[u8]) -> Vec<u8> {
        let now = Instant::now();
        let mut flows: Vec<(Flow, bool)> = Vec::new();
        let mut projected = Vec::new();
        let mut found = self.found.lock();
        let take = |flow, is_new| flows.push((flow, is_new));
        found.passing.take(batch, now, take);
        let mut without_room = 0;
        if self.config.project {
            for (flow, _) in &flows {
                let result = found.projector.project(flow, &mut projected);
                without_room += u64::from(result == Projected::NoRoom);
            }
        }
        drop(found);
        self.metrics.add(&flows);
        if without_room > 0 {
            self.metrics.projected("no_room", without_room);
        }
        if let Some(live) = &self.live {
            live.add(&flows, &Producers::of(batch), now);
        }
        projected
    }

    /// What became of spans that were projected.
    pub(super) fn projected(&self, result: &str, spans: u64) {
        self.metrics.projected(result, spans);
    }
}
