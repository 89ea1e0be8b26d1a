//! What linkmend is measured on.
#![forbid(unsafe_code)]

pub mod workload;
