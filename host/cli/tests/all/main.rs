//! The command line, by what a user gives and gets: the real binary, in a
//! folder of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod author;
mod cache;
mod compile;
mod explain;
mod formats;
mod health_checks;
mod help;
mod init;
mod inputs;
#[path = "../shared/loops.rs"]
mod loops;
mod manual;
mod many;
mod mending;
mod outputs;
mod place;
mod rule;
mod rules;
#[cfg(unix)]
mod shared;
mod signals;
mod summary;
mod texts;
mod traces;
mod trust;
