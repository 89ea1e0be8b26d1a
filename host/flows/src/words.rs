//! What a rule calls what it writes on links.

use serde_json::{Map, Value};

/// The attribute that says why a link exists.
pub(crate) const TYPE_ATTRIBUTE: &str = "link.type";
/// The attribute that is true on links that linkmend made or repaired.
pub(crate) const MARK: &str = "link.repaired";

/// What a link of a consumer leads to if it says this is no producer of what
/// was consumed.
const OTHER_TYPES: [&str; 5] = [
    "settles",
    "settled_by",
    "created_by",
    "publish_of",
    "retry_of",
];

/// The names that configurations of rules give to what is written on links, beside
/// those of the built-in rule, which are always known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkWords {
    pub(crate) type_attributes: Vec<String>,
    pub(crate) marks: Vec<String>,
    other_types: Vec<String>,
}

impl LinkWords {
    /// Takes over what the configuration of a rule says under the keys of the
    /// built-in rule: `link_type_attribute`, `link_type_values` and
    /// `provenance_attribute`. Whatever else it says is that rule's own affair.
    pub fn learn(&mut self, config: &Map<String, Value>) {
        let name = |key: &str| config.get(key).and_then(Value::as_str);
        let known = |name: &&str| !name.is_empty();
        let attribute = name("link_type_attribute").filter(known);
        self.type_attributes.extend(attribute.map(str::to_owned));
        let mark = name("provenance_attribute").filter(known);
        self.marks.extend(mark.map(str::to_owned));
        let values = config.get("link_type_values").and_then(Value::as_object);
        let values = values.into_iter().flatten();
        let others = values.filter(|(own, _)| OTHER_TYPES.contains(&own.as_str()));
        let others = others.filter_map(|(_, word)| word.as_str());
        self.other_types.extend(others.map(str::to_owned));
    }

    /// Whether a link of this type leads to something else than a producer.
    pub(crate) fn is_other(&self, link_type: &[u8]) -> bool {
        OTHER_TYPES.iter().any(|word| word.as_bytes() == link_type)
            || self
                .other_types
                .iter()
                .any(|word| word.as_bytes() == link_type)
    }
}
