//! A processor cannot be made.

use linkmend_core::plain;
use linkmend_sandbox::LoadReason;

/// A rule cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}", plain(&format!("rule `{rule}` cannot be loaded: {reason}")))]
pub struct LoadError {
    /// The rule's name, or the file it is in.
    pub rule: String,
    /// Which of the rules it is, from 0, in the order in which they were given;
    /// `None` when it is about all.
    pub number: Option<usize>,
    /// Why.
    #[source]
    pub reason: LoadReason,
}

impl LoadError {
    /// It is about all rules.
    pub(crate) fn of_all(reason: LoadReason) -> Self {
        Self {
            rule: "(all)".into(),
            number: None,
            reason,
        }
    }
}
