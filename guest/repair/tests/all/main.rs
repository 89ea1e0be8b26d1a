//! The built-in rule, by what it does to spans: bytes in, a verdict out,
//! applied to decoded spans.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod bytes;
mod choice;
mod configuration;
mod custom;
mod edges;
mod events;
mod explanation;
mod hops;
mod index;
mod invalid;
mod jobs;
mod keys;
mod limits;
mod names;
mod offsets;
mod parents;
mod properties;
mod reasons;
mod recipes;
mod roles;
mod satisfied;
mod spelling;
mod support;
mod times;
mod types;
mod work;
