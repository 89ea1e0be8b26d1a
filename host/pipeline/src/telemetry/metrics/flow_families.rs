//! The metrics of flows: edges of a service graph, as Tempo's metrics generator has
//! them, and linkmend's own.

use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};

use super::registry::Names;

/// What the names of Tempo's service graph begin with.
pub(super) const SERVICE_GRAPH_PREFIX: &str = "traces_service_graph_";
/// Its buckets.
const BUCKETS: [f64; 8] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];
/// A message waits for a millisecond, or for hours.
const WAITED: [f64; 15] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0,
];

/// What is counted of flows.
pub(super) struct Families {
    pub(super) requests: IntCounterVec,
    pub(super) failed: IntCounterVec,
    pub(super) server: HistogramVec,
    pub(super) client: HistogramVec,
    pub(super) system: HistogramVec,
    pub(super) joined: IntCounterVec,
    pub(super) deliveries: IntCounterVec,
    pub(super) messages: IntCounterVec,
    pub(super) waited: HistogramVec,
    pub(super) projected: IntCounterVec,
    pub(super) ends_lookups: IntCounterVec,
    pub(super) ends_writes: IntCounterVec,
    pub(super) ends_waiting: IntGaugeVec,
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
            ends_lookups: names.counters(
                "linkmend_flow_ends_lookups",
                "Producers that had not passed here when their consumers did, by what was found in \
                 the shared index.",
                &["processor", "result"],
            ),
            ends_writes: names.counters(
                "linkmend_flow_ends_writes",
                "Producers' ends of flows that were to be written to the shared index, by what \
                 became of it.",
                &["processor", "result"],
            ),
            ends_waiting: names.gauges(
                "linkmend_flow_ends_waiting",
                "Producers' ends of flows that wait to be written to the shared index.",
                &["processor"],
            ),
        }
    }
}
