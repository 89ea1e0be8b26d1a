//! What a Collector's configuration has.

use linkmend_config::Part;
use serde_json::{Map, Value};

/// A Collector's configuration: its text, the part of it that the configuration
/// is, and what that says.
pub(crate) struct Collector<'c> {
    pub(crate) text: &'c str,
    pub(crate) part: &'c Part,
    pub(crate) value: &'c Map<String, Value>,
    /// The keys that lead to it.
    pub(crate) keys: &'c [String],
}

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pipeline {
    pub(crate) id: String,
    pub(crate) receivers: Vec<String>,
    pub(crate) processors: Vec<String>,
    pub(crate) exporters: Vec<String>,
}

impl Collector<'_> {
    /// The section of a component, `None` without content.
    pub(crate) fn component(&self, section: &str, id: &str) -> Option<&Value> {
        self.value.get(section)?.get(id)
    }

    pub(crate) fn is_connector(&self, id: &str) -> bool {
        self.component("connectors", id).is_some()
    }

    /// The pipelines of traces that have a receiver that is no connector: those
    /// by which spans come in.
    pub(crate) fn entries(&self) -> Vec<Pipeline> {
        let entries = self.pipelines().into_iter();
        entries
            .filter(|pipeline| kind(&pipeline.id) == "traces")
            .filter(|pipeline| {
                let mut receivers = pipeline.receivers.iter();
                receivers.any(|id| !self.is_connector(id))
            })
            .collect()
    }

    pub(crate) fn pipelines(&self) -> Vec<Pipeline> {
        let pipelines = self
            .value
            .get("service")
            .and_then(|service| service.get("pipelines"));
        let pipelines = pipelines.and_then(Value::as_object).into_iter().flatten();
        let pipelines = pipelines.map(|(id, lists)| {
            let list = |key: &str| {
                let list = lists
                    .get(key)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                list.filter_map(|id| id.as_str().map(str::to_owned))
                    .collect()
            };
            Pipeline {
                id: id.clone(),
                receivers: list("receivers"),
                processors: list("processors"),
                exporters: list("exporters"),
            }
        });
        let mut pipelines: Vec<_> = pipelines.collect();
        // As they stand in the text.
        let place = |pipeline: &Pipeline| {
            let keys = ["service", "pipelines", &pipeline.id];
            self.part.find(&keys).map(|part| part.bytes.start)
        };
        pipelines.sort_by_key(place);
        pipelines
    }

    /// Whether a section has this id already.
    pub(crate) fn has(&self, section: &[&str], id: &str) -> bool {
        below(self.value, section).is_some_and(|value| value.contains_key(id))
    }
}

/// The mapping that keys lead to, through other ones.
pub(crate) fn below<'v>(
    value: &'v Map<String, Value>,
    keys: &[impl AsRef<str>],
) -> Option<&'v Map<String, Value>> {
    keys.iter()
        .try_fold(value, |value, key| value.get(key.as_ref())?.as_object())
}

/// `otlp` of `otlp/front`.
pub(crate) fn kind(id: &str) -> &str {
    id.split('/').next().unwrap_or(id).trim()
}

/// Whether an id is of a type, by any of its names: newer ones have more `_`.
pub(crate) fn is_of(id: &str, names: &[&str]) -> bool {
    let letters = |name: &str| name.replace('_', "");
    let kind = letters(kind(id));
    names.iter().any(|name| letters(name) == kind)
}
