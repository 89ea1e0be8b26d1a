//! What is done with batches on their way.

pub(crate) mod linkmend;
