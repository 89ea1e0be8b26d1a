//! What is not on the way of batches.
