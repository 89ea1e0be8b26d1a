//! The behaviour of linkmend-files, through its public interface.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "a test may fail"
)]

mod faults;
mod files;
mod json;
mod output;
mod patch;
mod samples;
