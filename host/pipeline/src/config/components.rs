//! The components of one kind: `receivers`, `processors`, `exporters`,
//! `extensions`.

use std::collections::BTreeMap;

use linkmend_config::{Node, Spot, nearest};

use super::collector;
use super::id::{BadId, Id};
use super::reader::Reader;

/// A type of component: its names, the first of which is the one to use, and
/// how its section is read.
pub(super) struct Type<C> {
    pub(super) names: &'static [&'static str],
    pub(super) read: fn(&mut Reader, &Node) -> C,
}

/// A kind of components.
pub(super) struct Kind<C: 'static> {
    /// The key of the section: `receivers`.
    pub(super) section: &'static str,
    /// The same for one of them: `receiver`.
    pub(super) singular: &'static str,
    pub(super) types: &'static [Type<C>],
}

/// The components that a section defines, with their places.
#[derive(Debug)]
pub(super) struct Defined<C> {
    pub(super) components: BTreeMap<Id, C>,
    /// Those that can not be read, too.
    pub(super) spots: BTreeMap<Id, Spot>,
}

/// Reads all components of a kind.
pub(super) fn read<C>(reader: &mut Reader, root: &Node, kind: &Kind<C>) -> Defined<C> {
    let mut defined = Defined {
        components: BTreeMap::new(),
        spots: BTreeMap::new(),
    };
    let Some(section) = root.get(kind.section) else {
        return defined;
    };
    reader.within(kind.section, |reader| {
        if !reader.is_map(section) {
            return;
        }
        for (key, node) in section.members() {
            reader.within(key, |reader| match key.parse::<Id>() {
                Ok(id) if defined.spots.contains_key(&id) => {
                    reader.fault(node.spot, format!("`{id}` is defined a second time"));
                }
                Ok(id) => {
                    defined.spots.insert(id.clone(), node.spot);
                    if let Some(component) = component(reader, node, &id, kind) {
                        defined.components.insert(id, component);
                    }
                }
                Err(error) => reader.fault(node.spot, not_an_id(key, error)),
            });
        }
    });
    defined
}

fn component<C>(reader: &mut Reader, node: &Node, id: &Id, kind: &Kind<C>) -> Option<C> {
    let name = id.kind.as_str();
    let known = kind.types.iter().find(|known| known.names.contains(&name));
    if let Some(known) = known {
        return Some((known.read)(reader, node));
    }
    let text = collector::way_out(kind.section, name).unwrap_or_else(|| unknown(name, kind));
    reader.fault(node.spot, text);
    None
}

fn unknown<C>(name: &str, kind: &Kind<C>) -> String {
    let names = kind.types.iter().flat_map(|known| known.names).copied();
    let names: Vec<_> = names.collect();
    let near = nearest(name, &names).map(|near| format!("; the nearest is `{near}`"));
    format!(
        "unknown type of {}{} (all types: {}), neither one of linkmend's nor of the Collector's \
         {}; if it is one of your own Collector's, leave it there and remove it here",
        kind.singular,
        near.unwrap_or_default(),
        names.join(", "),
        collector::VERSION
    )
}

pub(super) fn not_an_id(text: &str, error: BadId) -> String {
    format!("`{text}` {error}")
}
