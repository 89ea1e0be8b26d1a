//! How keys are told to people: the family, and what the parts are.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use linkmend_rule::MessageKey;

use crate::config::Recipe;
use crate::value::Value;

/// The spelling of keys.
#[derive(Debug, Default)]
pub struct Spelled {
    keys: BTreeMap<(u64, u64), String>,
}

impl Spelled {
    /// Takes note of a key.
    pub fn insert(&mut self, key: MessageKey, spelling: String) {
        self.keys.insert((key.high, key.low), spelling);
    }

    /// The spelling of a key.
    pub fn get(&self, key: MessageKey) -> &str {
        let spelling = self.keys.get(&(key.high, key.low));
        spelling.map_or("?", String::as_str)
    }
}

/// What the parts of a key of a family are, see [`crate::keys`].
fn labels(family: &str, parts: usize) -> &'static [&'static str] {
    match (family, parts) {
        ("kafka" | "kafka-any-cluster", _) => {
            &["environment", "cluster", "topic", "partition", "offset"]
        }
        ("pulsar", _) => &["environment", "topic", "id"],
        ("cloudevents", _) => &["environment", "source", "id"],
        ("generic", 3) => &["environment", "system", "id"],
        ("generic", _) => &["environment", "system", "destination", "id"],
        (_, 3) => &["environment", "queue", "id"],
        _ => &["environment", "id"],
    }
}

/// `kafka topic=orders partition=3 offset=42`
pub fn of_family(family: &str, parts: &[&[u8]]) -> String {
    let mut text = family.to_owned();
    for (label, part) in labels(family, parts.len()).iter().zip(parts) {
        put(&mut text, label, part);
    }
    text
}

/// `recipe report: service.namespace=shop 42`; the attributes that hold the
/// values may have other names on the other side.
pub fn of_recipe(
    recipe: &Recipe,
    environment: &[u8],
    scope: &[Value<'_>],
    parts: &[Value<'_>],
) -> String {
    let mut text = format!("recipe {}:", recipe.name);
    put(&mut text, "environment", environment);
    let mut buffer = Vec::new();
    for (name, value) in recipe.scope.iter().zip(scope) {
        put(&mut text, name, value.written(&mut buffer));
    }
    for value in parts {
        put(&mut text, "", value.written(&mut buffer));
    }
    text
}

/// Longer values are cut: they are for reading.
const LONGEST: usize = 100;

fn put(text: &mut String, label: &str, value: &[u8]) {
    if value.is_empty() {
        return;
    }
    let shown = value.get(..LONGEST).unwrap_or(value);
    let shown = String::from_utf8_lossy(shown);
    let more = if value.len() > LONGEST { "…" } else { "" };
    let equals = if label.is_empty() { "" } else { "=" };
    // Writing to a String cannot fail.
    let _ = write!(text, " {label}{equals}{}{more}", shown.escape_debug());
}
