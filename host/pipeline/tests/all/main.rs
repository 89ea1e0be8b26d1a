//! The suite of the pipeline.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

mod collectors;
mod components;
mod exporters;
mod faults;
mod files;
mod health_check;
mod index;
mod manual;
mod merging;
mod otlp_receiver;
mod properties;
mod scope;
mod service;
mod support;
mod telemetry;
