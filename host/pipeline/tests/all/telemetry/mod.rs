//! What linkmend tells of itself.

mod debug;
mod logs;
