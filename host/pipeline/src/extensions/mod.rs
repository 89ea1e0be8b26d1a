//! What is not on the way of batches.

pub mod file_storage;
pub mod flows;
pub mod health_check;
