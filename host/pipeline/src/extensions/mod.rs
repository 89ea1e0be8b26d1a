//! What is not on the way of batches.

pub mod file_storage;
pub mod health_check;
