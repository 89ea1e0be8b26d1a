//! Where batches go.

pub mod debug;
pub mod file;
