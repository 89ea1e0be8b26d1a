//! Edge cases of real traces that no other page of these tests has.

use super::support::*;
use linkmend_rule::{MemoryIndex, Tasks};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::TracesData;

fn message(system: &str, destination: &str, id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("messaging.system", text(system)),
        ("messaging.destination.name", text(destination)),
        ("messaging.message.id", text(id)),
    ]
}

#[test]
fn aio_pika_and_pubsub_name_other_destinations_on_each_side() {
    for (system, sent, received) in [
        ("rabbitmq", "orders,new", "orders"),
        ("gcp_pubsub", "topic", "subscription"),
    ] {
        let spans = vec![
            producer(1, &message(system, sent, "7")),
            consumer(2, &message(system, received, "7")),
        ];
        assert_eq!(mend(spans).targets(2), [1], "{system}");
    }
}

#[test]
fn an_old_name_of_the_id_on_one_side_and_the_new_one_on_the_other() {
    let mut sent = message("AmazonSQS", "queue", "0b7d1e1c-8f0e-4a3b-9d55-1f2a3b4c5d6e");
    sent[2].0 = "messaging.message_id";
    let received = message("aws_sqs", "queue", "0b7d1e1c-8f0e-4a3b-9d55-1f2a3b4c5d6e");
    assert_eq!(
        mend(vec![producer(1, &sent), consumer(2, &received)]).targets(2),
        [1]
    );
}

#[test]
fn a_source_name_on_the_consumer_is_a_destination_name_on_the_producer() {
    let sent = message("pulsar", "t", "1:2:3");
    let mut received = sent.clone();
    received[1].0 = "messaging.source.name";
    assert_eq!(
        mend(vec![producer(1, &sent), consumer(2, &received)]).targets(2),
        [1]
    );
}

#[test]
fn a_trace_id_of_15_bytes_is_invalid() {
    let of = message("rabbitmq", "q", "7");
    let mut short = link_to(9, &[]);
    short.trace_id.pop();
    let received = with_links(consumer(2, &of), vec![short.clone(), link_to(8, &[])]);
    let outcome = mend(vec![
        with_links(span(3, 1, &[]), vec![short.clone()]),
        received,
    ]);
    assert_eq!((outcome.targets(3), outcome.targets(2)), (vec![], vec![8]));
    assert_eq!(outcome.invalid, 2);
    let received = with_links(consumer(2, &of), vec![short]);
    assert_eq!(
        mend(vec![producer(9, &of), received]).targets(2),
        [9],
        "repaired"
    );
}

#[test]
fn a_link_to_itself_stays_and_none_is_made() {
    let of = message("rabbitmq", "q", "7");
    let own = with_links(consumer(2, &of), vec![link_to(2, &[("x", int(1))])]);
    let outcome = mend(vec![own]);
    assert_eq!(outcome.targets(2), [2]);
    // A consumer that is remembered as a producer by its client's operation.
    let mut both = consumer(3, &of);
    both.attributes
        .push(kv("messaging.operation.type", text("send")));
    assert_eq!(mend(vec![both]).added, 0);
}

#[test]
fn reverse_links_on_create_spans_stay_and_are_created_by() {
    let mut of = message("gcp_pubsub", "topic", "7");
    of.push(("messaging.operation.type", text("create")));
    let create = with_links(producer(1, &of), vec![link_to(9, &[])]);
    let outcome = mend(vec![
        create,
        consumer(2, &message("gcp_pubsub", "sub", "7")),
    ]);
    assert_eq!((outcome.targets(1), outcome.targets(2)), (vec![9], vec![1]));
    assert_eq!(link_type(&outcome.links(1)[0]), Some("created_by"));
}

#[test]
fn jms_redelivery_links_every_delivery_to_the_one_producer() {
    let of = message("jms", "queue", "ID:host-1-2:1:1:1:1");
    let received = |number, later| {
        let received = consumer(number, &message("jms", "queue", "ID:host-1-2:1:1:1:1"));
        starting(received, NOON + later * SECOND)
    };
    let spans = vec![
        producer(1, &of),
        received(2, 0),
        received(3, 30),
        received(4, 600),
    ];
    let outcome = mend(spans);
    for delivery in 2..5 {
        assert_eq!(outcome.targets(delivery), [1]);
    }
}

#[test]
fn a_consumer_before_its_producer_within_and_outside_of_the_time_to_wait() {
    let of = message("rabbitmq", "q", "7");
    let traces = |spans| TracesData {
        resource_spans: vec![batch("", spans)],
    };
    let (early, late) = (
        traces(vec![consumer(2, &of)]),
        traces(vec![producer(1, &of)]),
    );
    let all = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
    let mut index = MemoryIndex::new();
    let kept = run("{}", all, &early, &mut index, as_encoded);
    assert_eq!(kept.deferred, [(0, 1)]);
    // Its time is up: it goes on as it is, and is told of.
    let released = run("{}", Tasks::MEND, &early, &mut index, as_encoded);
    assert_eq!((released.unresolved, released.added), (1, 0));
    assert_eq!(released.spans, [consumer(2, &of)]);
    // The producer came while it waited.
    run("{}", all, &late, &mut index, as_encoded);
    assert_eq!(
        run("{}", all, &early, &mut index, as_encoded).targets(2),
        [1]
    );
}

#[test]
fn a_consumer_whose_parent_is_remote_does_not_wait() {
    let mut received = consumer(2, &message("rabbitmq", "q", "7"));
    (received.parent_span_id, received.flags) = (span_id(5), 0x301);
    let traces = TracesData {
        resource_spans: vec![batch("", vec![received])],
    };
    let all = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
    let outcome = run("{}", all, &traces, &mut MemoryIndex::new(), as_encoded);
    assert_eq!((outcome.deferred.len(), outcome.unresolved), (0, 0));
}

#[test]
fn bytes_that_say_the_same_in_another_way_do() {
    let spans = |id: &str| {
        let of = message("rabbitmq", "q", id);
        let mut received = message("rabbitmq", "", id);
        received.push(("messaging.message_id", text("7")));
        let links = vec![
            link_to(9, &[("x", text("a"))]),
            link_to(9, &[("x", text("a"))]),
            broken_link(&of[2..]),
        ];
        vec![
            producer(1, &message("rabbitmq", "q", "7")),
            producer(3, &of),
            with_links(consumer(2, &received), links),
        ]
    };
    for id in ["", "8", "a longer one"] {
        let traces = TracesData {
            resource_spans: vec![batch("production", spans(id))],
        };
        let tasks = Tasks::REMEMBER | Tasks::MEND;
        let run = |order| run("{}", tasks, &traces, &mut MemoryIndex::new(), order);
        let plain = run(as_encoded);
        assert_eq!(plain.targets(2), [9, if id.is_empty() { 1 } else { 3 }]);
        assert_eq!(plain, run(spelled_out_traces), "{id}");
        assert_eq!(plain, run(descending_traces), "{id}");
        // Each side in its own way.
        let twice = |order| {
            let mut index = MemoryIndex::new();
            super::support::run("{}", Tasks::REMEMBER, &traces, &mut index, as_encoded);
            super::support::run("{}", Tasks::MEND, &traces, &mut index, order)
        };
        assert_eq!(twice(as_encoded), twice(spelled_out_traces), "{id}");
        assert_eq!(twice(as_encoded), plain);
    }
}
