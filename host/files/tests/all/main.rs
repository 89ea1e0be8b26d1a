//! The behaviour of linkmend-files, through its public interface.

mod json;
mod samples;
