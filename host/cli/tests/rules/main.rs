//! Rules in Python and JavaScript: built with their toolchains, and run by the
//! command on their golden traces, under the limits that a user has.
//!
//! The toolchains are those that `tests/rules/set-up` installs; without them
//! (`LINKMEND_RULE_TOOLCHAINS`) most tests here say that they are skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

mod building;
mod cases;
mod docs;
mod examples;
mod large;
mod mistakes;
mod toolchains;
