//! Reads and writes OTLP trace files.
#![forbid(unsafe_code)]

pub mod json;
