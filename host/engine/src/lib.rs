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
//! What becomes of a batch is in `linkmend-core`, and what rules run in is in
//! `linkmend-sandbox`; here they are put together.
//!
//! | module | what it does |
//! |---|---|
//! | `processor`, `options` | what a program calls |
//! | `builder` | what a processor is made of |
//! | `rule` | rules as a user asks for them, and as a processor takes them |
//! | `clock` | the clock of the system |
//! | [`index`] | which span produced which message |

mod builder;
mod clock;
mod error;
pub mod index;
mod options;
mod processor;
mod rule;

/// The words of the rule interface, see `wit/rule.wit`.
pub mod interface {
    pub use linkmend_core::interface::{
        About, Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note,
        NoteKind, Plan, Selector, SpanContext, SpanKinds, Tasks, Text, ValueKind, Verdict,
    };
    pub use linkmend_core::selector;
}

pub use builder::ProcessorBuilder;
pub use clock::SystemClock;
pub use error::LoadError;
pub use linkmend_core::interface::World;
pub use linkmend_core::wire;
pub use linkmend_core::{
    Acknowledgement, Asked, AskedError, Counts, Explanation, FaultReason, HoldOptions, HoldStats,
    Limits, Mended, NativeRule, OnError, ProcessError, Reason, ReasonCount, Reasons,
    RuleExplanation, RuleFault, RuleUsage, Scope, Scoping, Shown, SystemCounts, Systems,
    VerdictError, Whose, keep_scope, kept_scope, plain, plain_lines, resource_scopes,
};
pub use linkmend_sandbox::{
    Checksum, CodeCache, CompileError, CompileLimits, Compiler, Inspection, Level, Listener,
    LoadReason, PrivateDirectory, PrivateDirectoryError, RuleFile, RuleFileError, Said, SaidLine,
    Stage, Stop, WrongChecksum, compile_for_parent, inspect,
};
pub use options::ProcessOptions;
pub use processor::{Processor, Releasing};
pub use rule::Rule;
