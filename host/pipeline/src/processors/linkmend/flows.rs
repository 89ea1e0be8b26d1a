//! The flows of messages in what was mended: counted, shown, and projected.

use std::sync::Arc;
use std::time::Instant;

use linkmend::Reasons;
use linkmend_advice::Producers;
use linkmend_flows::{
    Context, Flow, FlowRef, LinkWords, Passing, PassingOptions, Projected, Projector, ToldEnd,
};
use linkmend_redis::ends::{Answer, SpanKey};
use parking_lot::{Mutex, MutexGuard};

use super::elsewhere::{Elsewhere, OfScope, Scoped};
use super::shared::Shared;

use crate::config::{self, Id, LinkmendProcessor};
use crate::extensions::flows::LiveFlows;
use crate::telemetry::metrics::{Counting, FlowMetrics, Metrics};

/// Of a processor, in all its pipelines.
pub(super) struct Flows {
    config: config::Flows,
    metrics: FlowMetrics,
    live: Option<Arc<LiveFlows>>,
    found: Mutex<Found>,
    scoped: Scoped,
    /// What other hosts are told and asked, where an index is shared.
    elsewhere: Option<Elsewhere>,
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct Taken {
    /// The spans to project.
    pub(super) projected: Vec<u8>,
    /// Producers that other hosts are to be asked for.
    pub(super) missed: Vec<SpanKey>,
}

struct Found {
    passing: Passing,
    projector: Projector,
}

/// Where flows go when they are found.
struct Telling<'m> {
    counting: Counting<'m>,
    /// Those that are more than counted.
    flows: Vec<(Flow, bool)>,
    keeps: bool,
}

impl Telling<'_> {
    fn add(&mut self, flow: FlowRef<'_>, is_new: bool) {
        self.counting.add(flow, is_new);
        if self.keeps {
            self.flows.push((flow.to_flow(), is_new));
        }
    }

    fn end(self) -> Vec<(Flow, bool)> {
        self.flows
    }
}

impl Flows {
    /// `None` when nobody wants to know of them.
    pub(super) fn new(
        id: &Id,
        config: &LinkmendProcessor,
        metrics: &Metrics,
        live: Option<Arc<LiveFlows>>,
        shared: Option<&Arc<Shared>>,
    ) -> Option<Arc<Self>> {
        let rule = config.config.to_json();
        let scope = &config.scope;
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
                shares: shared.is_some(),
            };
            Arc::new(Self {
                config: config.clone(),
                metrics: metrics.flows(id, config, shared.is_some()),
                live,
                scoped: Scoped::new(scope),
                elsewhere: shared.map(|shared| Elsewhere::new(Arc::clone(shared))),
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

    /// Takes a batch that was mended.
    pub(super) fn take(&self, batch: &[u8], of: OfScope) -> Taken {
        let now = Instant::now();
        let scopes = self.scoped.scopes(batch, of);
        let scope = |number| scopes.hash(number);
        let mut found = self.found.lock();
        let mut telling = self.telling();
        let tell = |flow: FlowRef<'_>, is_new| telling.add(flow, is_new);
        found.passing.take_of(batch, scope, now, tell);
        let flows = telling.end();
        let outside = found.passing.outside();
        let projected = self.project(found, &flows);
        if let Some(live) = &self.live {
            live.add(&flows, &Producers::of(batch), now);
        }
        let elsewhere = self.elsewhere.as_ref();
        let missed = elsewhere.map(|elsewhere| elsewhere.tell(outside, &scopes));
        Taken {
            projected,
            missed: missed.unwrap_or_default(),
        }
    }

    /// Takes producers that passed other hosts, and gives back the spans to project.
    pub(super) fn learn<'a>(&self, ends: impl Iterator<Item = ToldEnd<'a>>) -> Vec<u8> {
        let now = Instant::now();
        let mut found = self.found.lock();
        let mut telling = self.telling();
        let tell = |flow: FlowRef<'_>, is_new| telling.add(flow, is_new);
        found.passing.learn(ends, now, tell);
        let flows = telling.end();
        let projected = self.project(found, &flows);
        if let Some(live) = &self.live {
            live.add(&flows, &Producers::default(), now);
        }
        projected
    }

    fn telling(&self) -> Telling<'_> {
        Telling {
            counting: self.metrics.count(),
            flows: Vec::new(),
            keeps: self.config.project || self.live.is_some(),
        }
    }

    /// The spans to project.
    fn project(&self, mut found: MutexGuard<'_, Found>, flows: &[(Flow, bool)]) -> Vec<u8> {
        let mut projected = Vec::new();
        let mut without_room = 0;
        if self.config.project {
            for (flow, _) in flows {
                let result = found.projector.project(flow, &mut projected);
                without_room += u64::from(result == Projected::NoRoom);
            }
        }
        drop(found);
        if without_room > 0 {
            self.metrics.projected("no_room", without_room);
        }
        projected
    }

    /// Whether other hosts are asked for producers, and how many may be waited for.
    pub(super) fn asks(&self) -> Option<usize> {
        self.elsewhere.as_ref().map(|_| self.config.max_spans)
    }

    /// What other hosts know of some producers.
    pub(super) async fn ask(&self, of: Vec<SpanKey>) -> Vec<Answer> {
        match &self.elsewhere {
            Some(elsewhere) if !of.is_empty() => elsewhere.ends(of).await,
            _ => Vec::new(),
        }
    }

    /// Calls `look` with what tells whether a consumer waits for a producer.
    pub(super) fn awaited(&self, look: impl FnOnce(&dyn Fn(&Context, u64) -> bool)) {
        let found = self.found.lock();
        look(&|context, scope| found.passing.awaits(context, scope));
    }

    /// What became of producers that were missed.
    pub(super) fn looked_up(&self, result: &str, count: usize) {
        self.metrics.ends_looked_up(result, count as u64);
    }

    /// Takes over into the metrics what is written of producers.
    pub(super) fn observe(&self) {
        if let Some(elsewhere) = &self.elsewhere {
            self.metrics.ends(&elsewhere.stats());
        }
    }

    /// What became of spans that were projected.
    pub(super) fn projected(&self, result: &str, spans: u64) {
        self.metrics.projected(result, spans);
    }
}
