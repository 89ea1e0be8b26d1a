//! Members of groups and producers with a real Kafka (`tests/kafka/set-up`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

#[path = "../../../../tests/support/kafka.rs"]
mod kafka;
mod member;
mod producer;
mod support;
