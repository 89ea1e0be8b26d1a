//! What linkmend tells of itself.

pub mod logs;
pub mod metrics;
pub(crate) mod outputs;
pub(crate) mod plain;
