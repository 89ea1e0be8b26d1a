//! The workbench through its public face.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod bench;
mod check;
mod guests;
mod new;
mod said;
mod test;
