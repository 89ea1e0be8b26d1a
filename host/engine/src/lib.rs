//! Mends span links in OpenTelemetry trace batches.
//!
//! Asynchronous work (queues, batch jobs, fan-out) runs in traces of its own,
//! and the span links that tie those traces together are often missing, broken
//! or too many. A [`Processor`] takes OTLP trace batches as bytes, shows the
//! spans that concern them to rules that run in a WebAssembly sandbox, checks
//! what these answer, and splices the mended links into the bytes. All else in
//! the batch comes out as it came in.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use linkmend::{Processor, Rule};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let processor = Processor::builder().rule(Rule::builtin()).build()?;
//! // An ExportTraceServiceRequest, from wherever it comes.
//! let batch = Bytes::new();
//! let mended = processor.process(batch)?;
//! println!("{} links added", mended.counts.links_added);
//! let _traces: Option<Bytes> = mended.traces;
//! # Ok(())
//! # }
//! ```
//!
//! # Consumers that come before their producers
//!
//! A program that sees a stream of batches can hold spans back for a few
//! seconds until their producers come, see [`ProcessorBuilder::hold`]:
//!
//! ```
//! # use std::time::Instant;
//! # use bytes::Bytes;
//! # use linkmend::{HoldOptions, Processor, Rule};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # fn send(_: Bytes) {}
//! let processor = Processor::builder()
//!     .rule(Rule::builtin())
//!     .hold(HoldOptions::default())
//!     .build()?;
//! // For each batch that comes in:
//! let mended = processor.process(Bytes::new())?;
//! let overflow = mended.overflow.into_iter().filter_map(|mended| mended.traces);
//! mended.traces.into_iter().chain(overflow).for_each(send);
//! // Whenever `next_release` says so:
//! for mended in processor.release(Instant::now()) {
//!     mended.traces.into_iter().for_each(send);
//! }
//! // At the end:
//! for mended in processor.drain() {
//!     mended.traces.into_iter().for_each(send);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is guaranteed, whatever a rule does
//!
//! 1. A rule can change links and `dropped_links_count`, nothing else.
//! 2. Every link that a rule makes has a valid context; no span that it edits
//!    keeps more than [`Limits::max_links`] links; [`Counts`] add up.
//! 3. A rule that traps, hangs, grows or talks nonsense costs no data: see
//!    [`OnError`]. Its instance is not used again.
//! 4. A rule has no clock, file, environment or network.
//! 5. Memory, time and output of a rule are limited: see [`Limits`].
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `processor` | what a program calls |
//! | `release` | what a program calls where spans are held |
//! | `workspace` | the way of a batch through the rules |
//! | `by_scope` | a batch of several scopes |
//! | `exhibit` | what a rule is shown of a batch |
//! | `crowded` | spans with more links than a rule is shown |
//! | `rule`, `limits` | what a user asks for |
//! | `runner` | a loaded rule and its instances |
//! | `blame` | whether a batch, its sender or the rule is at fault |
//! | `private` | a directory that is the user's own |
//! | `checksum`, `rule_file` | which file a rule has to be, and how it is read |
//! | `inspect` | what a component says of itself before it runs |
//! | `sandbox`, `native` | where a rule runs |
//! | `said` | what a rule says to its author |
//! | `usage` | how near it came to its limits |
//! | `mend` | checking a verdict, and doing what it says |
//! | `counts`, `systems`, `reasons` | what was done, to whom, and why the rest was not |
//! | `explain` | why a span was or was not mended |
//! | `hold` | spans that wait for their producers |
//! | `origin` | whose a span is |
//! | `scope` | which senders see each other's messages |
//! | `text` | texts of others, with nothing in them that a terminal would obey |
//! | [`index`] | which span produced which message |

mod bindings;
mod blame;
mod by_scope;
mod checksum;
mod counts;
mod crowded;
mod error;
mod exhibit;
mod explain;
mod hold;
pub mod index;
mod inspect;
mod limits;
mod mend;
mod native;
mod origin;
mod private;
mod processor;
mod reasons;
mod release;
mod rule;
mod rule_file;
mod runner;
mod said;
mod sandbox;
mod scope;
mod systems;
mod text;
mod usage;
mod workspace;

/// The words of the rule interface, see `wit/rule.wit`.
pub mod interface {
    pub use crate::bindings::linkmend::rule::types::{
        About, Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note,
        NoteKind, Plan, Selector, SpanContext, SpanKinds, Tasks, Text, ValueKind, Verdict,
    };

    pub use crate::runner::selector;
}

pub use checksum::{Checksum, WrongChecksum};
pub use counts::Counts;
pub use error::{FaultReason, LoadError, LoadReason, ProcessError, RuleFault, Stage, VerdictError};
pub use exhibit::Shown;
pub use explain::{Asked, AskedError, Explanation, RuleExplanation};
pub use hold::{HoldOptions, HoldStats};
pub use inspect::{Inspection, World, inspect};
pub use limits::Limits;
pub use linkmend_wire as wire;
pub use private::{PrivateDirectory, PrivateDirectoryError};
pub use processor::{Claim, Mended, Passage, Processor, ProcessorBuilder};
pub use reasons::{Reason, ReasonCount, Reasons, Whose};
pub use release::Releasing;
pub use rule::{NativeRule, OnError, Rule};
pub use rule_file::{RuleFile, RuleFileError};
pub use said::{Level, Listener, Said, SaidLine};
pub use sandbox::{CodeCache, CompileError, CompileLimits, Compiler, Stop, compile_for_parent};
pub use scope::{Scope, Scoping, keep_scope, kept_scope};
pub use systems::{SystemCounts, Systems};
pub use text::{plain, plain_lines};
pub use usage::RuleUsage;
