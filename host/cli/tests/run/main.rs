//! `linkmend run` from end to end: the process as users start it, between
//! senders and a backend.
//!
//! ```text
//! senders of our own, SDKs of OpenTelemetry ─► linkmend run ─► an intake of our own
//! ```
//!
//! Tests with SDKs need what `tests/clients/set-up` installs, those with a
//! Collector, other servers of grpc-go or a registry what `tests/peers/set-up` builds, and
//! say when it is not there; those with Kafka need what `tests/kafka/set-up` fetches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod answers;
mod clients;
mod deploy;
mod ending;
mod examples;
mod flows;
mod helm;
#[cfg(target_os = "linux")]
mod hostile;
mod init;
mod intake;
mod kafka;
mod killed;
#[cfg(target_os = "linux")]
#[path = "../shared/loops.rs"]
mod loops;
mod loss;
mod metrics;
mod operation;
mod own_traces;
mod peers;
mod registry;
mod signals;
mod support;
mod tenants;
mod tls;
