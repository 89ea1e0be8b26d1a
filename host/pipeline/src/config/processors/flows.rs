//! What is made of the flows of messages.

use std::time::Duration;

use linkmend_config::Node;

use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{FLAG, POSITIVE, count, flag, integer, positive_duration, texts};

/// What is made of the flows of messages, from producers to consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flows {
    /// Metrics: edges of a service graph, and how long messages wait.
    pub metrics: bool,
    /// Spans that stand for consumers in the traces of their producers.
    pub project: bool,
    /// What is a label of edges of the service graph.
    pub dimensions: Dimensions,
    /// How many edges are told apart.
    pub max_edges: usize,
    /// How many producers are kept, and how many consumers wait for theirs.
    pub max_spans: usize,
    /// For how long.
    pub time_to_live: Duration,
    /// How many spans a trace is given.
    pub max_projected_per_trace: u32,
}

/// Labels of edges, beside both services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// `messaging_system`.
    pub system: bool,
    /// `messaging_destination_name`.
    pub destination: bool,
}

impl Default for Flows {
    fn default() -> Self {
        Self {
            metrics: false,
            project: false,
            dimensions: Dimensions::default(),
            max_edges: 1000,
            max_spans: 100_000,
            time_to_live: Duration::from_mins(15),
            max_projected_per_trace: 100,
        }
    }
}

const SYSTEM: &str = "messaging.system";
const DESTINATION: &str = "messaging.destination.name";

pub(in crate::config) static MEMBERS: &[Member<Flows>] = &[
    Member::value(
        "metrics",
        "false",
        FLAG,
        "Whether the flows of messages are counted: edges of the service graph, and how long messages wait. See [metrics](#metrics-of-flows).",
        |t, n| flag(n).map(|v| t.metrics = v),
    ),
    Member::value(
        "project",
        "false",
        FLAG,
        "Whether a span is added to the trace of a producer for each consumer in another trace, for backends that draw only what is in one trace. See [backends.md](backends.md#projected-spans).",
        |t, n| flag(n).map(|v| t.project = v),
    ),
    Member::value(
        "dimensions",
        "[]",
        "a list of messaging.system, messaging.destination.name",
        "What of a message is a label of the edges of the service graph, beside both services.",
        dimensions,
    ),
    Member::value(
        "max_edges",
        "1000",
        "an integer above 0",
        "How many different edges (services, system and destination) have metrics of their own; all others are `other`.",
        |t, n| count(n).map(|v| t.max_edges = v),
    ),
    Member::value(
        "max_spans",
        "100000",
        "an integer above 0",
        "How many spans of producers are kept, so that their consumers are recognised, and how many consumers wait for producers that come later. Each takes some 400 bytes.",
        |t, n| count(n).map(|v| t.max_spans = v),
    ),
    Member::value("time_to_live", "15m", POSITIVE, "For how long.", |t, n| {
        positive_duration(n).map(|v| t.time_to_live = v)
    }),
    Member::value(
        "max_projected_per_trace",
        "100",
        "an integer above 0",
        "How many spans `project` adds to a trace.",
        |t, n| most(n).map(|v| t.max_projected_per_trace = v),
    ),
];

pub(super) fn read(flows: &mut Flows, reader: &mut Reader, node: &Node) {
    member::read(reader, node, &[MEMBERS], flows);
}

fn dimensions(flows: &mut Flows, node: &Node) -> Result<(), Refusal> {
    for name in texts(node)? {
        match name.as_str() {
            SYSTEM => flows.dimensions.system = true,
            DESTINATION => flows.dimensions.destination = true,
            _ => {
                let text = format!("`{name}` is none of {SYSTEM} and {DESTINATION}");
                return Err(Refusal::Because(text));
            }
        }
    }
    Ok(())
}

fn most(node: &Node) -> Result<u32, Refusal> {
    let number = integer(node, 1, u64::from(u32::MAX))?;
    u32::try_from(number).map_err(|_| Refusal::Value)
}
