//! New links in the text of Jaeger's traces: references, and nothing else.

use linkmend_wire::otlp::{link, span};
use linkmend_wire::{Field, Fields, Value, WireError};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::edit::{Edit, PatchError, insert, offset_in, replace};
use super::jaeger::{Reference, parent_of, span_texts};
use super::otlp;

/// The edits that bring the links of the spans `after` into some traces, which
/// are parts of `text`, and whose spans were `before`.
pub(in super::super) fn edits(
    text: &[u8],
    traces: &[&str],
    before: &[&[u8]],
    after: &[&[u8]],
) -> Result<Vec<Edit>, PatchError> {
    let mut texts = Vec::with_capacity(before.len());
    for trace in traces {
        texts.extend(span_texts(trace)?);
    }
    if before.len() != after.len() || before.len() != texts.len() {
        return Err(PatchError::SpanCount {
            before: before.len(),
            after: after.len(),
            text: texts.len(),
        });
    }
    let mut edits = Vec::new();
    let pairs = before.iter().zip(after).zip(texts).enumerate();
    for (number, ((before, after), span)) in pairs {
        if before == after {
            continue;
        }
        if others(before)? != others(after)? {
            return Err(PatchError::NotLinks { span: number });
        }
        let edit = edit_span(span, after)?;
        edits.extend(edit.map(|edit| edit.moved(offset_in(text, span))));
    }
    Ok(edits)
}

#[derive(Deserialize)]
struct SpanText<'t> {
    #[serde(borrow, rename = "traceID")]
    trace_id: std::borrow::Cow<'t, str>,
    #[serde(borrow, default)]
    references: Option<&'t RawValue>,
}

/// None if all links stand there already: their attributes have no place.
fn edit_span(text: &str, after: &[u8]) -> Result<Option<Edit>, PatchError> {
    let span: SpanText<'_> = serde_json::from_str(text)?;
    let raws: Option<Vec<&RawValue>> = span
        .references
        .map(|raw| serde_json::from_str(raw.get()))
        .transpose()?;
    let raws = raws.unwrap_or_default();
    let old: Vec<Reference<'_>> = raws
        .iter()
        .map(|raw| serde_json::from_str(raw.get()))
        .collect::<Result<_, _>>()?;
    let parent = parent_of(&old, &span.trace_id);
    let mut left: Vec<Option<(&RawValue, Ids)>> = raws
        .iter()
        .zip(&old)
        .enumerate()
        .map(|(place, (raw, reference))| {
            (Some(place) != parent).then(|| (*raw, Ids::of(reference)))
        })
        .collect();
    let parent = parent.and_then(|place| raws.get(place));
    let mut new: Vec<String> = parent.iter().map(|raw| raw.get().to_owned()).collect();
    for ids in links(after)? {
        let same = left
            .iter_mut()
            .find(|slot| slot.as_ref().is_some_and(|(_, old)| *old == ids));
        new.push(match same.and_then(Option::take) {
            Some((raw, _)) => raw.get().to_owned(),
            None => ids.reference(),
        });
    }
    let is_same = {
        let mut before: Vec<&str> = raws.iter().map(|raw| raw.get()).collect();
        let mut after: Vec<&str> = new.iter().map(String::as_str).collect();
        before.sort_unstable();
        after.sort_unstable();
        before == after
    };
    if is_same {
        return Ok(None);
    }
    let array = format!("[{}]", new.join(","));
    Ok(Some(match span.references {
        Some(raw) => replace(text, raw, array),
        None => insert(text, &format!("\"references\":{array}")),
    }))
}

/// Trace and span of a link, in hex.
#[derive(PartialEq, Eq)]
struct Ids {
    trace: String,
    span: String,
}

impl Ids {
    fn of(reference: &Reference<'_>) -> Self {
        let id = |text: &str, digits| otlp::id(text, digits).unwrap_or_default();
        Self {
            trace: id(&reference.trace_id, 32).to_ascii_lowercase(),
            span: id(&reference.span_id, 16).to_ascii_lowercase(),
        }
    }

    fn reference(&self) -> String {
        // Jaeger writes traces of 64 bits without the zeros.
        let trace = self.trace.strip_prefix("0000000000000000");
        let trace = trace.unwrap_or(&self.trace);
        let span = &self.span;
        format!(r#"{{"refType":"FOLLOWS_FROM","traceID":"{trace}","spanID":"{span}"}}"#)
    }
}

/// What the links of a span name.
fn links(span: &[u8]) -> Result<Vec<Ids>, WireError> {
    let mut found = Vec::new();
    for field in Fields::new(span) {
        let Field {
            number: span::LINKS,
            value: Value::Bytes(body),
            ..
        } = field?
        else {
            continue;
        };
        let mut ids = [String::new(), String::new()];
        for field in Fields::new(body) {
            let field = field?;
            let Value::Bytes(id) = field.value else {
                continue;
            };
            let [trace, span] = &mut ids;
            match field.number {
                link::TRACE_ID => *trace = hex(id),
                link::SPAN_ID => *span = hex(id),
                _ => {}
            }
        }
        let [trace, span] = ids;
        found.push(Ids { trace, span });
    }
    Ok(found)
}

fn hex(id: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(id.len() * 2);
    for byte in id {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// All of a span but what is said of its links.
fn others(span: &[u8]) -> Result<Vec<&[u8]>, WireError> {
    let mut others = Vec::new();
    for field in Fields::new(span) {
        let field = field?;
        if !matches!(field.number, span::LINKS | span::DROPPED_LINKS_COUNT) {
            others.push(span.get(field.start..field.end).unwrap_or_default());
        }
    }
    Ok(others)
}
