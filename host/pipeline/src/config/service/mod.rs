//! `service`: which components run, and how they are joined.

mod pipelines;
mod telemetry;

use std::collections::{BTreeMap, BTreeSet};

pub use pipelines::Pipeline;
pub use telemetry::{
    LogEncoding, LogLevel, Logs, Metrics, MetricsLevel, OtlpProtocol, OtlpSender, PeriodicReader,
    Prometheus, Telemetry, TraceExporter,
};

pub(super) use pipelines::{Known, MEMBERS as PIPELINE, Used};
pub(super) use telemetry::{
    BATCH as TELEMETRY_BATCH, LOGS, MEMBERS as TELEMETRY, METRICS, OTLP as TELEMETRY_OTLP,
    OTLP_METRICS as TELEMETRY_OTLP_METRICS, PERIODIC, PROMETHEUS, READER, TRACES,
};

use linkmend_config::Node;

use super::id::Id;
use super::member::{self, Member};
use super::reader::Reader;

/// Which components run, and how they are joined.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Service {
    /// The extensions that run.
    pub extensions: Vec<Id>,
    /// The pipelines.
    pub pipelines: BTreeMap<Id, Pipeline>,
    /// What linkmend reports about itself.
    pub telemetry: Telemetry,
}

/// What is read of a service: what it refers to is checked when all is read.
#[derive(Default)]
pub(super) struct Draft {
    service: Service,
    extensions: Option<Node>,
    pipelines: Option<Node>,
}

pub(super) static MEMBERS: &[Member<Draft>] = &[
    Member::section(
        "pipelines",
        "pipeline",
        "(must be given)",
        "The pipelines by their ids: `traces`, `metrics`, `logs`, `profiles`, each followed by `/name` if there are several.",
        |t, _, n| t.pipelines = Some(n.clone()),
    ),
    Member::section(
        "extensions",
        "extensions",
        "[]",
        "A list of the ids of the extensions that run.",
        |t, _, n| t.extensions = Some(n.clone()),
    ),
    Member::section(
        "telemetry",
        "telemetry",
        "on",
        "What linkmend reports about itself.",
        |t, r, n| telemetry::read(r, n, &mut t.service.telemetry),
    ),
];

/// Reads `service`, and says which components it uses.
pub(super) fn read(reader: &mut Reader, root: &Node, known: &Known<'_>) -> (Service, Used) {
    let mut used = Used::default();
    let Some(node) = root.get("service") else {
        let text = "is missing; it says which components run: \
                    `service: {pipelines: {traces: {receivers: […], exporters: […]}}}`";
        reader.fault_of(root, "service", text);
        return (Service::default(), used);
    };
    let mut draft = Draft::default();
    reader.within("service", |reader| {
        member::read(reader, node, &[MEMBERS], &mut draft);
        if let Some(section) = &draft.extensions {
            draft.service.extensions = reader.within("extensions", |reader| {
                let defined = (known.extensions, "extension", "extensions");
                let none = BTreeSet::new();
                pipelines::references(reader, section, (defined, &none), &mut used.extensions)
            });
        }
        if let Some(section) = &draft.pipelines {
            reader.within("pipelines", |reader| {
                draft.service.pipelines = pipelines::read(reader, section, known, &mut used);
            });
        } else {
            let text = "is missing; give one such as `traces: {receivers: […], exporters: […]}`";
            reader.fault_of(node, "pipelines", text);
        }
    });
    (draft.service, used)
}
