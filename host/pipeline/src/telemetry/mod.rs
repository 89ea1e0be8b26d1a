//! What linkmend tells of itself.

pub mod metrics;
