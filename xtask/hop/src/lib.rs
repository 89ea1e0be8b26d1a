//! Measuring `linkmend run` from outside: what `cargo xtask hop` and `cargo xtask fleet`
//! share.
//!
//! # Layout
//!
//! | module | what it has |
//! |---|---|
//! | [`grpc`] | as much of gRPC as a sender and a sink of OTLP need |
//! | [`load`] | senders |
//! | [`process`] | `linkmend run`, as a process of its own |
//! | [`sink`] | where batches end |
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures are rounded"
)]

pub mod grpc;
pub mod load;
pub mod process;
pub mod sink;
