//! How the rule was configured.

use super::carriers::{ContextNames, Headers};
use super::extra::Extra;
use super::recipe::Recipe;
use crate::kind::LinkType;

/// How the rule was configured.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key that users set to true or false"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `max_links`
    pub max_links: u32,
    /// `keep_links`
    pub keep_links: KeepLinks,
    /// `merge_links`
    pub merge_links: bool,
    /// `invalid_links`
    pub invalid_links: InvalidLinks,
    /// `count_invalid_in_dropped`
    pub count_invalid_in_dropped: bool,
    /// `link_to_parent`
    pub link_to_parent: bool,
    /// `same_trace`: it says that propagation worked.
    pub same_trace_satisfies: bool,
    /// `ambiguous`
    pub ambiguous: Ambiguous,
    /// `clock_skew`, in nanoseconds.
    pub clock_skew: u64,
    /// `environment_attributes`
    pub environment_attributes: Vec<String>,
    /// `event_attributes`
    pub event_attributes: bool,
    /// `captured_headers`
    pub captured_headers: Vec<Headers>,
    /// `context_attributes`
    pub context_attributes: Vec<ContextNames>,
    /// `recipes`
    pub recipes: Vec<Recipe>,
    /// `link_type_attribute`; empty: off.
    pub type_attribute: String,
    /// `link_type_values`
    pub type_values: Vec<(LinkType, String)>,
    /// `link_type_aliases`
    pub type_aliases: bool,
    /// `provenance_attribute`; empty: off.
    pub provenance_attribute: String,
    /// What all that asks to be read.
    pub extra: Extra,
}

/// Which links stay when there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepLinks {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What becomes of links with an invalid context that can not be repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidLinks {
    /// They go.
    Drop,
    /// They go when they carry neither attributes nor a trace state
    /// (OpenTelemetry specification 1.33, trace/api.md, "Link").
    DropBare,
    /// They stay.
    Keep,
}

/// What becomes of a message with several producers and no way to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguous {
    /// No link.
    Skip,
    /// A link to the latest.
    Latest,
    /// A link to each.
    All,
}

impl Config {
    /// What a link of this type says.
    #[must_use]
    pub fn type_text(&self, kind: LinkType) -> &str {
        let other = self.type_values.iter().find(|(known, _)| *known == kind);
        other.map_or(kind.as_str(), |(_, text)| text)
    }
}
