//! What linkmend is measured on: generated batches, the same on every machine.
//!
//! `cargo xtask bench`, `cargo xtask hop` and `linkmend rule bench` measure on
//! these, so that their figures can be compared.
//!
//! # Layout
//!
//! | module | what it has |
//! |---|---|
//! | `workload` | the sorts of traffic, and batches of them |
//! | [`spans`] | spans, made of prost's structs |
//! | [`order`] | the field orders that senders write |
#![forbid(unsafe_code)]

pub mod order;
pub mod spans;
mod workload;

pub use workload::{Traffic, Workload};
