//! Exit codes.

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done = 0,
    /// Some input could not be read, or an output not be written.
    Incomplete = 1,
    /// The arguments or the configuration are wrong; nothing was done.
    Usage = 2,
    /// A rule failed, and the policy was not to pass.
    Rule = 3,
    /// A rule failed, and what it failed on went on as it came.
    Unmended = 4,
    /// Ended by a signal, as shells say it.
    Interrupted = 130,
}
