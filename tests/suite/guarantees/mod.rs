//! What the host guarantees, whatever a rule answers.

mod oracle;
mod untouched;
mod verdicts;
