//! The behaviour of linkmend-files, through its public interface.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "a test may fail"
)]

mod bounded;
mod damage;
mod exports;
mod faults;
mod files;
mod json;
mod names;
mod output;
mod patch;
mod samples;

#[path = "../../../../wire/tests/shared/mod.rs"]
#[allow(dead_code, reason = "the targets of linkmend-wire use the rest")]
mod shared;
#[path = "../shared/mod.rs"]
mod targets;
