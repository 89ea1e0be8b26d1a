//! Located fields, against prost.

use std::ops::Range;

use linkmend_wire::located::{Attributes, Item, Link, Locator, Reads, Span, Value};
use linkmend_wire::{Scan, Selector};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Decoded};
use opentelemetry_proto::tonic::trace::v1::span;
use opentelemetry_proto::tonic::trace::v1::{Span as DecodedSpan, TracesData};

use super::batch::KEYS;
use super::checks;
use super::choices::Choices;
use super::select::Wanted;

/// Asserts that what is located of the selected spans of `bytes` is what prost
/// reads of them, if both can.
pub fn check(bytes: &[u8], wanted: &Wanted, choices: &mut Choices<'_>) {
    let keys = keys(choices);
    let reads = Reads::new(&keys);
    let walked = checks::walk(bytes, wanted);
    let on_the_way = check_on_the_way(bytes, &wanted.selector(), &reads);
    let Ok((scan, batch)) = walked else {
        return;
    };
    assert!(on_the_way);
    let mut locator = Locator::default();
    // What was located before leaves no trace.
    for _ in 0..2 {
        locator.locate(bytes, &scan, 0..scan.selected().len(), &reads);
    }
    let mut items = locator.located().items();
    let Some(batch) = batch else {
        let spans = items.filter(|item| matches!(item, Item::Span(_)));
        assert_eq!(spans.count(), scan.selected().len());
        return;
    };
    assert_batch(&mut items, &wanted.subset(&batch), &keys);
    assert!(items.next().is_none());
}

/// Asserts that a walk that locates on the way finds, refuses and locates what a
/// walk and a locating after it do; whether it located all.
pub fn check_on_the_way(bytes: &[u8], selector: &Selector, reads: &Reads) -> bool {
    let (mut scan, mut other) = (Scan::new(), Scan::new());
    let (mut locator, mut on_the_way) = (Locator::default(), Locator::default());
    let walked = scan.run(bytes, selector);
    let mut scan_on_the_way = || on_the_way.scan(&mut other, bytes, selector, reads, usize::MAX);
    // Over what was found before.
    let first = scan_on_the_way();
    let located = scan_on_the_way();
    assert_eq!(first, located);
    assert_eq!(located.map(drop), walked);
    let Ok(is_complete) = located else {
        return false;
    };
    assert_eq!(found(&other), found(&scan));
    if is_complete {
        locator.locate(bytes, &scan, 0..scan.selected().len(), reads);
        assert!(on_the_way.located() == locator.located());
    }
    is_complete
}

type Found = (usize, usize, usize, Vec<(Range<usize>, usize)>);

fn found(scan: &Scan) -> Found {
    let spans = scan.selected().iter();
    let spans = spans.map(|span| (span.body(), span.links));
    let counts = (scan.spans(), scan.links(), scan.invalid_spans());
    (counts.0, counts.1, counts.2, spans.collect())
}

/// What a rule may read.
fn keys(choices: &mut Choices<'_>) -> Vec<String> {
    choices.many(6, |choices| {
        let event = choices.pick(&["", "", "event:"]);
        let ending = choices.pick(&["", "", "*"]);
        format!("{event}{}{ending}", choices.pick(&KEYS))
    })
}

fn assert_batch<'a>(
    items: &mut impl Iterator<Item = Item<'a>>,
    batch: &TracesData,
    keys: &[String],
) {
    for resource_spans in &batch.resource_spans {
        let Some(Item::Resource(attributes)) = items.next() else {
            panic!("no resource");
        };
        let resource = resource_spans.resource.as_ref();
        let decoded = resource.map_or(&[][..], |resource| &resource.attributes);
        assert_attributes(attributes, decoded, keys, "");
        for scope_spans in &resource_spans.scope_spans {
            let scope = scope_spans.scope.clone().unwrap_or_default();
            match items.next() {
                Some(Item::Scope(name, version)) => {
                    assert_eq!(
                        (name, version),
                        (scope.name.as_bytes(), scope.version.as_bytes())
                    );
                }
                other => panic!("no scope: {other:?}"),
            }
            for decoded in &scope_spans.spans {
                match items.next() {
                    Some(Item::Span(span)) => assert_span(&span, decoded, keys),
                    other => panic!("no span: {other:?}"),
                }
            }
        }
    }
}

fn assert_span(span: &Span<'_>, decoded: &DecodedSpan, keys: &[String]) {
    assert_eq!(span.trace_id, id(&decoded.trace_id, 16));
    assert_eq!(u128::from(span.span_id), id(&decoded.span_id, 8));
    assert_eq!(
        u128::from(span.parent_span_id),
        id(&decoded.parent_span_id, 8)
    );
    assert_eq!(span.start, decoded.start_time_unix_nano);
    assert_eq!(span.end, decoded.end_time_unix_nano);
    assert_eq!(span.flags, decoded.flags);
    assert_eq!(span.kind, decoded.kind.cast_unsigned());
    let code = decoded.status.as_ref().map_or(0, |status| status.code);
    assert_eq!(span.status, code.cast_unsigned());
    assert_eq!(span.dropped_links, decoded.dropped_links_count);
    assert_eq!(span.name, decoded.name.as_bytes());
    assert_eq!(span.trace_state, decoded.trace_state.as_bytes());
    assert_attributes(span.attributes(), &decoded.attributes, keys, "");
    let links: Vec<_> = span.links().collect();
    assert_eq!(links.len(), decoded.links.len());
    for (link, decoded) in links.iter().zip(&decoded.links) {
        assert_link(link, decoded, keys);
    }
    assert_unread(&links, &decoded.links, keys);
    let events: Vec<_> = span.events().collect();
    let is_read = |attribute: &KeyValue| number(keys, &attribute.key, "event:").is_some();
    let shown = decoded.events.iter();
    let shown: Vec<_> = shown
        .filter(|event| event.attributes.iter().any(is_read))
        .collect();
    assert_eq!(events.len(), shown.len());
    for (event, decoded) in events.into_iter().zip(shown) {
        assert_eq!(event.time, decoded.time_unix_nano);
        assert_eq!(event.name, decoded.name.as_bytes());
        assert_attributes(event.attributes, &decoded.attributes, keys, "event:");
    }
}

fn assert_link(link: &Link<'_>, decoded: &span::Link, keys: &[String]) {
    assert_eq!(link.trace_id, id(&decoded.trace_id, 16));
    assert_eq!(u128::from(link.span_id), id(&decoded.span_id, 8));
    assert_eq!(link.trace_state, decoded.trace_state.as_bytes());
    assert_eq!(link.flags, decoded.flags);
    assert_eq!(link.attribute_count as usize, decoded.attributes.len());
    assert_attributes(link.attributes.clone(), &decoded.attributes, keys, "");
}

/// Links without unread attributes have no sum, and alike ones the same.
fn assert_unread(links: &[Link<'_>], decoded: &[span::Link], keys: &[String]) {
    let is_all_read = |link: &span::Link| {
        let mut attributes = link.attributes.iter();
        attributes.all(|attribute| number(keys, &attribute.key, "").is_some())
    };
    for (link, decoded) in links.iter().zip(decoded) {
        assert!(link.unread == 0 || !is_all_read(decoded));
        assert!(link.unread == 0 || links.len() > 1);
    }
}

fn assert_attributes(attributes: Attributes<'_>, decoded: &[KeyValue], keys: &[String], of: &str) {
    let numbered = decoded.iter().filter_map(|attribute| {
        let (number, by_beginning) = number(keys, &attribute.key, of)?;
        let key = if by_beginning { &*attribute.key } else { "" };
        let value = attribute.value.as_ref();
        Some((number, key, value.and_then(|value| value.value.as_ref())))
    });
    let numbered: Vec<_> = numbered.collect();
    let attributes: Vec<_> = attributes.collect();
    assert_eq!(attributes.len(), numbered.len());
    for (attribute, (number, key, value)) in attributes.iter().zip(numbered) {
        assert_eq!(usize::from(attribute.number), number);
        assert_eq!(attribute.key, key.as_bytes());
        assert_value(attribute.value, value);
    }
}

/// The place of a key in what is read, and whether its beginning stands there.
fn number(keys: &[String], key: &str, of: &str) -> Option<(usize, bool)> {
    let own = keys.iter().enumerate().filter_map(|(number, known)| {
        let known = known.strip_prefix(of)?;
        (!known.starts_with("event:")).then_some((number, known))
    });
    let mut full = own.clone().filter(|(_, known)| !known.ends_with('*'));
    if let Some((number, _)) = full.find(|(_, known)| *known == key) {
        return Some((number, false));
    }
    let mut beginnings = own.filter_map(|(number, known)| Some((number, known.strip_suffix('*')?)));
    let found = beginnings.find(|(_, beginning)| key.starts_with(beginning));
    found.map(|(number, _)| (number, true))
}

fn assert_value(ours: Value<'_>, decoded: Option<&Decoded>) {
    match (ours, decoded) {
        (Value::Array(elements), Some(Decoded::ArrayValue(array))) => {
            let ours: Vec<_> = elements.iter().collect();
            assert_eq!(ours.len(), elements.count() as usize);
            // An array in several pieces: the last is read, prost joins them.
            let before = array.values.len().checked_sub(ours.len()).unwrap();
            for (ours, decoded) in ours.into_iter().zip(&array.values[before..]) {
                assert_element(ours, decoded);
            }
        }
        (ours, decoded) => assert_scalar(ours, decoded),
    }
}

fn assert_element(ours: Value<'_>, decoded: &AnyValue) {
    match &decoded.value {
        Some(Decoded::ArrayValue(_)) => assert_eq!(ours, Value::None),
        decoded => assert_scalar(ours, decoded.as_ref()),
    }
}

fn assert_scalar(ours: Value<'_>, decoded: Option<&Decoded>) {
    let is_same = match (ours, decoded) {
        (Value::Text(ours), Some(Decoded::StringValue(text))) => ours == text.as_bytes(),
        (Value::Bytes(ours), Some(Decoded::BytesValue(bytes))) => ours == bytes,
        (Value::Bool(ours), Some(Decoded::BoolValue(value))) => ours == *value,
        (Value::Int(ours), Some(Decoded::IntValue(value))) => ours == *value,
        (Value::Double(ours), Some(Decoded::DoubleValue(value))) => {
            ours.to_bits() == value.to_bits()
        }
        (Value::None, None | Some(Decoded::KvlistValue(_) | Decoded::StringValueStrindex(_))) => {
            true
        }
        _ => false,
    };
    assert!(is_same, "{ours:?} is not {decoded:?}");
}

/// The number of an id, 0 when it is not valid.
fn id(bytes: &[u8], length: usize) -> u128 {
    if bytes.len() != length {
        return 0;
    }
    bytes.iter().fold(0, |id, byte| id << 8 | u128::from(*byte))
}
