//! The built-in rule, native and in the sandbox, on batches in both field
//! orders. What it decides is tested beside it; here it meets the host.

use std::sync::Arc;

use bytes::Bytes;
use linkmend::Processor;
use linkmend::index::{IndexOptions, MemoryIndex};
use linkmend_tests::engine_test;
use linkmend_tests::otlp::{batch, kind, link, message, span, spans_of, text};
use linkmend_tests::rule_test;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

fn producer() -> Span {
    message(7, kind::PRODUCER, "4711")
}

fn consumer() -> Span {
    message(8, kind::CONSUMER, "4711")
}

/// A call, a consumer, and a span with an invalid link and a good one twice.
fn consumers() -> Bytes {
    let mut linked = span(9, kind::SERVER, "linked", Vec::new());
    linked.links = vec![link(0), link(1), link(1)];
    batch(vec![
        span(10, kind::SERVER, "call", vec![text("http.route", "/")]),
        consumer(),
        linked,
    ])
}

engine_test! {
    fn a_consumer_is_linked_to_its_producer(arm, order) {
        let processor = arm.engine("{}");
        processor.process(order.of(&batch(vec![producer()]))).unwrap();
        let mended = processor.process(order.of(&consumers())).unwrap();
        assert_eq!(mended.faults, []);
        let out = mended.traces.unwrap();
        let spans = spans_of(&out);
        assert_eq!(spans[1].links.len(), 1);
        assert_eq!(spans[1].links[0].span_id, producer().span_id);
        assert_eq!(spans[1].links[0].trace_id, producer().trace_id);
        assert_eq!(spans[2].links.len(), 1);
        let counts = mended.counts;
        assert_eq!((counts.links_added, counts.links_dropped_invalid), (1, 1));
        assert_eq!((counts.links_dropped_duplicate, counts.links_out), (1, 2));
    }
}

engine_test! {
    fn its_own_output_stays_as_it_is(arm, order) {
        let processor = arm.engine("{}");
        processor.process(order.of(&batch(vec![producer()]))).unwrap();
        let once = processor.process(order.of(&consumers())).unwrap().traces.unwrap();
        let again = processor.process(once.clone()).unwrap();
        assert_eq!(again.traces.unwrap(), once);
        assert_eq!(again.counts.links_added, 0);
    }
}

rule_test! {
    fn reading_twice_finds_what_comes_later(arm, order) {
        let processor = arm.processor("{}");
        assert!(processor.uses_index());
        let late = order.of(&batch(vec![consumer(), producer()]));
        let other = order.of(&consumers());
        for batch in [&other, &late] {
            let mended = processor.remember(batch.clone()).unwrap();
            assert_eq!(mended.faults, []);
            assert_eq!(mended.traces.as_ref(), Some(batch));
        }
        let mended = processor.mend(other).unwrap();
        assert_eq!(mended.counts.links_added, 1);
    }
}

engine_test! {
    fn traffic_without_messages_or_links_is_not_touched(arm, order) {
        let processor = arm.engine("{}");
        let calls = (1..50).map(|number| span(number, kind::SERVER, "call", Vec::new()));
        let batch = order.of(&batch(calls.collect()));
        let mended = processor.process(batch.clone()).unwrap();
        assert_eq!(mended.traces.unwrap().as_ptr(), batch.as_ptr());
    }
}

rule_test! {
    fn a_producer_that_was_forgotten_leaves_its_message_unresolved(arm, order) {
        let index = MemoryIndex::new(IndexOptions { max_entries: 1, time_to_live: None });
        let processor = Processor::builder()
            .rule(arm.rule("{}"))
            .index(Arc::new(index))
            .build()
            .unwrap();
        let others = (100..120u64).map(|number| Span {
            span_id: number.to_be_bytes().to_vec(),
            ..message(7, kind::PRODUCER, &format!("other {number}"))
        });
        let sent = std::iter::once(producer()).chain(others);
        processor.process(order.of(&batch(sent.collect()))).unwrap();
        let mended = processor.process(order.of(&batch(vec![consumer()]))).unwrap();
        let counts = mended.counts;
        assert_eq!((counts.links_added, counts.unresolved), (0, 1));
    }
}

// The host of the kernel here has batches as structs, which know no such fields.
rule_test! {
    fn fields_that_nobody_knows_survive_a_repair(arm, order) {
        let processor = arm.engine("{}");
        processor.process(order.of(&batch(vec![producer()]))).unwrap();
        let unknown = [0xfa, 0x3f, 3, b'n', b'e', b'w'];
        let mut span = consumer().encode_to_vec();
        span.extend(unknown);
        let in_field = |number: u8, body: &[u8]| {
            let mut field = vec![number << 3 | 2];
            prost::encoding::encode_varint(body.len() as u64, &mut field);
            field.extend(body);
            field
        };
        let bytes = in_field(1, &in_field(2, &in_field(2, &span)));
        let mended = processor.process(order.of(&bytes.into())).unwrap();
        assert_eq!(mended.counts.links_added, 1);
        let out = mended.traces.unwrap();
        assert_eq!(spans_of(&out)[0].links[0].span_id, producer().span_id);
        assert!(out.windows(unknown.len()).any(|window| window == unknown));
    }
}

engine_test! {
    fn every_drop_is_told_of_when_that_is_wanted(arm, order) {
        let processor = arm.engine(r#"{"count_invalid_in_dropped": true}"#);
        let mended = processor.process(order.of(&consumers())).unwrap();
        let out = mended.traces.unwrap();
        assert_eq!(spans_of(&out)[2].dropped_links_count, 2);
        let counts = mended.counts;
        assert_eq!((counts.links_dropped_invalid, counts.links_dropped_duplicate), (1, 1));
    }
}
