//! The flows of messages: edges of a service graph, as Tempo's metrics generator
//! has them, and linkmend's own figures.

use std::collections::HashSet;
use std::sync::Arc;

use linkmend_flows::{Edge, Flow, Joined};
use parking_lot::Mutex;
use prometheus::{HistogramVec, IntCounterVec};

use super::registry::{Names, counter};
use crate::config::{self, Id};

/// What the names of Tempo's service graph begin with.
pub(super) const SERVICE_GRAPH_PREFIX: &str = "traces_service_graph_";
/// Its buckets.
const BUCKETS: [f64; 8] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];
/// A message waits for a millisecond, or for hours.
const WAITED: [f64; 15] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0,
];
const OTHER: &str = "other";
/// Where there is no name.
const NO_NAME: &str = "-";

pub(super) struct Families {
    requests: IntCounterVec,
    failed: IntCounterVec,
    server: HistogramVec,
    client: HistogramVec,
    system: HistogramVec,
    joined: IntCounterVec,
    deliveries: IntCounterVec,
    messages: IntCounterVec,
    waited: HistogramVec,
    projected: IntCounterVec,
}

impl Families {
    pub(super) fn new(names: &Names) -> Self {
        let edge = [
            "client",
            "server",
            "connection_type",
            "messaging_system",
            "messaging_destination_name",
        ];
        let graph = |name: &str, help: &str| {
            let name = format!("{SERVICE_GRAPH_PREFIX}request_{name}");
            names.histograms(&name, help, &edge, &BUCKETS)
        };
        let by = ["processor", "messaging_system", "destination"];
        Self {
            requests: names.exactly(
                "traces_service_graph_request_total",
                "Messages that a service sent to another.",
                &edge,
            ),
            failed: names.exactly(
                "traces_service_graph_request_failed_total",
                "Those of which the span of either failed.",
                &edge,
            ),
            server: graph("server_seconds", "How long the spans of consumers took."),
            client: graph("client_seconds", "How long the spans of producers took."),
            system: graph(
                "messaging_system_seconds",
                "From the end of the producer's span to the start of the consumer's.",
            ),
            joined: names.counters(
                "linkmend_flows",
                "Deliveries of messages whose producers are known, by how they were joined.",
                &["processor", "joined"],
            ),
            deliveries: names.counters(
                "linkmend_flow_deliveries",
                "Deliveries of messages, by where they waited.",
                &by,
            ),
            messages: names.counters(
                "linkmend_flow_messages",
                "Messages that were delivered, each once, by where they waited.",
                &by,
            ),
            waited: names.histograms(
                "linkmend_flow_waited",
                "How long messages waited, in seconds.",
                &by,
                &WAITED,
            ),
            projected: names.counters(
                "linkmend_projected_spans",
                "Spans that stand for consumers in the traces of producers, by what became of them.",
                &["processor", "result"],
            ),
        }
    }

    pub(super) fn of(self: &Arc<Self>, id: &Id, config: &config::Flows) -> FlowMetrics {
        let of = FlowMetrics {
            id: id.to_string(),
            families: Arc::clone(self),
            config: config.clone(),
            known: Mutex::default(),
        };
        if config.metrics {
            for way in Joined::ALL {
                counter(&self.joined, &[&of.id, way.as_str()]).inc_by(0);
            }
        }
        if config.project {
            for result in ["sent", "refused", "no_room"] {
                of.projected(result, 0);
            }
        }
        of
    }
}

/// Of a processor.
pub struct FlowMetrics {
    id: String,
    families: Arc<Families>,
    config: config::Flows,
    /// The edges that were told so far.
    known: Mutex<HashSet<Edge>>,
}

impl FlowMetrics {
    /// Counts a flow. `is_new`: its message was not delivered before.
    pub fn add(&self, flow: &Flow, is_new: bool) {
        if flow.is_again {
            return;
        }
        let families = &self.families;
        counter(&families.joined, &[&self.id, flow.joined.as_str()]).inc();
        let edge = Edge::of(flow);
        let is_known = self.is_known(&edge);
        let shown = |name: &Arc<str>| match &**name {
            _ if !is_known => OTHER.to_owned(),
            "" => NO_NAME.to_owned(),
            name => linkmend::plain(name).into_owned(),
        };
        let [client, server] = [&edge.client, &edge.server].map(shown);
        let [system, destination] = [&edge.system, &edge.destination].map(shown);
        // For Prometheus an empty label is the same as none.
        let wanted = |is_wanted: bool, name: &String| {
            if is_wanted {
                name.clone()
            } else {
                String::new()
            }
        };
        let labels = [
            client,
            server,
            "messaging_system".to_owned(),
            wanted(self.config.dimensions.system, &system),
            wanted(self.config.dimensions.destination, &destination),
        ];
        families.requests.with_label_values(&labels).inc();
        if flow.is_failed() {
            families.failed.with_label_values(&labels).inc();
        }
        let observe = |family: &HistogramVec, nanoseconds: u64| {
            family
                .with_label_values(&labels)
                .observe(seconds(nanoseconds));
        };
        observe(&families.server, flow.consumer.nanoseconds());
        observe(&families.client, flow.producer.nanoseconds());
        let by = [self.id.clone(), system, destination];
        families.deliveries.with_label_values(&by).inc();
        families
            .messages
            .with_label_values(&by)
            .inc_by(u64::from(is_new));
        if let Some(waited) = flow.waited() {
            observe(&families.system, waited);
            let family = families.waited.with_label_values(&by);
            family.observe(seconds(waited));
        }
    }

    /// Spans that were made, or not.
    pub fn projected(&self, result: &str, count: u64) {
        counter(&self.families.projected, &[&self.id, result]).inc_by(count);
    }

    fn is_known(&self, edge: &Edge) -> bool {
        let mut known = self.known.lock();
        known.contains(edge) || known.len() < self.config.max_edges && known.insert(edge.clone())
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "nanoseconds of a hundred days are exact"
)]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
