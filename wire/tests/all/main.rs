//! The proof of `linkmend-wire`: bytes made by hand, random batches against
//! prost, and the fuzz targets in a bounded run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, and says what it is by its name"
)]

#[path = "../shared/mod.rs"]
mod shared;

mod bounded;
mod bytes;
mod deep;
mod errors;
mod forms;
mod growth;
mod links;
mod located;
mod properties;
mod selection;
