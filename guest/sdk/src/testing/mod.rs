//! Rules in unit tests: what the sandbox would do, in a plain `cargo test`.
//!
//! Spans are built in a few words ([`SpanBuilder`], [`TracesBuilder`]), a
//! [`TestHost`] runs a rule over them, and what comes of it is read like any
//! other batch ([`Mended`]). The test host does what linkmend does with rules:
//! it shows them only the spans that they want to see, checks every verdict,
//! and applies it. What the host would refuse fails the test, in its words; so
//! does a rule that changes its own output.
//!
//! ```
//! # use linkmend_rule::{About, Edits, Found, Keys, Kind, Rule, Span, Wants};
//! use linkmend_rule::testing::{SpanBuilder, TestHost, TracesBuilder};
//! # struct Jobs;
//! # impl Rule for Jobs {
//! #     fn about() -> About { About::new("jobs", "1.0.0", "Links jobs.") }
//! #     fn configure(_: &str) -> Result<Self, String> { Ok(Self) }
//! #     fn wants(&self) -> Wants { Wants::new().attribute("job.id") }
//! #     fn produces(&self, span: &Span<'_>, keys: &mut Keys) {
//! #         if span.kind == Kind::Server { keys.add("job", span.id("job.id")); }
//! #     }
//! #     fn awaits(&self, span: &Span<'_>, keys: &mut Keys) {
//! #         if span.kind == Kind::Consumer { keys.add("job", span.id("job.id")); }
//! #     }
//! #     fn mend(&self, span: &Span<'_>, found: &Found<'_>, edits: &mut Edits<'_>) {
//! #         for request in found.nearest(span) {
//! #             edits.link(request).with("link.type", "triggered_by");
//! #         }
//! #     }
//! # }
//!
//! let batch = TracesBuilder::new()
//!     .span(SpanBuilder::server(1).attribute("job.id", 4711))
//!     .span(SpanBuilder::consumer(2).attribute("job.id", "4711"))
//!     .build();
//!
//! let mended = TestHost::<Jobs>::new("{}").mend(&batch);
//!
//! assert_eq!(mended.links(1), [] as [&str; 0]);
//! assert_eq!(mended.links(2), ["1 link.type=triggered_by"]);
//! ```

mod apply;
mod build;
mod check;
mod fault;
mod host;
mod mended;
mod span;
mod value;

pub use build::TracesBuilder;
pub use fault::Fault;
pub use host::TestHost;
pub use mended::Mended;
pub use span::{LinkBuilder, SpanBuilder};
pub use value::TestValue;
