//! Links with an invalid context, and links that say the same.

use super::support::*;
use linkmend_rule::{MemoryIndex, Tasks};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

const SYSTEM: (&str, &str) = ("messaging.system", "rabbitmq");

fn message(id: &str) -> Vec<(&'static str, Value)> {
    vec![
        (SYSTEM.0, text(SYSTEM.1)),
        ("messaging.message.id", text(id)),
    ]
}

fn system() -> Vec<(&'static str, Value)> {
    vec![(SYSTEM.0, text(SYSTEM.1))]
}

#[test]
fn a_link_that_names_its_message_is_repaired_in_place() {
    let mut broken = broken_link(&[("messaging.message.id", text("a")), ("x", int(1))]);
    broken.dropped_attributes_count = 3;
    broken.trace_state = "own=1".into();
    let mut sent = producer(1, &message("a"));
    sent.trace_state = "ot=th:8".into();
    let links = vec![link_to(8, &[]), broken, link_to(9, &[])];
    let outcome = mend(vec![sent, with_links(consumer(2, &system()), links)]);
    assert_eq!(outcome.targets(2), [8, 1, 9]);
    let link = &outcome.links(2)[1];
    assert_eq!(link.dropped_attributes_count, 3);
    assert_eq!(link.flags, 0x301);
    let keys: Vec<_> = link.attributes.iter().map(|a| a.key.as_str()).collect();
    assert_eq!(
        keys,
        ["messaging.message.id", "x", "link.type", "link.repaired"]
    );
}

#[test]
fn the_only_link_of_a_single_message_is_repaired_in_place() {
    let received = with_links(
        consumer(2, &message("a")),
        vec![broken_link(&[("x", int(1))])],
    );
    let outcome = mend(vec![producer(1, &message("a")), received]);
    assert_eq!((outcome.targets(2), outcome.added), (vec![1], 0));
    assert_eq!(outcome.links(2)[0].attributes[0].key, "x");
}

#[test]
fn a_captured_header_on_a_link_repairs_it() {
    let header = "00-00000010000000000000000000000001-1000000000000001-00";
    let links = vec![broken_link(&[(
        "messaging.header.traceparent",
        texts(&[header]),
    )])];
    let outcome = mend(vec![with_links(span(2, 1, &[]), links)]);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.links(2)[0].flags, 0x300);
}

#[test]
fn half_an_id_must_agree() {
    let with = |trace: Vec<u8>, span: Vec<u8>| {
        let link = Link {
            trace_id: trace,
            span_id: span,
            ..broken_link(&[("messaging.message.id", text("a"))])
        };
        let received = with_links(consumer(2, &system()), vec![link]);
        mend(vec![producer(1, &message("a")), received])
    };
    assert_eq!(with(trace_id(1), vec![]).targets(2), [1]);
    assert_eq!(with(vec![0; 16], span_id(1)).targets(2), [1]);
    assert_eq!(with(trace_id(3), vec![0; 8]).invalid, 1);
    assert_eq!(with(vec![], span_id(3)).invalid, 1);
    // What has not the length of an id says nothing.
    assert_eq!(with(vec![7; 15], vec![7; 9]).targets(2), [1]);
}

#[test]
fn beyond_repair_by_configuration() {
    let with_state = Link {
        trace_state: "a=b".into(),
        ..broken_link(&[])
    };
    let links = vec![
        broken_link(&[]),
        broken_link(&[("x", int(1))]),
        with_state,
        link_to(9, &[]),
    ];
    let with = |config| {
        let spans = vec![with_links(span(2, 1, &[]), links.clone())];
        mend_with(config, vec![batch("", spans)])
    };
    let outcome = with("{}");
    assert_eq!((outcome.targets(2), outcome.invalid), (vec![9], 3));
    assert_eq!(outcome.span(2).dropped_links_count, 0);
    let outcome = with(r#"{"invalid_links": "drop_bare"}"#);
    assert_eq!((outcome.links(2).len(), outcome.invalid), (3, 1));
    assert_eq!(outcome.links(2)[0], links[1]);
    let outcome = with(r#"{"invalid_links": "keep"}"#);
    assert_eq!((outcome.links(2).len(), outcome.invalid), (4, 0));
}

#[test]
fn a_repaired_link_that_another_one_repeats_is_dropped() {
    let id = [("messaging.message.id", text("a"))];
    let links = vec![broken_link(&id), link_to(1, &id)];
    let received = with_links(consumer(2, &system()), links);
    let outcome = mend(vec![producer(1, &message("a")), received]);
    assert_eq!((outcome.targets(2), outcome.duplicate), (vec![1], 1));
    assert_eq!(
        value(&outcome.links(2)[0].attributes, "link.repaired"),
        None
    );
}

#[test]
fn duplicates_by_message_or_by_attributes() {
    let id = |id: &str| [("messaging.message.id", text(id))];
    let links = vec![
        link_to(9, &[]),
        link_to(9, &id("a")),
        link_to(9, &id("b")),
        link_to(9, &id("a")),
        link_to(9, &[("x", int(1)), ("y", int(2))]),
        link_to(9, &[("y", int(2)), ("x", int(1))]),
        link_to(9, &[("x", int(2)), ("y", int(1))]),
        link_to(8, &[]),
        link_to(9, &[]),
    ];
    let outcome = mend(vec![with_links(consumer(2, &system()), links)]);
    assert_eq!(outcome.duplicate, 3);
    assert_eq!(outcome.targets(2), [9, 9, 9, 9, 9, 8]);
}

/// Values of which some have the same bytes; the last two are nearly none.
fn values() -> Vec<Option<Value>> {
    let array = |values: Vec<AnyValue>| Value::ArrayValue(ArrayValue { values });
    let any = |value| AnyValue { value: Some(value) };
    let eight = *b"spanlink";
    vec![
        Some(text("\u{1}")),
        Some(text("\0\u{1}")),
        Some(text("spanlink")),
        Some(Value::BytesValue(vec![1])),
        Some(Value::BytesValue(eight.to_vec())),
        Some(Value::BoolValue(true)),
        Some(int(i64::from_le_bytes(eight))),
        Some(Value::DoubleValue(f64::from_le_bytes(eight))),
        Some(array(vec![any(int(1)), any(int(2))])),
        Some(array(vec![any(int(2)), any(int(1))])),
        Some(array(vec![])),
        None,
    ]
}

#[test]
fn links_that_differ_in_a_key_or_in_the_type_of_a_value_are_no_duplicates() {
    let keys = [
        "messaging.system",
        "messaging.operation",
        "messaging.operation.name",
        "messaging.destination.name",
        "messaging.source.name",
        "messaging.kafka.partition",
        "messaging.kafka.cluster.id",
        "messaging.batch.message_count",
        "messaging.header.traceparent",
        "messaging.header.tracestate",
        "messaging.destination_publish.name",
        "cloudevents.event_source",
        "bullmq.queue.name",
        "rpc.method",
        "aws.operation",
        "actor_name",
        // Read by nobody.
        "x",
        "y",
    ];
    let mut links = Vec::new();
    for key in keys {
        for value in values() {
            let mut link = link_to(9, &[(key, int(0))]);
            link.attributes[0].value = Some(AnyValue { value });
            links.push(link);
        }
    }
    let count = links.len();
    let mend = |links: &[Link]| {
        let span = with_links(consumer(2, &[]), links.to_vec());
        mend_with(r#"{"max_links": 1000}"#, vec![batch("", vec![span])])
    };
    assert_eq!(mend(&links).duplicate, 0, "of {count}");
    links.extend_from_within(..);
    assert_eq!(mend(&links).duplicate, count);
}

#[test]
fn duplicates_with_and_without_a_type() {
    let typed = |kind: &str| link_to(9, &[("link.type", text(kind))]);
    let links = vec![
        link_to(9, &[]),
        typed("a"),
        typed("b"),
        typed("a"),
        link_to(9, &[]),
    ];
    let outcome = mend(vec![with_links(consumer(2, &[]), links)]);
    let types: Vec<_> = outcome.links(2).iter().map(link_type).collect();
    assert_eq!(types, [Some("a"), Some("b")]);
    assert_eq!(outcome.duplicate, 3);
}

#[test]
fn a_message_of_a_broken_link_is_told_of_once() {
    let id = [("messaging.message.id", text("a"))];
    let received = with_links(consumer(2, &message("a")), vec![broken_link(&id)]);
    let outcome = mend(vec![received]);
    assert_eq!((outcome.unresolved, outcome.invalid), (1, 1));
}

#[test]
fn settlers_are_not_repaired() {
    let mut attributes = system();
    attributes.push(("messaging.operation.type", text("settle")));
    let links = vec![
        broken_link(&[("messaging.message.id", text("a"))]),
        link_to(9, &[]),
    ];
    let settler = with_links(span(2, 3, &attributes), links);
    let outcome = mend(vec![producer(1, &message("a")), settler]);
    assert_eq!(outcome.targets(2), [9]);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("settles"));
}

#[test]
fn a_link_of_a_producer_is_repaired_but_not_to_itself() {
    let mut create = message("a");
    create.push(("messaging.operation", text("create")));
    let mut send = message("a");
    send.push(("messaging.operation", text("publish")));
    let link = || vec![broken_link(&[("messaging.message.id", text("a"))])];
    let outcome = mend(vec![
        producer(1, &create),
        with_links(producer(2, &send), link()),
    ]);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("publish_of"));
    let outcome = mend(vec![with_links(producer(2, &send), link())]);
    assert_eq!(outcome.targets(2), [0; 0]);
}

#[test]
fn half_an_id_must_agree_with_the_header_of_the_link() {
    let header = "00-00000010000000000000000000000001-1000000000000001-00";
    let with = |trace: Vec<u8>, span: Vec<u8>| {
        let link = Link {
            trace_id: trace,
            span_id: span,
            ..broken_link(&[("messaging.header.traceparent", text(header))])
        };
        let outcome = mend(vec![with_links(consumer(2, &[]), vec![link])]);
        outcome.targets(2)
    };
    assert_eq!(with(vec![], vec![]), [1]);
    assert_eq!(with(trace_id(1), vec![]), [1]);
    assert_eq!(with(vec![], span_id(1)), [1]);
    assert_eq!(with(trace_id(3), vec![]), [0; 0]);
    assert_eq!(with(vec![], span_id(3)), [0; 0]);
    // A header of the span itself leads nowhere.
    let own = "00-00000010000000000000000000000002-1000000000000002-00";
    let link = broken_link(&[("messaging.header.traceparent", text(own))]);
    let outcome = mend(vec![with_links(consumer(2, &[]), vec![link])]);
    assert_eq!(outcome.targets(2), [0; 0]);
}

#[test]
fn who_settles_or_has_no_ids_gets_nobody_elses_producer() {
    let mut settle = system();
    settle.push(("messaging.operation.type", text("settle")));
    let broken = |id| vec![broken_link(&[("messaging.message.id", text(id))])];
    let mut nameless = with_links(consumer(4, &system()), broken("a"));
    nameless.span_id = vec![];
    let spans = vec![
        producer(1, &message("a")),
        consumer(3, &message("a")),
        with_links(span(2, 3, &settle), broken("b")),
        nameless,
    ];
    let outcome = mend(spans);
    assert_eq!((outcome.targets(3), outcome.targets(2)), (vec![1], vec![]));
    assert_eq!((outcome.invalid, outcome.added), (2, 1));
}

#[test]
fn one_of_several_broken_links_is_not_the_link_for_the_message() {
    let with = |links, count: i64| {
        let mut of = message("a");
        of.push(("messaging.batch.message_count", int(count)));
        let spans = vec![
            producer(1, &message("a")),
            with_links(consumer(2, &of), links),
        ];
        let outcome = mend(spans);
        assert_eq!(outcome.targets(2), [1]);
        (outcome.added, outcome.invalid)
    };
    let broken = |number| broken_link(&[("x", int(number))]);
    assert_eq!(with(vec![broken(1)], 1), (0, 0));
    assert_eq!(with(vec![broken(1), broken(2)], 1), (1, 2));
    assert_eq!(with(vec![broken(1)], 2), (1, 1));
}

#[test]
fn messages_of_broken_links_that_stay_are_told_of() {
    let keep = r#"{"invalid_links": "keep"}"#;
    let told = |mut spans: Vec<Span>, receives: Span| {
        let named = broken_link(&[("messaging.message.id", text("a"))]);
        spans.push(with_links(receives, vec![named, link_to(9, &[])]));
        let outcome = mend_with(keep, vec![batch("", spans)]);
        [outcome.unresolved, outcome.too_late, outcome.ambiguous]
    };
    let sent = |number, start| starting(producer(number, &message("a")), start);
    let receives = || consumer(2, &system());
    assert_eq!(told(vec![], receives()), [1, 0, 0]);
    assert_eq!(
        told(vec![sent(1, NOON + 60 * SECOND)], receives()),
        [0, 1, 0]
    );
    let two = vec![sent(1, NOON - SECOND), sent(3, NOON - 2 * SECOND)];
    assert_eq!(told(two, receives()), [0, 0, 1]);
    assert_eq!(told(vec![sent(1, NOON)], receives()), [0, 0, 0]);
    // By the span, when it names the same message: here with a link that serves.
    assert_eq!(told(vec![], consumer(2, &message("a"))), [0, 0, 0]);
    assert_eq!(told(vec![], producer(2, &system())), [0, 0, 0]);
    let own = with_links(
        consumer(2, &message("a")),
        vec![broken_link(&[("messaging.message.id", text("a"))])],
    );
    let outcome = mend_with(keep, vec![batch("", vec![own])]);
    assert_eq!(outcome.unresolved, 1, "once");
    let two = broken_link(&[("messaging.message.id", text("b"))]);
    let one = broken_link(&[("messaging.message.id", text("a"))]);
    let both = with_links(receives(), vec![one, two]);
    assert_eq!(mend_with(keep, vec![batch("", vec![both])]).unresolved, 2);
}

#[test]
fn a_producer_is_not_kept_back_for_its_links() {
    let linked = |span| {
        let named = broken_link(&[("messaging.message.id", text("a"))]);
        with_links(span, vec![named])
    };
    let traces = TracesData {
        resource_spans: vec![batch(
            "",
            vec![
                linked(producer(1, &system())),
                linked(consumer(2, &system())),
            ],
        )],
    };
    let tasks = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
    let outcome = run("{}", tasks, &traces, &mut MemoryIndex::new(), as_encoded);
    assert_eq!(outcome.deferred, [(1, 1)]);
}
