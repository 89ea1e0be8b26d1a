//! Spans with more links than a rule is shown: what goes is counted, and what is
//! left is what the rule would have left.

use linkmend::Limits;
use linkmend_tests::engine_test;
use linkmend_tests::otlp::{batch, kind, link, span, spans_of, text};
use linkmend_tests::rule_test;
use opentelemetry_proto::tonic::trace::v1::span::Link;

/// `max_links`, and how many links a rule is shown of a span.
const MOST: usize = 128;
const SHOWN: usize = 8 * MOST;

engine_test! {
    fn only_so_many_are_left(arm, order) {
        for (keep, first) in [("first", 1), ("last", 5000 - 127)] {
            let processor = arm.engine(&format!(r#"{{"keep_links": "{keep}"}}"#));
            let mut crowded = span(1, kind::PRODUCER, "send", Vec::new());
            crowded.dropped_links_count = 3;
            crowded.links = (1..=5000).map(link).collect();
            let mended = processor.process(order.of(&batch(vec![crowded]))).unwrap();
            assert_eq!(mended.faults, []);
            let [out] = &spans_of(&mended.traces.unwrap())[..] else {
                panic!("one span");
            };
            let ids: Vec<_> = out.links.iter().map(|link| link.span_id.clone()).collect();
            let expected: Vec<_> = (first..first + 128).map(|number| link(number).span_id).collect();
            assert_eq!(ids, expected, "{keep}");
            assert_eq!(out.dropped_links_count, 3 + 5000 - 128);
            assert_eq!(mended.counts.links_in, 5000);
            assert_eq!(mended.counts.links_cut, 5000 - 128);
            assert_eq!(mended.counts.links_out, 128);
        }
    }
}

engine_test! {
    fn those_that_are_invalid_or_said_twice_go_first(arm, order) {
        let processor = arm.engine("{}");
        let mut crowded = span(1, kind::PRODUCER, "send", Vec::new());
        let invalid = Link::default();
        let repeated = std::iter::repeat_n;
        let links = repeated(invalid, 100_000).chain(repeated(link(7), 10_000)).chain([link(8)]);
        crowded.links = links.collect();
        let mended = processor.process(order.of(&batch(vec![crowded]))).unwrap();
        assert_eq!(mended.faults, []);
        let counts = &mended.counts;
        assert_eq!(counts.links_in, 110_001);
        assert_eq!(counts.links_dropped_invalid, 100_000);
        assert_eq!(counts.links_dropped_duplicate, 9999);
        assert_eq!((counts.links_cut, counts.links_out), (0, 2));
        let out = spans_of(&mended.traces.unwrap());
        assert_eq!(out[0].dropped_links_count, 0);
        assert_eq!(out[0].links.len(), 2);
    }
}

engine_test! {
    fn who_only_remembers_changes_nothing(arm, order) {
        let processor = arm.engine("{}");
        let message = vec![
            text("messaging.system", "rabbitmq"),
            text("messaging.destination.name", "orders"),
            text("messaging.message.id", "1"),
        ];
        let mut crowded = span(1, kind::PRODUCER, "send", message);
        crowded.links = (0..10 * SHOWN as u64).map(|number| link(number % 5 + 1)).collect();
        let sent = order.of(&batch(vec![crowded]));
        let mended = processor.remember(sent.clone()).unwrap();
        assert_eq!(mended.faults, []);
        assert_eq!(mended.traces, Some(sent));
    }
}

rule_test! {
    fn a_lower_limit_shows_fewer(arm, order) {
        let limits = Limits { max_links: 2, ..Limits::default() };
        let rule = arm.rule(r#"{"max_links": 2}"#).with_limits(limits);
        let processor = linkmend::Processor::builder().rule(rule).build().unwrap();
        let mut crowded = span(1, kind::PRODUCER, "send", Vec::new());
        crowded.links = (1..=100).map(link).collect();
        let mended = processor.process(order.of(&batch(vec![crowded]))).unwrap();
        assert_eq!(mended.faults, []);
        assert_eq!(mended.counts.links_cut, 98);
        assert_eq!(spans_of(&mended.traces.unwrap())[0].links.len(), 2);
    }
}

/// More than the spans of a batch may have, however they are spread.
#[test]
fn too_many_in_a_batch_are_refused() {
    use linkmend_tests::arms::Arm;
    let processor = Arm::Native.processor("{}");
    let crowded = |number| {
        let mut crowded = span(number, kind::PRODUCER, "send", Vec::new());
        crowded.links = vec![Link::default(); SHOWN];
        crowded
    };
    let many = |count| batch((1..=count).map(crowded).collect());
    assert_eq!(processor.process(many(512)).unwrap().faults, []);
    let error = processor.process(many(513)).unwrap_err().to_string();
    assert!(error.contains("more than 524,288 links"), "{error}");
}
