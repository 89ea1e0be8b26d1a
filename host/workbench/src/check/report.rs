//! What a check says.

use serde::Serialize;

use crate::heard::Lines;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is as it should be.
    Ok,
    /// It works, and its author should know.
    Note,
    /// It is not as it must be.
    Failed,
    /// Something before it failed.
    Skipped,
}

/// One check. As JSON it has these keys.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Names it, always in the same way: `component`, `trace:invalid-ids`, …
    pub id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found.
    pub reason: String,
    /// What to do about it; `null` when there is nothing to do.
    pub way_out: Option<String>,
}

/// What was checked of a rule. As JSON it has these keys.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `builtin`, or the path of the component.
    pub rule: String,
    /// No check failed.
    pub ok: bool,
    /// In the order in which they were made.
    pub checks: Vec<Check>,
    /// What the longest call took, in nanoseconds; `null` when there was none.
    pub longest_call_ns: Option<u64>,
    /// `limits.call_time`, in nanoseconds.
    pub call_time_limit_ns: u64,
    /// The greatest linear memory of an instance, in bytes; `null` when there
    /// was none.
    pub memory: Option<usize>,
    /// `limits.memory`, in bytes.
    pub memory_limit: usize,
    /// What the rule said meanwhile.
    pub said: Lines,
}

impl Check {
    pub(super) fn new(id: &str, outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            outcome,
            reason: reason.into(),
            way_out: None,
        }
    }

    pub(super) fn ok(id: &str, reason: impl Into<String>) -> Self {
        Self::new(id, Outcome::Ok, reason)
    }

    pub(super) fn failed(id: &str, reason: impl Into<String>) -> Self {
        Self::new(id, Outcome::Failed, reason)
    }

    pub(super) fn note(id: &str, reason: impl Into<String>) -> Self {
        Self::new(id, Outcome::Note, reason)
    }

    pub(super) fn way_out(mut self, text: impl Into<String>) -> Self {
        self.way_out = Some(text.into());
        self
    }
}
