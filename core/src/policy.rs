//! What becomes of a batch when a rule fails.

/// What becomes of a batch that a rule fails on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// It goes on as it came.
    #[default]
    Pass,
    /// It is dropped.
    Drop,
    /// It is an error of the call, so that the sender can try again. A batch
    /// of held spans has no sender any more and goes on as it is.
    Reject,
}
