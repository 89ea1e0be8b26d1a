//! `service.telemetry.traces`.

use std::time::Duration;

use linkmend_config::Node;

use super::only::only;
use super::otlp::{self, MILLIS, OtlpSender, millis};
use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{choice, count};

/// Where spans of linkmend's own go.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceExporter {
    /// How they are sent, and where to.
    pub sender: OtlpSender,
    /// How long spans wait to be sent together.
    pub schedule_delay: Duration,
    /// How many may wait; further ones are dropped.
    pub max_queue_size: usize,
    /// How many are sent at once.
    pub max_export_batch_size: usize,
}

impl Default for TraceExporter {
    fn default() -> Self {
        Self {
            sender: OtlpSender::default(),
            schedule_delay: Duration::from_secs(5),
            max_queue_size: 2048,
            max_export_batch_size: 512,
        }
    }
}

pub(in crate::config) static MEMBERS: &[Member<Vec<TraceExporter>>] = &[
    Member::value(
        "level",
        "basic",
        "none, basic",
        "`none` for no spans.",
        |_, n| choice(n, &[("none", ()), ("basic", ())]),
    ),
    Member::section(
        "processors",
        "telemetry batch",
        "[]",
        "Where spans go: `[{batch: {exporter: {otlp: …}}}]`.",
        processors,
    ),
    Member::unsupported(
        "propagators",
        "W3C Trace Context is always read and written",
    ),
    Member::unsupported("sampler", "its spans are few"),
    Member::unsupported("limits", "its spans are small"),
];

pub(in crate::config) static BATCH: &[Member<TraceExporter>] = &[
    Member::section(
        "exporter",
        "telemetry otlp",
        "(must be given)",
        "`otlp`, with these keys:",
        exporter,
    ),
    Member::value(
        "schedule_delay",
        "5000",
        MILLIS,
        "How long spans wait to be sent together.",
        |t, n| millis(n).map(|v| t.schedule_delay = v),
    ),
    Member::unsupported("export_timeout", "the exporter has a `timeout`"),
    Member::value(
        "max_queue_size",
        "2048",
        "an integer above 0",
        "How many may wait; further ones are dropped.",
        |t, n| count(n).map(|v| t.max_queue_size = v),
    ),
    Member::value(
        "max_export_batch_size",
        "512",
        "an integer above 0",
        "How many are sent at once.",
        |t, n| count(n).map(|v| t.max_export_batch_size = v),
    ),
];

fn processors(exporters: &mut Vec<TraceExporter>, reader: &mut Reader, node: &Node) {
    for (number, element) in reader.list(node).iter().enumerate() {
        reader.within_element(number, |reader| {
            only(reader, element, &["batch"], |reader, node| {
                let mut exporter = TraceExporter::default();
                member::read(reader, node, &[BATCH], &mut exporter);
                if node.get("exporter").is_none() {
                    let text = "is missing; give `exporter: {otlp: {endpoint: …}}`";
                    reader.fault_of(node, "exporter", text);
                }
                exporters.push(exporter);
            });
        });
    }
}

fn exporter(target: &mut TraceExporter, reader: &mut Reader, node: &Node) {
    only(reader, node, &["otlp"], |reader, node| {
        member::read(reader, node, &[otlp::MEMBERS], &mut target.sender);
        otlp::endpoint(&mut target.sender, reader, node);
    });
}
