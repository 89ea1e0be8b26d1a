//! What linkmend tells of itself.

pub mod logs;
pub(crate) mod memory;
pub mod metrics;
pub(crate) mod outputs;
pub(crate) mod plain;
pub mod resource;
