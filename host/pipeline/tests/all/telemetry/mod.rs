//! What linkmend tells of itself.

mod dashboard;
mod debug;
mod logs;
mod memory_limiter;
mod metrics;
mod otlp;
mod traces;
