//! Edits of a text, and what can go wrong with them.

use std::ops::Range;

use linkmend_wire::WireError;
use serde::{Deserialize as _, Deserializer};
use serde_json::value::RawValue;

use super::encode::EncodeError;

/// A text and the bytes that were made of it do not fit each other: a bug in
/// the caller or here, never a fault of the input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The number of spans differs.
    #[error("internal error: {before} spans were read, {after} came back, the text has {text}")]
    SpanCount {
        /// Spans in the decoded bytes.
        before: usize,
        /// Spans in the mended bytes.
        after: usize,
        /// Spans in the text.
        text: usize,
    },
    /// Something else than links changed in a span.
    #[error("internal error: something else than the links of span {span} changed")]
    NotLinks {
        /// The index of the span in the batch.
        span: usize,
    },
    /// The number of links of a span differs from what its text has.
    #[error("internal error: span {span} has other links than its text")]
    LinkCount {
        /// The index of the span in the batch.
        span: usize,
    },
    /// The mended bytes are not well-formed.
    #[error("internal error: the mended batch: {0}")]
    Wire(#[from] WireError),
    /// A link cannot be written as JSON.
    #[error("internal error: a link of the mended batch: {0}")]
    Link(#[from] EncodeError),
    /// The text is not the one that was decoded.
    #[error("internal error: the text of the batch: {0}")]
    Text(#[from] serde_json::Error),
    /// The text is not the one that was decoded.
    #[error("internal error: the text of the batch: {0}")]
    Utf8(#[from] std::str::Utf8Error),
}

/// A part of a text that is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) at: Range<usize>,
    pub(crate) with: String,
}

impl Edit {
    /// The same edit in a text that begins `by` bytes earlier.
    pub(super) fn moved(self, by: usize) -> Self {
        Self {
            at: self.at.start + by..self.at.end + by,
            with: self.with,
        }
    }
}

/// The part `range` of `text` with the edits that lie in it.
pub(crate) fn apply(text: &[u8], range: Range<usize>, mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|edit| edit.at.start);
    let grown: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let mut out = Vec::with_capacity(range.len() + grown);
    let mut done = range.start;
    for edit in edits {
        out.extend_from_slice(text.get(done..edit.at.start).unwrap_or_default());
        out.extend_from_slice(edit.with.as_bytes());
        done = edit.at.end.max(done);
    }
    out.extend_from_slice(text.get(done..range.end).unwrap_or_default());
    out
}

/// Another text in the place of a value.
pub(super) fn replace(text: &str, value: &RawValue, with: String) -> Edit {
    let start = offset_in(text.as_bytes(), value.get());
    Edit {
        at: start..start + value.get().len(),
        with,
    }
}

/// New members behind the last one of an object.
pub(super) fn insert(text: &str, members: &str) -> Edit {
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    match inner.map(str::trim_end) {
        // `null` in the place of a span.
        None => Edit {
            at: 0..text.len(),
            with: format!("{{{members}}}"),
        },
        Some("") => Edit {
            at: 1..1,
            with: members.to_owned(),
        },
        Some(inner) => Edit {
            at: inner.len() + 1..inner.len() + 1,
            with: format!(",{members}"),
        },
    }
}

/// Where `part`, a part of `text`, begins in it.
pub(super) fn offset_in(text: &[u8], part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Keeps `null` apart from an absent key: both have a place in the text.
pub(super) fn raw<'de, D: Deserializer<'de>>(json: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(json).map(Some)
}
