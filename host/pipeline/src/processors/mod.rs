//! What is done with batches on their way.

pub(crate) mod linkmend;
pub mod memory_limiter;
