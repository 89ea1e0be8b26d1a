//! Sections of the configuration. For each kind there is one table of members:
//! it says what is read, what is refused, and what the manual tells.

use linkmend_config::{Content, Node, nearest};

use super::reader::Reader;

/// A member of a section: what is checked, set and documented.
pub struct Member<T> {
    /// The key.
    pub key: &'static str,
    pub(super) what: What<T>,
}

/// What a member is.
pub(super) enum What<T> {
    /// A value.
    Value {
        /// As it would be written; empty: the member must be given.
        default: &'static str,
        /// The values that it takes, in words.
        values: &'static str,
        /// What it does.
        summary: &'static str,
        /// Takes the value over.
        set: fn(&mut T, &Node) -> Result<(), Refusal>,
    },
    /// A section with a table of its own.
    Section {
        /// The name of that table.
        table: &'static str,
        /// What it is when it is not there.
        default: &'static str,
        /// What it is for.
        summary: &'static str,
        /// Takes the section over.
        read: fn(&mut T, &mut Reader, &Node),
    },
    /// A key of the Collector that is not supported, and why.
    Unsupported(&'static str),
}

/// Why a value is not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It says nothing: the default stays.
    Default,
    /// It is none of the values that the member takes.
    Value,
    /// For this reason.
    Because(String),
}

impl<T> Member<T> {
    /// A value with a default; without one it must be given.
    pub(super) const fn value(
        key: &'static str,
        default: &'static str,
        values: &'static str,
        summary: &'static str,
        set: fn(&mut T, &Node) -> Result<(), Refusal>,
    ) -> Self {
        let what = What::Value {
            default,
            values,
            summary,
            set,
        };
        Self { key, what }
    }

    /// A section with a table of its own.
    pub(super) const fn section(
        key: &'static str,
        table: &'static str,
        default: &'static str,
        summary: &'static str,
        read: fn(&mut T, &mut Reader, &Node),
    ) -> Self {
        let what = What::Section {
            table,
            default,
            summary,
            read,
        };
        Self { key, what }
    }

    /// A key of the Collector that is refused, and why.
    pub(super) const fn unsupported(key: &'static str, because: &'static str) -> Self {
        let what = What::Unsupported(because);
        Self { key, what }
    }

    fn is_supported(&self) -> bool {
        !matches!(self.what, What::Unsupported(_))
    }

    fn take(&self, reader: &mut Reader, node: &Node, target: &mut T) {
        match &self.what {
            What::Value { values, set, .. } => match set(target, node) {
                Ok(()) | Err(Refusal::Default) => {}
                Err(Refusal::Value) => reader.fault(node.spot, refused(node, values)),
                Err(Refusal::Because(text)) => reader.fault(node.spot, text),
            },
            What::Section { read, .. } => read(target, reader, node),
            What::Unsupported(because) => {
                let text = unsupported(because);
                reader.fault(node.spot, text);
                reader.removed_here();
            }
        }
    }
}

/// Reads a section into `target`; what it leaves out stays. One without content
/// is an empty one. Its members may be in several tables.
pub(super) fn read<T>(reader: &mut Reader, node: &Node, tables: &[&[Member<T>]], target: &mut T) {
    let keys: Vec<_> = tables.iter().flat_map(|table| supported(table)).collect();
    walk(reader, node, &keys, |reader, key, node| {
        let mut members = tables.iter().copied().flatten();
        let member = members.find(|member| member.key == key);
        member
            .map(|member| member.take(reader, node, target))
            .is_some()
    });
    for table in tables {
        report_missing(reader, node, table);
    }
}

/// The table of a part of a section, and the way to that part.
pub(super) type Part<'t, T, P> = (&'t [Member<P>], fn(&mut T) -> &mut P);

/// The same for a section that has the members of a part of `target` as well.
pub(super) fn read_with_part<T, P>(
    reader: &mut Reader,
    node: &Node,
    table: &[Member<T>],
    (part_table, part): Part<'_, T, P>,
    target: &mut T,
) {
    let keys: Vec<_> = supported(part_table).chain(supported(table)).collect();
    walk(reader, node, &keys, |reader, key, node| {
        if let Some(member) = part_table.iter().find(|member| member.key == key) {
            member.take(reader, node, part(target));
            return true;
        }
        let member = table.iter().find(|member| member.key == key);
        member
            .map(|member| member.take(reader, node, target))
            .is_some()
    });
    report_missing(reader, node, part_table);
    report_missing(reader, node, table);
}

/// Takes all members of a section; `take` says whether it knows the key.
fn walk(
    reader: &mut Reader,
    node: &Node,
    keys: &[&str],
    mut take: impl FnMut(&mut Reader, &str, &Node) -> bool,
) {
    if !reader.is_map(node) {
        return;
    }
    for (key, node) in node.members() {
        reader.within(key, |reader| {
            if !take(reader, key, node) {
                reader.fault(node.spot, unknown(key, keys));
            }
        });
    }
}

fn supported<T>(table: &[Member<T>]) -> impl Iterator<Item = &'static str> {
    let members = table.iter().filter(|member| member.is_supported());
    members.map(|member| member.key)
}

fn report_missing<T>(reader: &mut Reader, node: &Node, table: &[Member<T>]) {
    for member in table {
        if let What::Value {
            default: "",
            values,
            ..
        } = member.what
            && node.get(member.key).is_none_or(is_nothing)
        {
            reader.fault_of(node, member.key, format!("is missing; it takes {values}"));
        }
    }
}

/// Not even an empty text from the environment.
pub(super) fn is_nothing(node: &Node) -> bool {
    node.is_null() && node.expanded.is_none()
}

/// The text for what the Collector has and linkmend has not.
pub(super) fn unsupported(because: &str) -> String {
    format!("not supported by linkmend, because {because}; remove it")
}

fn refused(node: &Node, values: &str) -> String {
    format!("{} is not a value it takes; it takes {values}", shown(node))
}

/// A value in few words; what the environment says is not shown.
pub(super) fn shown(node: &Node) -> String {
    if let Some(expanded) = &node.expanded {
        return format!("the value of `{}`", expanded.source);
    }
    match &node.content {
        Content::Bool(value) => value.to_string(),
        Content::Number(number) => number.to_string(),
        Content::Text(text) => format!("`{text}`"),
        _ => node.kind().to_owned(),
    }
}

/// The text for a key that is none of `keys`.
pub(super) fn unknown(key: &str, keys: &[&str]) -> String {
    let near = nearest(key, keys).map(|near| format!("; the nearest is `{near}`"));
    format!(
        "unknown key{} (all keys: {})",
        near.unwrap_or_default(),
        keys.join(", ")
    )
}
