//! What the host guarantees, whatever a rule answers.

mod builder;
mod oracle;
mod random;
mod untouched;
mod verdicts;
