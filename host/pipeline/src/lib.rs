//! The pipeline of linkmend.
//!
//! So far this is its configuration ([`config`]): everything that can be known
//! before a port opens.
#![forbid(unsafe_code)]

pub mod config;
