//! What a link rule for linkmend is written with.
//!
//! A rule looks at spans and answers with edits of their links. This crate has
//! the interface of `wit/` as Rust types, views of the spans over the OTLP
//! bytes that the rule is given, and what it answers with; [`export!`] makes a
//! component of it. Nothing here needs WebAssembly: a rule is an ordinary type
//! that is tested with `cargo test`, with [`MemoryIndex`] in place of the
//! host's.
//!
//! # Example
//!
//! A rule that drops every link that points back into its own trace:
//!
//! ```
//! use linkmend_rule::{About, BatchRule, DropReason, Index, Tasks, Plan, Selector, Traces, Verdict, VerdictBuilder};
//!
//! struct NoInnerLinks;
//!
//! impl BatchRule for NoInnerLinks {
//!     fn describe() -> About {
//!         About {
//!             name: "no-inner-links".into(),
//!             version: "1.0.0".into(),
//!             summary: "Drops links into the span's own trace.".into(),
//!         }
//!     }
//!
//!     fn configure(_config: &str) -> Result<(Self, Plan), String> {
//!         let selector = Selector { with_links: true, ..linkmend_rule::nothing_selected() };
//!         Ok((Self, linkmend_rule::plan(selector)))
//!     }
//!
//!     fn process(&mut self, _: Tasks, traces: &[u8], _: &mut dyn Index) -> Result<Verdict, String> {
//!         let mut verdict = VerdictBuilder::new();
//!         for span in Traces::new(traces).spans() {
//!             for (number, link) in span.links().enumerate() {
//!                 if link.trace_id == span.trace_id {
//!                     verdict.drop_link(span.number, number as u32, DropReason::Duplicate);
//!                 }
//!             }
//!         }
//!         Ok(verdict.build())
//!     }
//! }
//!
//! linkmend_rule::export!(NoInnerLinks);
//! ```

pub mod bindings;
mod driver;
mod edits;
mod export;
mod found;
mod getters;
mod index;
mod key;
mod keys;
mod kind;
mod link;
mod rule;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod traces;
mod values;
mod verdict;
mod wants;

pub use bindings::linkmend::rule::index::{IndexError, Producer, Recalled};
pub use bindings::linkmend::rule::types::{
    About, Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note, NoteKind,
    Plan, Selector, SpanContext, SpanKinds, Tasks, Text, ValueKind, Verdict,
};
pub use edits::{Edits, WithAttributes};
pub use export::BatchRule;
pub use found::{Awaited, CLOCK_SKEW, Found, ProducerSpan};
pub use index::{HostIndex, Index, MemoryIndex};
pub use key::KeyBuilder;
pub use keys::{Keys, MOST_KEYS};
pub use kind::Kind;
pub use link::Link;
pub use linkmend_wire as wire;
pub use linkmend_wire::value::AnyValue;
pub use rule::{MAX_LINKS, Rule};
pub use traces::{Resource, Scope, Span, Traces};
pub use verdict::{AttributeKey, AttributeValue, Attributes, Context, TextId, VerdictBuilder};
pub use wants::Wants;

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

impl Tasks {
    /// All of `tasks` are wanted.
    #[inline]
    #[must_use]
    pub fn contains(self, tasks: Self) -> bool {
        self & tasks == tasks
    }
}
