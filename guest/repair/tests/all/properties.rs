//! Whatever the spans: the books balance and a second run changes nothing.

use super::support::*;
use linkmend_rule::{MemoryIndex, Tasks};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use proptest::collection::vec;
use proptest::prelude::*;

/// Few of everything, so that much coincides.
fn id() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(vec!["", "a", "b", "c", "1", "t.0.1"]);
    prop_oneof![
        4 => word().prop_map(text),
        1 => (0..3i64).prop_map(int),
        2 => vec(word(), 0..4).prop_map(|words| texts(&words)),
        1 => Just(Value::BoolValue(true)),
    ]
}

fn attribute() -> impl Strategy<Value = (&'static str, Value)> {
    let word = |words: &'static [&'static str]| prop::sample::select(words).prop_map(text);
    prop_oneof![
        4 => id().prop_map(|id| ("messaging.message.id", id)),
        1 => id().prop_map(|id| ("messaging.message_id", id)),
        2 => id().prop_map(|id| ("messaging.message.ids", id)),
        1 => id().prop_map(|id| ("messaging.masstransit.message_id", id)),
        3 => word(&["rabbitmq", "kafka", "sqs", "x"]).prop_map(|w| ("messaging.system", w)),
        1 => Just(("messaging.destination.name", text("t"))),
        1 => (0..2i64).prop_map(|n| ("messaging.destination.partition.id", int(n))),
        1 => (-1..2i64).prop_map(|n| ("messaging.kafka.offset", int(n))),
        1 => (0..4i64).prop_map(|n| ("messaging.batch.message_count", int(n))),
        1 => word(&["create", "send", "receive", "process", "settle"])
            .prop_map(|w| ("messaging.operation", w)),
        1 => (0..5u64, 0..2usize).prop_map(|(n, count)| {
            let header = format!("00-{:032x}-{:016x}-01", u128::from(n) | 1 << 100, n | 1 << 60);
            ("messaging.header.traceparent", texts(&vec![header.as_str(); count + 1]))
        }),
        1 => word(&["", "triggered_by", "mine"]).prop_map(|w| ("link.type", w)),
        1 => Just(("link.repaired", Value::BoolValue(true))),
        1 => (0..2i64).prop_map(|n| ("x", int(n))),
    ]
}

fn attributes() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    // Keys are unique (OpenTelemetry specification, common/README.md).
    vec(attribute(), 0..6).prop_map(|mut attributes| {
        let mut seen = std::collections::BTreeSet::new();
        attributes.retain(|(key, _)| seen.insert(*key));
        attributes
    })
}

fn link() -> impl Strategy<Value = Link> {
    (0..6u64, 0..4u8, attributes()).prop_map(|(number, damage, attributes)| {
        let mut link = link_to(number, &attributes);
        match damage {
            0 => link.trace_id = vec![0; 16],
            1 if number % 2 == 0 => link.span_id = vec![],
            1 => (link.trace_id, link.span_id) = (vec![], vec![]),
            _ => {}
        }
        link
    })
}

fn any_span(number: u64) -> impl Strategy<Value = Span> {
    let times = (0..4u64, 0..3u64);
    let ids = (0..8u64, 0..3u64);
    (0..6i32, attributes(), vec(link(), 0..6), times, ids).prop_map(
        move |(kind, attributes, links, (start, length), (trace, parent))| {
            let mut span = with_links(span(number, kind, &attributes), links);
            span.start_time_unix_nano = NOON + start * SECOND;
            span.end_time_unix_nano = span.start_time_unix_nano + length * SECOND;
            span.trace_id = trace_id(trace);
            if parent > 0 {
                span.parent_span_id = span_id(parent);
            }
            span
        },
    )
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    vec(any::<()>(), 1..6).prop_flat_map(|places| {
        let spans: Vec<_> = (0..places.len() as u64).map(any_span).collect();
        spans
    })
}

fn config() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec![0, 1, 2, 3, 128]),
        prop::sample::select(vec!["drop", "drop_bare", "keep"]),
        any::<bool>(),
        prop::sample::select(vec!["satisfied", "link"]),
        prop::sample::select(vec!["skip", "latest", "all"]),
        prop::sample::select(vec!["", "link.type"]),
    )
        .prop_map(|(max, invalid, parent, trace, ambiguous, kind)| {
            format!(
                r#"{{"max_links": {max}, "invalid_links": "{invalid}", "link_to_parent": {parent},
                "same_trace": "{trace}", "ambiguous": "{ambiguous}", "link_type_attribute": "{kind}"}}"#
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    // That a second run changes nothing is looked after by `mend_with`.
    #[test]
    fn the_books_balance(config in config(), spans in spans()) {
        let count = |spans: &[Span]| spans.iter().map(|span| span.links.len()).sum::<usize>();
        let dropped = |spans: &[Span]| spans.iter().map(|span| span.dropped_links_count as usize).sum::<usize>();
        let outcome = mend_with(&config, vec![batch("", spans.clone())]);
        let gone = outcome.invalid + outcome.duplicate + outcome.cut;
        prop_assert_eq!(count(&spans) + outcome.added, count(&outcome.spans) + gone);
        prop_assert_eq!(dropped(&outcome.spans) - dropped(&spans), outcome.cut);
    }

    #[test]
    fn deferred_or_edited_but_never_both(config in config(), spans in spans()) {
        let traces = TracesData { resource_spans: vec![batch("", spans)] };
        let tasks = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
        run(&config, tasks, &traces, &mut MemoryIndex::new(), as_encoded);
    }
}
