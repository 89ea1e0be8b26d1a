//! What a link rule for linkmend is written with.
//!
//! A rule looks at spans and answers with edits of their links. linkmend gives
//! it the spans that it wants to see, checks what it answers, and applies it;
//! a rule can change links, and nothing else. It is compiled to a WebAssembly
//! component, but needs no WebAssembly to be written and tested: it is an
//! ordinary type.
//!
//! # A rule
//!
//! A web service takes requests for reports, and a job renders them at night.
//! Both have the id of the request. This rule links the job's span to those of
//! the requests:
//!
//! ```
//! use linkmend_rule::{About, Edits, Found, Keys, Kind, Rule, Span, Wants};
//!
//! struct Reports;
//!
//! impl Rule for Reports {
//!     fn about() -> About {
//!         About::new("reports", "1.0.0", "Links report jobs to the requests for them.")
//!     }
//!
//!     fn configure(_config: &str) -> Result<Self, String> {
//!         Ok(Self)
//!     }
//!
//!     fn wants(&self) -> Wants {
//!         Wants::new().attribute("report.request_id")
//!     }
//!
//!     fn produces(&self, span: &Span<'_>, keys: &mut Keys) {
//!         if span.kind == Kind::Server {
//!             keys.add("report", span.id("report.request_id"));
//!         }
//!     }
//!
//!     fn awaits(&self, span: &Span<'_>, keys: &mut Keys) {
//!         if span.kind == Kind::Internal {
//!             for id in span.ids("report.request_id") {
//!                 keys.add("report", [id]);
//!             }
//!         }
//!     }
//!
//!     fn mend(&self, span: &Span<'_>, found: &Found<'_>, edits: &mut Edits<'_>) {
//!         for request in found.nearest(span) {
//!             edits.link(request).with("link.type", "aggregated_from");
//!         }
//!     }
//! }
//!
//! // Makes a component of it.
//! linkmend_rule::export!(Reports);
//!
//! // And this is a unit test.
//! use linkmend_rule::testing::{SpanBuilder, TestHost, TracesBuilder};
//!
//! let batch = TracesBuilder::new()
//!     .span(SpanBuilder::server(1).attribute("report.request_id", 7))
//!     .span(SpanBuilder::server(2).attribute("report.request_id", 8))
//!     .span(SpanBuilder::internal(3).attribute("report.request_id", [7, 8]))
//!     .build();
//! let mended = TestHost::<Reports>::new("{}").mend(&batch);
//! assert_eq!(
//!     mended.links(3),
//!     ["1 link.type=aggregated_from", "2 link.type=aggregated_from"]
//! );
//! ```
//!
//! # From nothing to a component
//!
//! `linkmend rule new --lang rust NAME` makes a folder with all of this. By hand
//! it is a library with
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib", "lib"]
//! ```
//!
//! that depends on this crate, implements [`Rule`], and calls [`export!`]. It is
//! compiled for `wasm32-unknown-unknown`, a target without WASI, and
//! `linkmend rule component` makes a component of the module.
//!
//! # What is where
//!
//! | to | there is |
//! |---|---|
//! | read spans | [`Span`], [`Link`], [`Resource`], [`Scope`]: views of the bytes, with attributes by key |
//! | name messages | [`Keys`] |
//! | see who produced them | [`Found`], [`Awaited`], [`ProducerSpan`] |
//! | change links | [`Edits`] |
//! | say what to be given | [`Wants`] |
//! | say something | [`log!`](log!), [`println!`](println!), [`eprintln!`](eprintln!), [`say`] |
//! | test | [`testing`] |
//!
//! # The low level
//!
//! [`Rule`] is built on [`BatchRule`], which is the interface of `wit/` as it is:
//! a batch of bytes in, a [`Verdict`] out, and the message index ([`Index`]) in
//! the calls that a rule makes of it. A rule that must save every nanosecond, as
//! the built-in one, implements that instead, and is exported in the same way:
//!
//! ```
//! use linkmend_rule::{
//!     About, BatchRule, DropReason, Index, Plan, Selector, Tasks, Traces, Verdict, VerdictBuilder,
//! };
//!
//! /// Drops every link that points back into its own trace.
//! struct NoInnerLinks;
//!
//! impl BatchRule for NoInnerLinks {
//!     fn describe() -> About {
//!         About::new("no-inner-links", "1.0.0", "Drops links into the span's own trace.")
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
//!             for link in span.links().filter(|link| link.trace_id == span.trace_id) {
//!                 verdict.drop_link(span.number, link.number, DropReason::Unwanted);
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
mod interface;
mod key;
mod keys;
mod kind;
mod link;
mod numbers;
mod rule;
mod say;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod traces;
mod values;
mod verdict;
mod wants;

pub use edits::{Edits, WithAttributes};
pub use export::{BatchRule, FieldRule};
pub use found::{Awaited, CLOCK_SKEW, Found, ProducerSpan};
pub use index::{HostIndex, Index, MemoryIndex};
pub use interface::{
    About, Action, Attribute, Deferral, DropReason, Edit, Explanation, IndexError, MessageKey,
    Note, NoteKind, Plan, Producer, Recalled, Selector, SpanContext, SpanKinds, Tasks, Text,
    ValueKind, Verdict, nothing_selected, plan,
};
pub use key::KeyBuilder;
pub use keys::{Keys, MOST_KEYS};
pub use kind::Kind;
pub use link::Link;
pub use linkmend_wire as wire;
pub use linkmend_wire::value::AnyValue;
pub use rule::{MAX_LINKS, Rule};
#[doc(hidden)]
pub use say::say_panics;
pub use say::{Level, say};
pub use traces::{Resource, Scope, Span, Traces};
pub use verdict::{AttributeKey, AttributeValue, Attributes, Context, TextId, VerdictBuilder};
pub use wants::Wants;
