//! Records, as they cross the boundary in the world `span-rule`: they borrow
//! from each other, and are made for one call.

use std::ops::Range;

use linkmend_core::records::{self, Records};

use crate::bindings::span_rule::exports::linkmend::rule::spans::{
    KeyValue, Link, Origin, Span, Traces, Value,
};

/// What arrays hold, of all records.
struct Elements<'r> {
    texts: Vec<&'r str>,
    integers: &'r [i64],
}

/// Makes the records: all origins, and all spans, whose `origin` is a place
/// among these.
pub(crate) fn with<R>(
    records: &Records<'_>,
    use_them: impl FnOnce(&[Origin<'_>], &[Span<'_>]) -> R,
) -> R {
    let elements = Elements {
        texts: records.texts.iter().map(AsRef::as_ref).collect(),
        integers: &records.integers,
    };
    let attributes: Vec<KeyValue<'_>> = records
        .attributes
        .iter()
        .map(|(key, value)| KeyValue {
            key,
            value: value_of(value, &elements),
        })
        .collect();
    let of = |range: &Range<usize>| attributes.get(range.clone()).unwrap_or_default();
    let links: Vec<Link<'_>> = records
        .links
        .iter()
        .map(|link| link_of(link, of(&link.attributes)))
        .collect();
    let origins: Vec<Origin<'_>> = records
        .origins
        .iter()
        .map(|origin| Origin {
            resource_attributes: of(&origin.attributes),
            scope_name: &origin.scope_name,
            scope_version: &origin.scope_version,
        })
        .collect();
    let spans: Vec<Span<'_>> = records
        .spans
        .iter()
        .map(|span| {
            let links = links.get(span.links.clone()).unwrap_or_default();
            span_of(span, of(&span.attributes), links)
        })
        .collect();
    use_them(&origins, &spans)
}

/// A part of the spans, with the origins of these alone.
pub(crate) fn part<R>(
    origins: &[Origin<'_>],
    spans: &[Span<'_>],
    call: impl FnOnce(Traces<'_>) -> R,
) -> R {
    let first = spans.first().map_or(0, |span| span.origin);
    let last = spans.last().map_or(0, |span| span.origin);
    let mut spans = spans.to_vec();
    for span in &mut spans {
        span.origin -= first;
    }
    let origins = origins.get(first as usize..=last as usize);
    call(Traces {
        origins: origins.unwrap_or_default(),
        spans: &spans,
    })
}

fn span_of<'r>(
    span: &'r records::Span<'r>,
    attributes: &'r [KeyValue<'r>],
    links: &'r [Link<'r>],
) -> Span<'r> {
    Span {
        origin: span.origin,
        trace_id_high: (span.trace_id >> 64) as u64,
        trace_id_low: span.trace_id as u64,
        span_id: span.span_id,
        parent_span_id: span.parent_span_id,
        trace_state: &span.trace_state,
        name: &span.name,
        kind: span.kind,
        start_time_unix_nano: span.start,
        end_time_unix_nano: span.end,
        attributes,
        links,
        dropped_links_count: span.dropped_links_count,
        status_code: span.status,
        flags: span.flags,
    }
}

fn link_of<'r>(link: &'r records::Link<'r>, attributes: &'r [KeyValue<'r>]) -> Link<'r> {
    Link {
        trace_id_high: (link.trace_id >> 64) as u64,
        trace_id_low: link.trace_id as u64,
        span_id: link.span_id,
        trace_state: &link.trace_state,
        attributes,
        flags: link.flags,
    }
}

fn value_of<'r>(value: &'r records::Value<'r>, elements: &'r Elements<'r>) -> Value<'r> {
    match value {
        records::Value::Text(text) => Value::Text(text),
        records::Value::Boolean(value) => Value::Boolean(*value),
        records::Value::Integer(value) => Value::Integer(*value),
        records::Value::Double(value) => Value::Double(*value),
        records::Value::Bytes(bytes) => Value::Bytes(bytes),
        records::Value::Texts(range) => {
            Value::Texts(elements.texts.get(range.clone()).unwrap_or_default())
        }
        records::Value::Integers(range) => {
            Value::Integers(elements.integers.get(range.clone()).unwrap_or_default())
        }
        records::Value::Other => Value::Other,
    }
}

#[cfg(test)]
mod tests;
