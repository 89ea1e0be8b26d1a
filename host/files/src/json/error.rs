//! What can be wrong with a JSON text, and where.

use std::fmt;

/// A text is not OTLP/JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonError {
    /// The line in the text, from 1.
    pub line: u64,
    /// The column in bytes, from 1.
    pub column: u64,
    /// The way to the value at fault, such as
    /// `resourceSpans[0].scopeSpans[1].spans[3].traceId`; empty at the top.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

impl JsonError {
    pub(super) fn new(error: &serde_json::Error, path: String) -> Self {
        // serde_json writes the position behind the reason; ours is counted
        // from the start of the input, so it is told apart.
        let mut reason = error.to_string();
        if let Some(at) = reason.rfind(" at line ") {
            reason.truncate(at);
        }
        if error.is_syntax() || error.is_eof() {
            reason.insert_str(0, "not JSON: ");
        }
        Self {
            line: error.line().max(1) as u64,
            column: error.column().max(1) as u64,
            path,
            reason,
        }
    }

    /// At the beginning of the text.
    pub(super) fn here(path: String, reason: String) -> Self {
        Self {
            line: 1,
            column: 1,
            path,
            reason,
        }
    }

    /// The same error in a text of which the one at fault is a part.
    pub(super) fn within(mut self, whole: &str, part: &str) -> Self {
        let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        let before = whole.as_bytes().get(..start).unwrap_or_default();
        if self.line == 1 {
            let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            self.column += (before.len() - line_start) as u64;
        }
        self.line += memchr::memchr_iter(b'\n', before).count() as u64;
        self
    }

    pub(super) fn utf8(text: &[u8], error: std::str::Utf8Error) -> Self {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        Self {
            line: memchr::memchr_iter(b'\n', before).count() as u64 + 1,
            column: (before.len() - line_start) as u64 + 1,
            path: String::new(),
            reason: "the text is not UTF-8".to_owned(),
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for JsonError {}
