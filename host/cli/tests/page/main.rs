//! The page of `linkmend flows`, in a real browser without a window.
//!
//! With `LINKMEND_SCREENSHOTS` set to a folder, what it looked like is kept there.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod browser;
mod many;
mod orders;
mod tab;
