//! Why a link was not made.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

fn reasons(span: Span) -> [u32; 3] {
    let outcome = mend(vec![span]);
    [outcome.unresolved, outcome.incomplete, outcome.unnamed]
}

const UNRESOLVED: [u32; 3] = [1, 0, 0];
const INCOMPLETE: [u32; 3] = [0, 1, 0];
const UNNAMED: [u32; 3] = [0, 0, 1];
const NOTHING: [u32; 3] = [0, 0, 0];

fn kafka(rest: &[(&'static str, Value)]) -> Span {
    let mut attributes = vec![
        ("messaging.system", text("kafka")),
        ("messaging.destination.name", text("t")),
    ];
    attributes.extend_from_slice(rest);
    consumer(2, &attributes)
}

#[test]
fn a_message_that_is_named_is_unresolved() {
    let partition = ("messaging.destination.partition.id", text("0"));
    let offset = ("messaging.kafka.offset", int(1));
    assert_eq!(reasons(kafka(&[partition, offset])), UNRESOLVED);
}

#[test]
fn a_message_that_is_not_named_well_enough_is_incomplete() {
    assert_eq!(
        reasons(kafka(&[("messaging.kafka.offset", int(1))])),
        INCOMPLETE
    );
    let short = [
        ("messaging.system", text("nats")),
        ("messaging.message.id", text("7")),
    ];
    assert_eq!(reasons(consumer(2, &short)), INCOMPLETE);
    let job = [
        ("messaging.system", text("que")),
        ("messaging.message_id", int(7)),
    ];
    assert_eq!(reasons(consumer(2, &job)), INCOMPLETE);
    let header = [("messaging.header.traceparent", text("00-0-0-00"))];
    assert_eq!(reasons(consumer(2, &header)), INCOMPLETE);
}

#[test]
fn a_consumer_that_names_nothing_is_unnamed() {
    assert_eq!(
        reasons(kafka(&[("messaging.destination.partition.id", text("0"))])),
        UNNAMED
    );
    assert_eq!(reasons(consumer(2, &[])), UNNAMED);
    let failed = [
        ("messaging.system", text("gcp_pubsub")),
        ("messaging.message.id", text("")),
    ];
    assert_eq!(reasons(consumer(2, &failed)), UNNAMED);
}

#[test]
fn who_has_a_parent_elsewhere_or_a_link_or_is_no_consumer_lacks_nothing() {
    let mut child = consumer(2, &[]);
    child.parent_span_id = span_id(9);
    child.flags = 0x301;
    assert_eq!(reasons(child.clone()), NOTHING);
    child.flags = 1;
    assert_eq!(
        reasons(child.clone()),
        NOTHING,
        "where the parent is nobody says"
    );
    // Lambda, SQS: the parent is of the same process, and has no context either.
    child.flags = 0x101;
    assert_eq!(reasons(child), UNNAMED);
    assert_eq!(
        reasons(with_links(consumer(2, &[]), vec![link_to(1, &[])])),
        NOTHING
    );
    assert_eq!(reasons(producer(2, &[])), NOTHING);
    assert_eq!(reasons(span(2, 2, &[])), NOTHING);
    let settles = [("messaging.operation.type", text("settle"))];
    assert_eq!(reasons(consumer(2, &settles)), NOTHING);
}

#[test]
fn a_parent_in_another_process_brought_the_context() {
    let message = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("a")),
    ];
    let child = |flags| {
        let mut child = consumer(2, &message);
        child.parent_span_id = span_id(9);
        child.flags = flags;
        child
    };
    assert_eq!(reasons(child(0x301)), NOTHING);
    assert_eq!(reasons(child(0x101)), UNRESOLVED, "the parent is local");
    assert_eq!(
        reasons(child(0x1)),
        UNRESOLVED,
        "where the parent is nobody says"
    );
    let mut batch_of_two = child(0x301);
    batch_of_two
        .attributes
        .push(kv("messaging.batch.message_count", int(2)));
    assert_eq!(reasons(batch_of_two), UNRESOLVED);
    let config = r#"{"link_to_parent": true}"#;
    let outcome = mend_with(config, vec![batch("", vec![child(0x301)])]);
    assert_eq!(outcome.unresolved, 1);
    let spans = vec![producer(1, &message), child(0x301)];
    assert_eq!(
        mend(spans).added,
        0,
        "what came with the message is asked first"
    );
}

#[test]
fn a_link_to_who_settles_the_message_leads_to_nobody_who_sent_it() {
    let settled = link_to(9, &[("messaging.operation.name", text("ack"))]);
    let linked = |links| with_links(consumer(2, &[]), links);
    assert_eq!(reasons(linked(vec![settled.clone()])), UNNAMED);
    assert_eq!(reasons(linked(vec![settled, link_to(8, &[])])), NOTHING);
    let mut own = link_to(9, &[]);
    own.trace_id = trace_id(2);
    assert_eq!(reasons(linked(vec![own])), UNNAMED);
    assert_eq!(reasons(linked(vec![broken_link(&[])])), UNNAMED);
}

#[test]
fn replies_come_without_a_context() {
    let at = |destination: &str| {
        let attributes = [
            ("messaging.system", text("nats")),
            ("messaging.destination.name", text(destination)),
        ];
        reasons(consumer(2, &attributes))
    };
    assert_eq!(at("_INBOX.x.1"), NOTHING);
    assert_eq!(at("(temporary)"), NOTHING);
    assert_eq!(at("_INBOX"), UNNAMED);
    assert_eq!(at("orders"), UNNAMED);
}

#[test]
fn a_batch_of_nothing_lacks_nothing_and_one_of_several_lacks_them_all() {
    let of = |count: i64| {
        let count = [("messaging.batch.message_count", int(count))];
        reasons(consumer(2, &count))
    };
    assert_eq!(of(0), NOTHING);
    assert_eq!(of(1), UNNAMED);
    assert_eq!(of(3), [0, 0, 3]);
    // What is no number of messages says nothing.
    assert_eq!(of(-1), UNNAMED);
}

#[test]
fn a_span_without_ids_lacks_nothing() {
    for (trace, own) in [(0, 2), (2, 0), (0, 0)] {
        let id = |number: u64, bytes: usize| match number {
            0 => vec![0; bytes],
            _ => vec![7; bytes],
        };
        let mut received = consumer(2, &[]);
        (received.trace_id, received.span_id) = (id(trace, 16), id(own, 8));
        assert_eq!(reasons(received), NOTHING);
    }
}
