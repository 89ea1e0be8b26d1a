//! What becomes of messages that are not taken.

use crate::config::member::Member;
use crate::config::scalars::{FLAG, flag};

/// What becomes of messages that are not taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageMarking {
    /// They keep their partition from going on.
    pub after: bool,
    /// But not those that were tried for `error_backoff.max_elapsed_time`.
    pub on_error: bool,
    /// Nor those that will never be taken; `None`: as `on_error`.
    pub on_permanent_error: Option<bool>,
}

impl MessageMarking {
    /// Whether a message that will never be taken blocks its partition.
    pub fn blocks(self) -> bool {
        self.after && !self.on_permanent_error.unwrap_or(self.on_error)
    }
}

pub(in crate::config) static MARKING: &[Member<MessageMarking>] = &[
    Member::value(
        "after",
        "false",
        FLAG,
        "Whether a message that is not taken keeps its partition from going on, as the two keys below say; otherwise one that will never be taken is skipped, told and counted. Whatever it says, nothing is committed before it is taken.",
        |t, n| flag(n).map(|v| t.after = v),
    ),
    Member::value(
        "on_error",
        "false",
        FLAG,
        "With `after`: whether a message is skipped that was tried for `error_backoff.max_elapsed_time`.",
        |t, n| flag(n).map(|v| t.on_error = v),
    ),
    Member::value(
        "on_permanent_error",
        "null",
        FLAG,
        "With `after`: whether a message is skipped that will never be taken, or cannot be read; by default as `on_error`.",
        |t, n| flag(n).map(|v| t.on_permanent_error = Some(v)),
    ),
];
