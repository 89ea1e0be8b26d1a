//! What is done with batches.

pub mod memory_limiter;
