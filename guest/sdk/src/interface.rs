//! The types of `wit/`, and how they are made.

pub use crate::bindings::linkmend::rule::index::{IndexError, Producer, Recalled};
pub use crate::bindings::linkmend::rule::types::{
    About, Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note, NoteKind,
    Plan, Selector, SpanContext, SpanKinds, Tasks, Text, ValueKind, Verdict,
};

impl About {
    /// What a rule says of itself: its name (1 to 64 of `a-z`, `0-9`, `-`, `_`
    /// and `.`), its own version, and one sentence.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        version: impl Into<String>,
        summary: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            summary: summary.into(),
        }
    }
}

impl Tasks {
    /// All of `tasks` are wanted.
    #[inline]
    #[must_use]
    pub fn contains(self, tasks: Self) -> bool {
        self & tasks == tasks
    }
}

/// A selector that selects nothing, to be filled in.
#[must_use]
pub fn nothing_selected() -> Selector {
    Selector {
        kinds: SpanKinds::empty(),
        attribute_keys: Vec::new(),
        attribute_prefixes: Vec::new(),
        with_links: false,
    }
}

/// The plan of a rule that does not use the index.
#[must_use]
pub fn plan(selector: Selector) -> Plan {
    Plan {
        selector,
        uses_index: false,
        type_attribute: String::new(),
        count_all_drops: false,
        reads: Vec::new(),
    }
}
