//! The edits that bring new links into the text of one span.

use std::collections::HashMap;

use linkmend_wire::otlp::span as fields;
use linkmend_wire::{Field, Fields, Value, WireError};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::edit::{Edit, PatchError, insert, offset_in, raw, replace};
use super::encode::{Style, encode_link};

/// What the text of a span tells about its links.
#[derive(Deserialize, Default)]
struct SpanText<'t> {
    #[serde(borrow, default, deserialize_with = "raw")]
    links: Option<&'t RawValue>,
    #[serde(
        borrow,
        default,
        rename = "droppedLinksCount",
        alias = "dropped_links_count",
        deserialize_with = "raw"
    )]
    dropped: Option<&'t RawValue>,
    /// A span with this key has its keys in snake case.
    trace_id: Option<String>,
    #[serde(rename = "traceId")]
    camel_trace_id: Option<String>,
    #[serde(rename = "spanId", alias = "span_id")]
    span_id: Option<String>,
}

impl SpanText<'_> {
    fn style(&self) -> Style {
        let mut ids = [&self.trace_id, &self.camel_trace_id, &self.span_id].into_iter();
        Style {
            snake: self.trace_id.is_some(),
            base64_ids: ids.any(|id| id.as_ref().is_some_and(|id| id.ends_with('='))),
        }
    }
}

/// What the bytes of a span tell about its links.
#[derive(Default, PartialEq)]
struct SpanBytes<'b> {
    links: Vec<&'b [u8]>,
    dropped: u32,
    others: Vec<&'b [u8]>,
}

impl<'b> SpanBytes<'b> {
    fn read(span: &'b [u8]) -> Result<Self, WireError> {
        let mut read = Self::default();
        for field in Fields::new(span) {
            match field? {
                Field {
                    number: fields::LINKS,
                    value: Value::Bytes(link),
                    ..
                } => read.links.push(link),
                Field {
                    number: fields::DROPPED_LINKS_COUNT,
                    value: Value::Varint(count),
                    ..
                } => read.dropped = count as u32,
                other => read
                    .others
                    .push(span.get(other.start..other.end).unwrap_or_default()),
            }
        }
        Ok(read)
    }
}

/// Hands on the edits for the span number `index`, whose bytes were `before`
/// and are `after`.
pub(super) fn edit_span(
    text: &str,
    before: &[u8],
    after: &[u8],
    index: usize,
    mut edit: impl FnMut(Edit),
) -> Result<(), PatchError> {
    let (before, after) = (SpanBytes::read(before)?, SpanBytes::read(after)?);
    if before.others != after.others {
        return Err(PatchError::NotLinks { span: index });
    }
    let keys: SpanText<'_> = serde_json::from_str::<Option<_>>(text)?.unwrap_or_default();
    let mut members: Vec<String> = Vec::new();
    if before.links != after.links {
        let old = OldLinks::read(keys.links, &before.links)
            .ok_or(PatchError::LinkCount { span: index })?;
        let new = old.array(&after.links, keys.style())?;
        match keys.links {
            Some(value) => edit(replace(text, value, new)),
            None => members.push(format!("\"links\":{new}")),
        }
    }
    if before.dropped != after.dropped {
        let key = if keys.style().snake {
            "dropped_links_count"
        } else {
            "droppedLinksCount"
        };
        match keys.dropped {
            Some(value) => edit(replace(text, value, after.dropped.to_string())),
            None => members.push(format!("\"{key}\":{}", after.dropped)),
        }
    }
    if !members.is_empty() {
        edit(insert(text, &members.join(",")));
    }
    Ok(())
}

/// The links of a span as they stand in its text.
struct OldLinks<'t> {
    /// By their bytes; of several the first one last, to be taken first.
    texts: HashMap<&'t [u8], Vec<&'t str>>,
    /// The white space before the first link, and after the last.
    lead: &'t str,
    trail: &'t str,
}

impl<'t> OldLinks<'t> {
    /// None if text and bytes do not have the same number of links.
    fn read(value: Option<&'t RawValue>, bytes: &[&'t [u8]]) -> Option<Self> {
        let array = value.map_or("null", RawValue::get);
        let raws: Option<Vec<&'t RawValue>> = serde_json::from_str(array).ok()?;
        let raws = raws.unwrap_or_default();
        if raws.len() != bytes.len() {
            return None;
        }
        let mut texts: HashMap<_, Vec<_>> = HashMap::with_capacity(raws.len());
        for (raw, bytes) in raws.iter().zip(bytes).rev() {
            texts.entry(*bytes).or_default().push(raw.get());
        }
        let (mut lead, mut trail) = ("", "");
        if let (Some(first), Some(last)) = (raws.first(), raws.last()) {
            let end = offset_in(array.as_bytes(), last.get()) + last.get().len();
            lead = array.get(1..offset_in(array.as_bytes(), first.get()))?;
            trail = array.get(end..array.len() - 1)?;
        }
        Some(Self { texts, lead, trail })
    }

    /// The text of the array that has these links.
    fn array(mut self, links: &[&'t [u8]], style: Style) -> Result<String, PatchError> {
        if links.is_empty() {
            return Ok("[]".to_owned());
        }
        let mut array = String::from("[");
        for (index, link) in links.iter().enumerate() {
            if index > 0 {
                array.push(',');
            }
            array.push_str(self.lead);
            match self.texts.get_mut(link).and_then(Vec::pop) {
                Some(text) => array.push_str(text),
                None => array.push_str(std::str::from_utf8(&encode_link(link, style)?)?),
            }
        }
        array.push_str(self.trail);
        array.push(']');
        Ok(array)
    }
}
