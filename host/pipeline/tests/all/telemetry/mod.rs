//! What linkmend tells of itself.

mod debug;
mod logs;
mod memory_limiter;
mod metrics;
mod traces;
