//! Links to one span for several messages differ by the message that they name.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;

const HEADER: &str = "00-0000001000000000000000000000004d-100000000000004d-01";

#[test]
fn one_id_under_two_names_is_one_message() {
    let sent = [
        ("messaging.masstransit.message_id", text("7")),
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("7")),
    ];
    let received = |id: &str| {
        let of = [
            ("messaging.masstransit.message_id", text("7")),
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.ids", texts(&[id])),
        ];
        consumer(2, &of)
    };
    assert_eq!(
        mend(vec![producer(1, &sent), received("7")]).targets(2),
        [1]
    );
    let mut both = sent;
    both[2].1 = text("8");
    assert_eq!(
        mend(vec![producer(1, &both), received("8")]).targets(2),
        [1, 1]
    );
}

#[derive(Clone, Copy)]
struct Record<'a> {
    topic: &'a str,
    partition: i64,
    offset: i64,
    cluster: &'a str,
}

const FIRST: Record<'static> = Record {
    topic: "orders",
    partition: 3,
    offset: 12,
    cluster: "a",
};

/// A consumer of two records that came with one context.
fn of_records(other: Record<'_>) -> Span {
    let event = |record: Record<'_>| Event {
        attributes: vec![
            kv("messaging.destination.name", text(record.topic)),
            kv("messaging.destination.partition.id", int(record.partition)),
            kv("messaging.kafka.offset", int(record.offset)),
            kv("messaging.kafka.cluster.id", text(record.cluster)),
        ],
        ..Event::default()
    };
    let headers = texts(&[HEADER, HEADER]);
    let mut received = consumer(2, &[("messaging.header.traceparent", headers)]);
    received.events = vec![event(FIRST), event(other)];
    received
}

#[test]
fn records_are_told_apart_by_topic_partition_and_offset() {
    let count = |other| {
        let spans = vec![of_records(other)];
        let outcome = mend_with(r#"{"event_attributes": true}"#, vec![batch("", spans)]);
        outcome.targets(2).len()
    };
    // Their links do not say of which cluster they are.
    let cluster = "b";
    assert_eq!(count(Record { cluster, ..FIRST }), 1);
    for other in [
        Record {
            offset: 13,
            ..FIRST
        },
        Record {
            partition: 4,
            ..FIRST
        },
        Record {
            topic: "bills",
            ..FIRST
        },
        Record {
            topic: "bills",
            partition: 4,
            ..FIRST
        },
        Record {
            topic: "bills",
            offset: 13,
            ..FIRST
        },
        Record {
            partition: 4,
            offset: 13,
            ..FIRST
        },
    ] {
        assert_eq!(count(other), 2);
    }
    let outcome = mend_with(
        r#"{"event_attributes": true}"#,
        vec![batch(
            "",
            vec![of_records(Record {
                offset: 13,
                ..FIRST
            })],
        )],
    );
    let said = outcome.links(2).iter().map(|link| {
        let of = |key| value(&link.attributes, key).cloned();
        (
            of("messaging.destination.name"),
            of("messaging.destination.partition.id"),
            of("messaging.kafka.offset"),
        )
    });
    let wanted = [12, 13].map(|offset| (Some(text("orders")), Some(text("3")), Some(int(offset))));
    assert_eq!(said.collect::<Vec<_>>(), wanted);
}

const RECIPES: &str = r#"{"recipes": [
    {"name": "one", "role": "producer", "kinds": ["producer"], "attributes": ["one"]},
    {"name": "one", "role": "consumer", "kinds": ["consumer"], "attributes": ["one"]},
    {"name": "other", "role": "producer", "kinds": ["producer"], "attributes": ["other"]},
    {"name": "other", "role": "consumer", "kinds": ["consumer"], "attributes": ["other"]}
]}"#;

#[test]
fn values_of_recipes_are_told_apart_by_the_recipe_and_by_themselves() {
    let count = |of: &[(&str, Value)]| {
        let spans = vec![producer(1, of), consumer(2, of)];
        let outcome = mend_with(RECIPES, vec![batch("", spans)]);
        (outcome.targets(2).len(), outcome.unresolved)
    };
    assert_eq!(count(&[("one", texts(&["x", "y"]))]), (2, 0));
    assert_eq!(count(&[("one", texts(&["x", "x"]))]), (1, 0));
    let job = |values: &[&str]| [("rq.job.id", texts(&["a", "b"])), ("one", texts(values))];
    assert_eq!(count(&job(&["x", "y"])), (2, 0));
    assert_eq!(count(&job(&["x", "x"])), (1, 0), "links would say the same");
    // Of two lengths, so that each is a message of its own.
    let two = [("one", text("x")), ("other", texts(&["x", "y"]))];
    assert_eq!(count(&two), (3, 0));
}

#[test]
fn a_send_to_kafka_that_went_well_is_believed() {
    let of = [
        ("messaging.system", text("kafka")),
        ("messaging.destination.name", text("orders")),
        ("messaging.destination.partition.id", int(3)),
        ("messaging.kafka.offset", int(12)),
    ];
    let with = |code| {
        let mut sent = producer(1, &of);
        sent.status = Some(opentelemetry_proto::tonic::trace::v1::Status {
            code,
            message: "said".into(),
        });
        mend(vec![sent, consumer(2, &of)]).targets(2)
    };
    assert_eq!(with(0), [1]);
    assert_eq!(with(1), [1]);
    assert_eq!(with(2), [0; 0]);
}
