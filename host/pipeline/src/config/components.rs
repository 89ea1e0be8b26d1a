//! The components of one kind: `receivers`, `processors`, `exporters`,
//! `extensions`.

use std::collections::{BTreeMap, BTreeSet};

use linkmend_config::{Location, Node, nearest};

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
    pub(super) spots: BTreeMap<Id, Location>,
    /// Those of them that are told to be removed: not those whose type is only
    /// mistyped.
    pub(super) left: BTreeSet<Id>,
}

/// Reads all components of a kind.
pub(super) fn read<C>(reader: &mut Reader, root: &Node, kind: &Kind<C>) -> Defined<C> {
    let mut defined = Defined {
        components: BTreeMap::new(),
        spots: BTreeMap::new(),
        left: BTreeSet::new(),
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
                    match component(reader, node, &id, kind) {
                        Ok(component) => {
                            defined.components.insert(id, component);
                        }
                        Err(IsLeft(true)) => {
                            defined.left.insert(id);
                        }
                        Err(IsLeft(false)) => {}
                    }
                }
                Err(error) => reader.fault(node.spot, not_an_id(key, error)),
            });
        }
    });
    defined
}

/// Whether a component that is not read is told to be removed.
struct IsLeft(bool);

fn component<C>(reader: &mut Reader, node: &Node, id: &Id, kind: &Kind<C>) -> Result<C, IsLeft> {
    let name = id.kind.as_str();
    let known = kind.types.iter().find(|known| known.names.contains(&name));
    if let Some(known) = known {
        return Ok((known.read)(reader, node));
    }
    let names = kind.types.iter().flat_map(|known| known.names).copied();
    let names: Vec<_> = names.collect();
    // `healthcheck` is no component that only the Collector has.
    let own = names.iter().find(|own| collector::is_same(own, name));
    let way_out = collector::way_out(kind.section, name).filter(|_| own.is_none());
    let near = own.copied().or_else(|| nearest(name, &names));
    let is_left = way_out.is_some() || near.is_none();
    let text = way_out.unwrap_or_else(|| unknown(near, &names, kind.singular));
    reader.fault(node.spot, text);
    if is_left {
        reader.removed_here();
    }
    Err(IsLeft(is_left))
}

fn unknown(near: Option<&str>, names: &[&str], singular: &str) -> String {
    let all = names.join(", ");
    match near {
        Some(near) => {
            format!("unknown type of {singular}; the nearest is `{near}` (all types: {all})")
        }
        None => format!(
            "unknown type of {singular} (all types: {all}), nor is it one of the Collector's {}; if \
             your own Collector has it, leave it there and remove it here",
            collector::VERSION
        ),
    }
}

pub(super) fn not_an_id(text: &str, error: BadId) -> String {
    format!("`{text}` {error}")
}
