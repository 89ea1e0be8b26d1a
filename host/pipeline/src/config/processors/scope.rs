//! Which senders see each other's messages.

use http::HeaderName;
use linkmend_config::Node;

use crate::config::member::{self, Member, Refusal};
use crate::config::reader::Reader;
use crate::config::scalars::{TEXTS, count, texts};

/// What tells senders apart; without keys all are of one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Attributes of resources.
    pub resource_attributes: Vec<String>,
    /// Metadata of requests: headers of HTTP, metadata of gRPC.
    pub metadata_keys: Vec<HeaderName>,
    /// How many scopes there may be.
    pub cardinality_limit: usize,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            resource_attributes: Vec::new(),
            metadata_keys: Vec::new(),
            cardinality_limit: 1000,
        }
    }
}

impl Scope {
    /// Senders are told apart.
    pub fn is_any(&self) -> bool {
        !self.resource_attributes.is_empty() || !self.metadata_keys.is_empty()
    }
}

pub(in crate::config) static MEMBERS: &[Member<Scope>] = &[
    Member::value(
        "resource_attributes",
        "[]",
        TEXTS,
        "Attributes of resources, such as `tenant.id`, whose values tell the scope of their spans.",
        |t, n| names(n).map(|v| t.resource_attributes = v),
    ),
    Member::value(
        "metadata_keys",
        "[]",
        "a list of names of headers",
        "Headers of HTTP or metadata of gRPC, such as `X-Scope-OrgID`, that tell the scope of all spans of a request; the receiver needs `include_metadata: true`.",
        |t, n| keys(n).map(|v| t.metadata_keys = v),
    ),
    Member::value(
        "cardinality_limit",
        "1000",
        "an integer above 0",
        "How many scopes there may be. Spans of further ones go on without what is known of messages, and are not held, until one was not heard of for `index.time_to_live`.",
        |t, n| count(n).map(|v| t.cardinality_limit = v),
    ),
];

pub(super) fn read(scope: &mut Scope, reader: &mut Reader, node: &Node) {
    member::read(reader, node, &[MEMBERS], scope);
}

fn names(node: &Node) -> Result<Vec<String>, Refusal> {
    let names = texts(node)?;
    for (place, name) in names.iter().enumerate() {
        check(name, names.iter().take(place).any(|other| other == name))?;
    }
    Ok(names)
}

fn keys(node: &Node) -> Result<Vec<HeaderName>, Refusal> {
    let mut keys = Vec::new();
    for text in texts(node)? {
        let is_no_header = |_| Refusal::Because(format!("`{text}` is no name of a header"));
        let key = HeaderName::try_from(text.as_str()).map_err(is_no_header)?;
        check(&text, keys.contains(&key))?;
        keys.push(key);
    }
    Ok(keys)
}

fn check(name: &str, is_known: bool) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::Value);
    }
    if is_known {
        return Err(Refusal::Because(format!("`{name}` is there twice")));
    }
    Ok(())
}
