//! The engine of linkmend: what becomes of an OTLP batch, whatever its rules run in.
//!
//! A [`Processor`] finds the spans of a batch that concern a rule, shows them to it, checks
//! what it answers, and splices the links into the bytes. It knows no sandbox, thread, file
//! or clock: a rule is a [`Runner`], and time comes in ([`Clock`]). The crate `linkmend`
//! gives it rules in a sandbox of wasmtime; `kernel/` makes a WebAssembly module of it, for
//! programs that are not Rust.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | [`interface`] | the words of the rule interface |
//! | `clock` | what time it is |
//! | `options`, `mended` | what is said of a batch, and what became of it |
//! | `processor` | what a program calls |
//! | `release` | what a program calls where spans are held |
//! | `workspace` | the way of a batch through the rules |
//! | `by_scope` | a batch of several scopes |
//! | `exhibit` | what a rule is shown of a batch |
//! | [`records`], `parts` | what a rule of the world `span-rule` is shown, in how many calls |
//! | `crowded` | spans with more links than a rule is shown |
//! | `limits`, `policy` | what a user asks for |
//! | `runner` | a loaded rule and its instances |
//! | `native` | rules without a sandbox |
//! | `blame` | whether a batch, its sender or the rule is at fault |
//! | `usage` | how near a rule came to its limits |
//! | `mend` | checking a verdict, and doing what it says |
//! | `counts`, `systems`, `reasons` | what was done, to whom, and why the rest was not |
//! | `explain` | why a span was or was not mended |
//! | `hold` | spans that wait for their producers |
//! | `origin` | whose a span is |
//! | `scope`, `scoping` | which senders see each other's messages |
//! | `text` | texts of others, with nothing in them that a terminal would obey |
//! | [`index`] | which span produced which message |

mod blame;
mod by_scope;
mod changes;
mod clock;
mod counts;
mod crowded;
mod error;
mod exhibit;
mod explain;
mod hold;
pub mod index;
pub mod interface;
mod limits;
mod mend;
mod mended;
mod native;
mod options;
mod origin;
mod parts;
mod policy;
mod processor;
mod reasons;
pub mod records;
mod release;
mod runner;
mod scope;
mod scoping;
mod systems;
mod text;
mod usage;
mod workspace;

pub use changes::Changes;
pub use clock::{Clock, Instant};
pub use counts::Counts;
pub use error::{FaultReason, ProcessError, RuleFault, VerdictError};
pub use exhibit::Shown;
pub use explain::{Asked, AskedError, Explanation, RuleExplanation};
pub use hold::{HoldOptions, HoldStats};
pub use limits::Limits;
pub use linkmend_wire as wire;
pub use mended::Mended;
pub use native::{MakeNative, NativeRule, native};
pub use options::{Acknowledgement, ProcessOptions};
pub use parts::in_parts;
pub use policy::OnError;
pub use processor::{Processor, ProcessorOptions};
pub use reasons::{Reason, ReasonCount, Reasons, Whose};
pub use release::Releasing;
pub use runner::{LoadedRule, Make, Runner, selector};
pub use scope::{Scope, keep_scope, kept_scope};
pub use scoping::{Scoping, resource_scopes};
pub use systems::{SystemCounts, Systems};
pub use text::{clip, plain, plain_lines};
pub use usage::{RuleUsage, Usage};
