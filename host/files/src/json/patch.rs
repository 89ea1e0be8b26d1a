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

use super::edit::{Edit, PatchError, apply, offset_in};
use super::element::ElementKind;
use super::exports::jaeger_edits;
use super::layout::{Layout, span_texts};
use super::quick::SpanPlaces;
use super::span::edit_span;

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
    let layout = Layout::of(std::str::from_utf8(text)?)?;
    let edits = span_edits(text, &layout, before, after)?;
    Ok(Cow::Owned(apply(text, 0..text.len(), edits)))
}

/// The edits that bring the links of `after` into the elements of a layout,
/// which are parts of `text`.
pub(crate) fn span_edits(
    text: &[u8],
    layout: &Layout<'_>,
    before: &[u8],
    after: &[u8],
) -> Result<Vec<Edit>, PatchError> {
    if before == after {
        return Ok(Vec::new());
    }
    if layout.kind == ElementKind::JaegerTrace {
        let (before, after) = (spans(before)?, spans(after)?);
        return jaeger_edits(text, &layout.elements, &before, &after);
    }
    let texts = span_texts(&layout.elements)?;
    let places: SpanPlaces = texts
        .iter()
        .map(|span| {
            let start = offset_in(text, span);
            start..start + span.len()
        })
        .collect();
    edits_at(text, &places, before, after)
}

/// The same where it is known at which places of `text` its spans stand.
pub(crate) fn edits_at(
    text: &[u8],
    places: &[Range<usize>],
    before: &[u8],
    after: &[u8],
) -> Result<Vec<Edit>, PatchError> {
    let mut edits = Vec::new();
    if before == after {
        return Ok(edits);
    }
    let (before, after) = (spans(before)?, spans(after)?);
    if before.len() != after.len() || before.len() != places.len() {
        return Err(PatchError::SpanCount {
            before: before.len(),
            after: after.len(),
            text: places.len(),
        });
    }
    let pairs = before.iter().zip(&after).zip(places).enumerate();
    for (span, ((before, after), place)) in pairs {
        if before != after {
            let raw = text.get(place.clone()).unwrap_or_default();
            edit_span(std::str::from_utf8(raw)?, before, after, span, |edit| {
                edits.push(edit.moved(place.start));
            })?;
        }
    }
    Ok(edits)
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
