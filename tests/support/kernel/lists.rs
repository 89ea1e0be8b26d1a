//! What crosses the boundary of the module, byte for byte as docs/kernel.md says, and
//! written by nothing that the kernel reads it with.

use bytes::Bytes;
use linkmend::index::{MessageKey, Producer, Recalled, Text};
use linkmend::interface::Verdict;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message as _;

/// All spans of a batch are so many.
pub(super) fn is_all(batch: &[u8], spans: usize) -> bool {
    crate::otlp::spans_of(batch).len() == spans
}

/// A batch with what the kernel says of it, as a host does it that has it as structs.
pub(super) fn applied(batch: &[u8], changed: &[usize], links: &[u8], held: &[usize]) -> Bytes {
    let mut traces = TracesData::decode(batch).unwrap();
    let mended: Vec<Span> = crate::otlp::spans_of(links);
    assert_eq!(mended.len(), changed.len());
    let mut mended = changed.iter().zip(mended).peekable();
    let mut place = 0;
    let mut keep = |span: &mut Span| {
        let here = place;
        place += 1;
        if let Some((_, mended)) = mended.next_if(|(place, _)| **place == here) {
            assert_eq!((&mended.name, mended.span_id.len()), (&String::new(), 0));
            span.links = mended.links;
            if mended.dropped_links_count != 0 {
                span.dropped_links_count = mended.dropped_links_count;
            }
        }
        !held.contains(&here)
    };
    for resource in &mut traces.resource_spans {
        for scope in &mut resource.scope_spans {
            scope.spans.retain_mut(&mut keep);
        }
        resource.scope_spans.retain(|scope| !scope.spans.is_empty());
    }
    traces
        .resource_spans
        .retain(|resource| !resource.scope_spans.is_empty());
    traces.encode_to_vec().into()
}

/// A verdict as the canonical ABI lays its lists out.
pub(super) fn put_verdict(out: &mut Vec<u8>, verdict: &Verdict) {
    let mut lists: [Vec<u8>; 7] = Default::default();
    let [
        edits,
        attributes,
        notes,
        deferrals,
        keys,
        texts,
        explanations,
    ] = &mut lists;
    let text = |list: &mut Vec<u8>, text: Text| put(list, &[text.offset, text.length]);
    for edit in &verdict.edits {
        put(edits, &[edit.span, edit.link]);
        edits.extend([
            edit.action as u8,
            edit.reason as u8,
            0xaa,
            0xaa,
            0xaa,
            0xaa,
            0xaa,
            0xaa,
        ]);
        let context = &edit.context;
        for id in [context.trace_id_high, context.trace_id_low, context.span_id] {
            edits.extend(id.to_le_bytes());
        }
        text(edits, context.trace_state);
        put(edits, &[context.flags, 0xaaaa_aaaa]);
        put(edits, &[edit.first_attribute, edit.attribute_count]);
    }
    for attribute in &verdict.attributes {
        text(attributes, attribute.key);
        attributes.extend([attribute.kind as u8, 0xaa, 0xaa, 0xaa]);
        text(attributes, attribute.text);
        put(attributes, &[0xaaaa_aaaa]);
        attributes.extend(attribute.bits.to_le_bytes());
    }
    for note in &verdict.notes {
        put(notes, &[note.span]);
        notes.extend([note.kind as u8, 0xaa, 0xaa, 0xaa]);
        put(notes, &[note.count]);
    }
    for deferral in &verdict.deferrals {
        let numbers = [deferral.span, deferral.first_key, deferral.key_count];
        put(deferrals, &numbers);
    }
    for key in &verdict.keys {
        put_key(keys, *key);
    }
    texts.extend(&verdict.texts);
    for explanation in &verdict.explanations {
        put(explanations, &[explanation.span]);
        text(explanations, explanation.text);
    }
    for list in &lists {
        put(out, &[list.len() as u32]);
    }
    out.extend(lists.concat());
}

fn put(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend(number.to_le_bytes());
    }
}

pub(super) fn put_key(out: &mut Vec<u8>, key: MessageKey) {
    out.extend(key.high.to_le_bytes());
    out.extend(key.low.to_le_bytes());
}

pub(super) fn put_producer(out: &mut Vec<u8>, producer: &Producer) {
    put_key(out, producer.key);
    for number in [
        producer.trace_id_high,
        producer.trace_id_low,
        producer.span_id,
        producer.start,
        producer.end,
    ] {
        out.extend(number.to_le_bytes());
    }
    let state = producer.trace_state;
    put(out, &[state.offset, state.length, producer.flags]);
    out.extend(producer.hint.to_le_bytes());
    out.extend([producer.rank, 0]);
}

/// The answer of `index_recall`.
pub(super) fn recalled(bytes: &[u8]) -> Recalled {
    let (lengths, rest) = bytes.split_at(16);
    let lengths: Vec<usize> = lengths
        .chunks(4)
        .map(|number| u32::from_le_bytes(number.try_into().unwrap()) as usize)
        .collect();
    assert_eq!(lengths[0], 0);
    let (counts, rest) = rest.split_at(lengths[1]);
    let (producers, texts) = rest.split_at(lengths[2]);
    assert_eq!(texts.len(), lengths[3]);
    let producers = producers.chunks(72).map(|bytes| {
        let wide = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let narrow = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        Producer {
            key: MessageKey {
                high: wide(0),
                low: wide(8),
            },
            trace_id_high: wide(16),
            trace_id_low: wide(24),
            span_id: wide(32),
            start: wide(40),
            end: wide(48),
            trace_state: Text {
                offset: narrow(56),
                length: narrow(60),
            },
            flags: narrow(64),
            hint: u16::from_le_bytes([bytes[68], bytes[69]]),
            rank: bytes[70],
        }
    });
    Recalled {
        counts: counts.to_vec(),
        producers: producers.collect(),
        texts: texts.to_vec(),
    }
}
