//! `service.pipelines`: from receivers through processors to exporters.

use std::collections::{BTreeMap, BTreeSet};

use linkmend_config::{Location, Node, nearest};

use crate::config::components::not_an_id;
use crate::config::id::Id;
use crate::config::member::{self, Member, shown};
use crate::config::reader::Reader;
use crate::config::scalars::text;
use crate::signal::Signal;

/// A way of batches of one signal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// Where they come from.
    pub receivers: Vec<Id>,
    /// What is done with them, in this order.
    pub processors: Vec<Id>,
    /// Where they go: all of them to each.
    pub exporters: Vec<Id>,
}

impl Pipeline {
    /// The components of a section that it has.
    pub(in crate::config) fn list(&self, section: &str) -> &[Id] {
        match section {
            "receivers" => &self.receivers,
            "processors" => &self.processors,
            "exporters" => &self.exporters,
            _ => &[],
        }
    }

    /// What a pipeline of this id is of.
    pub fn signal(id: &Id) -> Option<Signal> {
        Signal::of_name(&id.kind)
    }
}

/// What is defined, and where.
pub(in crate::config) struct Known<'d> {
    pub(in crate::config) receivers: &'d BTreeMap<Id, Location>,
    pub(in crate::config) processors: &'d BTreeMap<Id, Location>,
    pub(in crate::config) exporters: &'d BTreeMap<Id, Location>,
    pub(in crate::config) extensions: &'d BTreeMap<Id, Location>,
    /// The Collector's, which pipelines name as receivers and as exporters.
    pub(in crate::config) connectors: &'d BTreeSet<Id>,
}

/// What is used.
#[derive(Debug, Default)]
pub(in crate::config) struct Used {
    pub(in crate::config) receivers: BTreeSet<Id>,
    pub(in crate::config) processors: BTreeSet<Id>,
    pub(in crate::config) exporters: BTreeSet<Id>,
    pub(in crate::config) extensions: BTreeSet<Id>,
}

/// What is read of a pipeline.
#[derive(Default)]
pub(in crate::config) struct Draft {
    receivers: Option<Node>,
    processors: Option<Node>,
    exporters: Option<Node>,
}

pub(in crate::config) static MEMBERS: &[Member<Draft>] = &[
    Member::section(
        "receivers",
        "receivers",
        "(must be given)",
        "A list of the ids of its receivers; at least one.",
        |t, _, n| t.receivers = Some(n.clone()),
    ),
    Member::section(
        "processors",
        "processors",
        "[]",
        "A list of the ids of its processors, in the order in which batches pass through them.",
        |t, _, n| t.processors = Some(n.clone()),
    ),
    Member::section(
        "exporters",
        "exporters",
        "(must be given)",
        "A list of the ids of its exporters; at least one. Each gets all batches.",
        |t, _, n| t.exporters = Some(n.clone()),
    ),
];

/// Reads all pipelines.
pub(super) fn read(
    reader: &mut Reader,
    node: &Node,
    known: &Known<'_>,
    used: &mut Used,
) -> BTreeMap<Id, Pipeline> {
    let mut pipelines = BTreeMap::new();
    if !reader.is_map(node) {
        return pipelines;
    }
    if node.members().is_empty() {
        let text = "there is no pipeline; give one such as \
                    `traces: {receivers: […], exporters: […]}`";
        reader.fault(node.spot, text);
    }
    for (key, node) in node.members() {
        reader.within(key, |reader| {
            if let Some(id) = pipeline_id(reader, node, key) {
                let pipeline = pipeline(reader, node, known, used);
                if pipelines.insert(id, pipeline).is_some() {
                    reader.fault(node.spot, format!("`{key}` is defined a second time"));
                }
            } else {
                // Its components are in use all the same: one fault is enough.
                pipeline(&mut Reader::default(), node, known, used);
            }
        });
    }
    pipelines
}

fn pipeline_id(reader: &mut Reader, node: &Node, key: &str) -> Option<Id> {
    let text = match key.parse::<Id>() {
        Ok(id) if Signal::of_name(&id.kind).is_some() => return Some(id),
        Ok(_) => "a pipeline is of `traces`, `metrics`, `logs` or `profiles`, or of \
                  `traces/name` and the like when there are several"
            .into(),
        Err(error) => not_an_id(key, error),
    };
    reader.fault(node.spot, text);
    None
}

fn pipeline(reader: &mut Reader, node: &Node, known: &Known<'_>, used: &mut Used) -> Pipeline {
    let mut draft = Draft::default();
    member::read(reader, node, &[MEMBERS], &mut draft);
    let mut list = |key, node: &Option<Node>, defined, used: &mut BTreeSet<Id>| {
        let node = node.as_ref();
        reader.within(key, |reader| {
            node.map(|node| references(reader, node, (defined, known.connectors), used))
                .unwrap_or_default()
        })
    };
    let receivers = (known.receivers, "receiver", "receivers");
    let processors = (known.processors, "processor", "processors");
    let exporters = (known.exporters, "exporter", "exporters");
    let pipeline = Pipeline {
        receivers: list(
            "receivers",
            &draft.receivers,
            receivers,
            &mut used.receivers,
        ),
        processors: list(
            "processors",
            &draft.processors,
            processors,
            &mut used.processors,
        ),
        exporters: list(
            "exporters",
            &draft.exporters,
            exporters,
            &mut used.exporters,
        ),
    };
    for (key, singular) in [("receivers", "receiver"), ("exporters", "exporter")] {
        let list = node.get(key);
        if list.is_none_or(|list| list.is_null() || list.is_empty_list()) {
            reader.fault_of(node, key, format!("it needs one {singular} at least"));
        }
    }
    pipeline
}

/// What a section defines, and what one of it and the section are called.
pub(super) type Section<'d> = (&'d BTreeMap<Id, Location>, &'d str, &'d str);

/// Reads a list of ids of components that must be defined.
pub(super) fn references(
    reader: &mut Reader,
    node: &Node,
    ((defined, singular, section), connectors): (Section<'_>, &BTreeSet<Id>),
    used: &mut BTreeSet<Id>,
) -> Vec<Id> {
    let mut ids = Vec::new();
    for (number, element) in reader.list(node).iter().enumerate() {
        reader.within_element(number, |reader| {
            let Ok(name) = text(element) else {
                let text = format!("{} is not the id of a component", shown(element));
                return reader.fault(element.spot, text);
            };
            match name.parse::<Id>() {
                Err(error) => reader.fault(element.spot, not_an_id(&name, error)),
                Ok(id) if ids.contains(&id) => {
                    reader.fault(element.spot, format!("`{id}` is there a second time"));
                }
                Ok(id) => {
                    let is_connector = section != "processors" && connectors.contains(&id);
                    if !defined.contains_key(&id) && !is_connector {
                        let text = undefined(&id, defined, singular, section);
                        reader.fault(element.spot, text);
                    }
                    used.insert(id.clone());
                    ids.push(id);
                }
            }
        });
    }
    ids
}

fn undefined(id: &Id, defined: &BTreeMap<Id, Location>, singular: &str, section: &str) -> String {
    let names: Vec<_> = defined.keys().map(ToString::to_string).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    match nearest(&id.to_string(), &names) {
        Some(name) => format!(
            "the {singular} `{id}` is not defined under `{section}`; the nearest is `{name}`"
        ),
        None => format!("the {singular} `{id}` is not defined under `{section}`"),
    }
}
