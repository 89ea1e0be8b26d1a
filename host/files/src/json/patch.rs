//! New links in an old JSON text, and nothing else.
//!
//! A text that came in as JSON goes out as that text: only the values of
//! `links` and `droppedLinksCount` are replaced, in the spans whose bytes
//! changed. Unknown keys, key order, white space and the spelling of numbers
//! stay. Links that did not change keep their text too.

use std::borrow::Cow;
use std::ops::Range;

use linkmend_wire::otlp::{resource_spans, scope_spans, traces_data};
use linkmend_wire::{Fields, WireError};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::encode::EncodeError;
use super::span::{Edit, edit_span};

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

/// `text`, a `TracesData` object that was decoded to `before`, with the links
/// of `after`. The very text when both are equal.
///
/// # Errors
///
/// [`PatchError`]: the three do not belong together.
pub fn patch<'t>(text: &'t [u8], before: &[u8], after: &[u8]) -> Result<Cow<'t, [u8]>, PatchError> {
    if before == after {
        return Ok(Cow::Borrowed(text));
    }
    let text = std::str::from_utf8(text)?;
    let elements = elements(text)?;
    let edits = span_edits(text, &elements, before, after)?;
    Ok(Cow::Owned(apply(text, 0..text.len(), edits).into_bytes()))
}

/// The edits that bring the links of `after` into `elements`, which are parts
/// of `text`.
pub(crate) fn span_edits(
    text: &str,
    elements: &[&str],
    before: &[u8],
    after: &[u8],
) -> Result<Vec<Edit>, PatchError> {
    let mut edits = Vec::new();
    if before == after {
        return Ok(edits);
    }
    let (before, after) = (spans(before)?, spans(after)?);
    let texts = span_texts(elements)?;
    if before.len() != after.len() || before.len() != texts.len() {
        return Err(PatchError::SpanCount {
            before: before.len(),
            after: after.len(),
            text: texts.len(),
        });
    }
    let pairs = before.iter().zip(&after).zip(&texts).enumerate();
    for (span, ((before, after), raw)) in pairs {
        if before != after {
            let start = offset_in(text, raw);
            edit_span(raw, before, after, span, |edit| {
                edits.push(edit.moved(start));
            })?;
        }
    }
    Ok(edits)
}

/// The part `range` of `text` with the edits that lie in it.
pub(crate) fn apply(text: &str, range: Range<usize>, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.at.start);
    let grown: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let mut out = String::with_capacity(range.len() + grown);
    let mut done = range.start;
    for edit in edits {
        out.push_str(text.get(done..edit.at.start).unwrap_or_default());
        out.push_str(&edit.with);
        done = edit.at.end.max(done);
    }
    out.push_str(text.get(done..range.end).unwrap_or_default());
    out
}

/// Where `part`, a part of `text`, begins in it.
pub(super) fn offset_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The texts of the `resourceSpans` elements of an object.
pub(crate) fn elements(text: &str) -> Result<Vec<&str>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let elements = document.resource_spans.unwrap_or_default();
    Ok(elements.into_iter().map(RawValue::get).collect())
}

/// The texts of the spans of some `resourceSpans` elements, in order.
fn span_texts<'t>(elements: &[&'t str]) -> Result<Vec<&'t str>, serde_json::Error> {
    let mut texts = Vec::new();
    for element in elements {
        let element: Option<ResourceSpans<'t>> = serde_json::from_str(element)?;
        let scopes = element.and_then(|element| element.scope_spans);
        for scope in scopes.into_iter().flatten().flatten() {
            texts.extend(scope.spans.into_iter().flatten().map(RawValue::get));
        }
    }
    Ok(texts)
}

/// The spans of a batch, in order.
fn spans(batch: &[u8]) -> Result<Vec<&[u8]>, WireError> {
    let mut found = Vec::new();
    for resource in bodies(batch, traces_data::RESOURCE_SPANS) {
        for scope in bodies(resource?, resource_spans::SCOPE_SPANS) {
            for span in bodies(scope?, scope_spans::SPANS) {
                found.push(span?);
            }
        }
    }
    Ok(found)
}

/// The occurrences of one field of a message.
pub(super) fn bodies(
    message: &[u8],
    number: u32,
) -> impl Iterator<Item = Result<&[u8], WireError>> {
    Fields::new(message).filter_map(move |field| match field {
        Ok(field) if field.number == number => field.bytes().map(Ok),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

#[derive(Deserialize)]
struct Document<'t> {
    #[serde(borrow, rename = "resourceSpans", alias = "resource_spans", default)]
    resource_spans: Option<Vec<&'t RawValue>>,
}

#[derive(Deserialize)]
struct ResourceSpans<'t> {
    #[serde(borrow, rename = "scopeSpans", alias = "scope_spans", default)]
    scope_spans: Option<Vec<Option<ScopeSpans<'t>>>>,
}

#[derive(Deserialize)]
struct ScopeSpans<'t> {
    #[serde(borrow, default)]
    spans: Option<Vec<&'t RawValue>>,
}

/// Keeps `null` apart from an absent key: both have a place in the text.
pub(super) fn raw<'de, D: Deserializer<'de>>(json: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(json).map(Some)
}
