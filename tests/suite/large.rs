//! Whatever receivers and readers take, the built-in rule mends in the memory
//! that it has by default: large batches come in portions.

use bytes::Bytes;
use linkmend::{Limits, Mended, Processor};
use linkmend_tests::arms::Arm;
use linkmend_tests::otlp::{batch, integer, kind, link, span, spans_of, text, texts};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use prost::Message as _;

/// Numbers of spans that are none of the others'.
const CONSUMERS: u64 = 10_000_000;

fn message(id: &str) -> Vec<KeyValue> {
    vec![
        text("messaging.system", "rabbitmq"),
        text("messaging.destination.name", "orders"),
        text("messaging.message.id", id),
    ]
}

/// Producers first: of each message the consumer comes in another portion.
fn messages(count: u64) -> Vec<Span> {
    let id = |number| format!("id-{number:016}");
    let producers = (1..=count).map(|n| span(n, kind::PRODUCER, "send", message(&id(n))));
    let consumers =
        (1..=count).map(|n| span(CONSUMERS + n, kind::CONSUMER, "process", message(&id(n))));
    producers.chain(consumers).collect()
}

fn unknown(spans: u64, each: u64) -> Vec<Span> {
    let consumer = |number: u64| {
        let ids = (0..each).map(|place| format!("unknown-{:08}", number * each + place));
        let ids: Vec<String> = ids.collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut message = message("");
        message.pop();
        message.push(texts("messaging.message.id", &ids));
        message.push(integer("messaging.batch.message_count", each.cast_signed()));
        span(number + 1, kind::CONSUMER, "process", message)
    };
    (0..spans).map(consumer).collect()
}

fn linked(spans: u64, each: u64) -> Vec<Span> {
    let linked = |number: u64| {
        let mut linked = span(number + 1, kind::CONSUMER, "process", Vec::new());
        let first = CONSUMERS + number * each;
        linked.links = (first..first + each).map(link).collect();
        linked
    };
    (0..spans).map(linked).collect()
}

#[track_caller]
fn mended(spans: Vec<Span>) -> Mended {
    let mended = Arm::Sandbox.processor("{}").process(batch(spans)).unwrap();
    assert_eq!(mended.faults, []);
    mended
}

#[test]
fn messages_of_150_000_spans() {
    let mended = mended(messages(75_000));
    assert_eq!(mended.counts.links_added, 75_000);
    assert_eq!(mended.counts.rule_calls, 1);
}

#[test]
fn links_of_400_000() {
    let mended = mended(linked(4000, 100));
    assert_eq!(mended.counts.links_in, 400_000);
    assert_eq!(mended.counts.links_typed, 400_000);
    let out = spans_of(&mended.traces.unwrap());
    let is_typed = |link: &Link| link.attributes.iter().any(|one| one.key == "link.type");
    assert!(out.iter().all(|span| span.links.iter().all(is_typed)));
}

#[test]
fn unknown_ids_of_200_000() {
    let mended = mended(unknown(1562, 128));
    assert_eq!(mended.counts.unresolved, 1562 * 128);
}

/// As many links as a rule is shown, on as many spans as there may be then.
#[test]
fn links_that_are_just_shown() {
    let mended = mended(linked(500, 1024));
    assert_eq!(mended.counts.links_cut, 500 * (1024 - 128));
    let out = spans_of(&mended.traces.unwrap());
    assert!(out.iter().all(|span| span.links.len() == 128));
    assert!(
        out.iter()
            .all(|span| span.dropped_links_count == 1024 - 128)
    );
}

#[test]
fn a_resource_that_takes_all_memory_alone() {
    let mut traces = linkmend_tests::otlp::traces(messages(10));
    traces.resource_spans[0].resource = Some(Resource {
        attributes: vec![text("large", &"x".repeat(Limits::default().memory))],
        ..Resource::default()
    });
    let batch = Bytes::from(traces.encode_to_vec());
    let mended = Arm::Sandbox.processor("{}").process(batch).unwrap();
    assert_eq!(mended.faults, []);
    assert_eq!(mended.counts.links_added, 10);
}

/// Elements of two bytes each, of which a thousand are looked at.
#[test]
fn an_array_of_two_million_elements() {
    let array = |key| {
        let values = vec![AnyValue::default(); 2_000_000];
        KeyValue {
            value: Some(AnyValue {
                value: Some(Value::ArrayValue(ArrayValue { values })),
            }),
            ..text(key, "")
        }
    };
    for key in ["messaging.header.traceparent", "messaging.message.id"] {
        let mut consumer = span(1, kind::CONSUMER, "process", message("1"));
        consumer.attributes.push(array(key));
        mended(vec![consumer]);
    }
}

fn with_memory(memory: usize) -> Processor {
    let limits = Limits {
        memory,
        ..Limits::default()
    };
    let rule = Arm::Sandbox.rule("{}").with_limits(limits);
    Processor::builder().rule(rule).build().unwrap()
}

/// What is shown in portions is mended as what is shown at once: the bytes and
/// the figures are the same.
#[test]
fn portions_come_to_the_same() {
    let kinds: [fn() -> Vec<Span>; 3] =
        [|| messages(6000), || unknown(200, 128), || linked(300, 200)];
    for spans in kinds {
        let sent = batch(spans());
        let whole = with_memory(64 << 20).process(sent.clone()).unwrap();
        let portions = with_memory(8 << 20).process(sent.clone()).unwrap();
        assert_eq!(
            (&whole.faults[..], &portions.faults[..]),
            (&[][..], &[][..])
        );
        assert_eq!(whole.traces, portions.traces);
        assert_eq!(whole.counts, portions.counts);
        // Read twice, as files are.
        let twice = with_memory(8 << 20);
        assert_eq!(twice.remember(sent.clone()).unwrap().faults, []);
        assert_eq!(twice.mend(sent).unwrap().traces, whole.traces);
    }
}
