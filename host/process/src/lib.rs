//! Mends span links in trace files: what `linkmend process` does.
//!
//! ```text
//!           first reading                    second reading
//! input ─► decode ─► remember      input ─► decode ─► mend ─► render ─► output
//!                        │                              ▲
//!                        └──────── message index ───────┘
//! ```
//!
//! Inputs are read twice: all of them first to remember who produced which
//! message, then to mend. So a consumer finds its producer wherever that is,
//! in another file or further down, and nothing need be held in memory but the
//! index. What can be read only once (a pipe) is spooled to a temporary file on
//! the way.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `job` | what is to be done, who watches it, and how it can end |
//! | `run` | the whole: inputs, two readings, outputs, summary |
//! | `input` | what is read, once or twice |
//! | `output` | where it goes |
//! | `work` | what any thread does with a piece of an input |
//! | `parallel` | many threads, one order, bounded memory |
//! | `summary` | the figures at the end |
#![forbid(unsafe_code)]
#![allow(
    clippy::result_large_err,
    reason = "a job fails once: how large its error is costs nothing"
)]

mod input;
mod job;
mod output;
mod parallel;
mod run;
mod summary;
mod work;

pub use input::{Input, InputError};
pub use job::{Event, Job, JobError, Observer, Pass, WrittenFiles};
pub use output::{Output, OutputError};
pub use run::run;
pub use summary::{AdvisedReason, Summary};
