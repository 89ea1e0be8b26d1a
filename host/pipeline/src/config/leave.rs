//! What goes with the components that are left to the Collector: the places that
//! name them, the pipelines of which nothing is left, and what only those use.
//! All of it is told with them, so that who does what is said is done.

use std::collections::BTreeSet;

use linkmend_config::{Content, Node};

use super::collector;
use super::id::Id;
use super::reader::Reader;
use super::receivers::Receiver;
use super::root::Config;
use super::scalars;
use super::service::{Known, Pipeline, Used};
use crate::signal::Signal;

/// The components that are told to be left to the Collector.
pub(super) struct Left {
    pub(super) receivers: BTreeSet<Id>,
    pub(super) processors: BTreeSet<Id>,
    pub(super) exporters: BTreeSet<Id>,
    pub(super) extensions: BTreeSet<Id>,
    pub(super) connectors: BTreeSet<Id>,
}

impl Left {
    fn has(&self, list: &str, id: &Id) -> bool {
        let of_list = match list {
            "receivers" => &self.receivers,
            "exporters" => &self.exporters,
            "processors" => &self.processors,
            _ => &self.extensions,
        };
        of_list.contains(id) || self.is_connector(list, id)
    }

    /// Connectors are receivers and exporters.
    fn is_connector(&self, list: &str, id: &Id) -> bool {
        matches!(list, "receivers" | "exporters") && self.connectors.contains(id)
    }
}

/// Tells of each connector, and has their ids.
pub(super) fn connectors(reader: &mut Reader, root: &Node) -> BTreeSet<Id> {
    let mut ids = BTreeSet::new();
    let Some(section) = root.get("connectors") else {
        return ids;
    };
    reader.within("connectors", |reader| {
        if !reader.is_map(section) {
            return;
        }
        for (key, node) in section.members() {
            reader.within(key, |reader| {
                reader.fault(node.spot, collector::CONNECTOR);
                reader.removed_here();
            });
            ids.extend(key.parse::<Id>());
        }
    });
    ids
}

/// Tells what goes with what is left, and of what nothing uses.
pub(super) fn tell(
    reader: &mut Reader,
    root: &Node,
    (known, used): (&Known<'_>, &Used),
    left: &Left,
    config: &Config,
) {
    let dead = dead(reader, root, left, config);
    places(reader, root, left, &dead);
    for (section, place, defined, used) in [
        ("receivers", "a pipeline", known.receivers, &used.receivers),
        (
            "processors",
            "a pipeline",
            known.processors,
            &used.processors,
        ),
        ("exporters", "a pipeline", known.exporters, &used.exporters),
        (
            "extensions",
            "`service.extensions`",
            known.extensions,
            &used.extensions,
        ),
    ] {
        let kept = defined.iter().filter(|(id, _)| !left.has(section, id));
        for (id, spot) in kept {
            let mut users = users(config, section, id).peekable();
            let is_used = used.contains(id);
            let is_of_dead = users.peek().is_some() && users.all(|user| dead.contains(user));
            let text = if !is_used {
                format!("it is defined and not used; put it into {place}, or remove it")
            } else if is_of_dead {
                "only pipelines that are left to the Collector use it: remove it here, too".into()
            } else {
                continue;
            };
            reader.within(&format!("{section}.{id}"), |reader| {
                reader.fault(*spot, text);
                if is_used {
                    reader.removed_here();
                }
            });
        }
    }
}

/// The pipelines of which nothing is left.
fn dead(reader: &mut Reader, root: &Node, left: &Left, config: &Config) -> BTreeSet<Id> {
    let mut dead = BTreeSet::new();
    for (id, pipeline) in &config.service.pipelines {
        let receivers = pipeline.receivers.iter();
        let receivers = receivers.filter(|receiver| !not_of_signal(config, id, receiver));
        let no_receiver = all_left(receivers, left, "receivers") && !pipeline.receivers.is_empty();
        let no_exporter = all_left(pipeline.exporters.iter(), left, "exporters")
            && !pipeline.exporters.is_empty();
        if !no_receiver && !no_exporter {
            continue;
        }
        let text = "no receiver, or no exporter, is left of it: leave this pipeline to the \
                    Collector, too, and remove it here";
        let path = format!("service.pipelines.{id}");
        let is_of_signal = |receiver| !not_of_signal(config, id, receiver);
        reader.within(&path, |reader| {
            reader.fault(root.find(&path), text);
            if pipeline.receivers.iter().all(is_of_signal) {
                reader.removed_here();
            }
        });
        dead.insert(id.clone());
    }
    if !dead.is_empty() && dead.len() == config.service.pipelines.len() {
        let path = "service.pipelines";
        let text = "no pipeline is left for linkmend then: leave this file to the Collector, and \
                    put linkmend beside it with `linkmend init --from`, which writes both \
                    configurations; or give one such as `traces: {receivers: […], exporters: […]}`";
        reader.within(path, |reader| reader.fault(root.find(path), text));
    }
    dead
}

/// Whether a receiver is told of because its pipeline is of another signal.
fn not_of_signal(config: &Config, pipeline: &Id, receiver: &Id) -> bool {
    Pipeline::signal(pipeline).is_some_and(|signal| signal != Signal::Traces)
        && matches!(
            config.receivers.get(receiver),
            Some(Receiver::OtlpJsonFile(_))
        )
}

fn all_left<'i>(mut ids: impl Iterator<Item = &'i Id>, left: &Left, list: &str) -> bool {
    ids.all(|id| left.has(list, id))
}

/// The pipelines that use a component.
fn users<'c>(config: &'c Config, section: &'c str, id: &'c Id) -> impl Iterator<Item = &'c Id> {
    let pipelines = config.service.pipelines.iter();
    pipelines
        .filter(move |(_, pipeline)| pipeline.list(section).contains(id))
        .map(|(pipeline, _)| pipeline)
}

/// Notes where the rest of the configuration names what is left.
fn places(reader: &mut Reader, root: &Node, left: &Left, dead: &BTreeSet<Id>) {
    let Some(service) = root.get("service") else {
        return;
    };
    if let Some(extensions) = service.get("extensions") {
        in_list(reader, extensions, "service.extensions", "extensions", left);
    }
    let pipelines = service.get("pipelines").map_or(&[][..], Node::members);
    for (key, pipeline) in pipelines {
        if key.parse::<Id>().is_ok_and(|id| dead.contains(&id)) {
            continue;
        }
        for list in ["receivers", "processors", "exporters"] {
            if let Some(node) = pipeline.get(list) {
                let path = format!("service.pipelines.{key}.{list}");
                in_list(reader, node, &path, list, left);
            }
        }
    }
}

fn in_list(reader: &mut Reader, node: &Node, path: &str, list: &str, left: &Left) {
    let Content::List(elements) = &node.content else {
        return;
    };
    for (number, element) in elements.iter().enumerate() {
        let Some(id) = scalars::text(element).ok().and_then(|id| id.parse().ok()) else {
            continue;
        };
        if !left.has(list, &id) {
            continue;
        }
        let section = if left.is_connector(list, &id) {
            "connectors"
        } else {
            list
        };
        reader.named(
            format!("{section}.{id}"),
            element.spot,
            format!("{path}[{number}]"),
        );
    }
}
