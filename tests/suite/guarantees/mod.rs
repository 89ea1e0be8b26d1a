//! What the host guarantees, whatever a rule answers.

mod builder;
mod oracle;
mod random;
mod targets;
mod untouched;
mod verdicts;
mod went;
