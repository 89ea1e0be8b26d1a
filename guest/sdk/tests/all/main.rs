//! The SDK, as an author of rules sees it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod driver;
mod edits;
mod properties;
mod refusals;
mod scripted;
mod views;
