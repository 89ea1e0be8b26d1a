//! What is not on the way of batches.

pub mod health_check;
