//! Flows, from the bytes of spans to what is made of them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

mod finding;
mod pages;
mod projecting;
mod spans;
