//! Which of several producers.

use super::support::*;
use linkmend_rule::{MemoryIndex, Tasks};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

const MESSAGE: [(&str, &str); 2] = [
    ("messaging.system", "rabbitmq"),
    ("messaging.message.id", "7"),
];

fn message() -> Vec<(&'static str, Value)> {
    MESSAGE.map(|(key, value)| (key, text(value))).to_vec()
}

fn operation(word: &str) -> Vec<(&'static str, Value)> {
    let mut attributes = message();
    attributes.push(("messaging.operation", text(word)));
    attributes
}

fn in_trace(mut span: Span, number: u64) -> Span {
    span.trace_id = trace_id(number);
    span
}

#[test]
fn several_messages_under_one_id_are_told_apart_by_nothing() {
    let spans = vec![
        starting(producer(1, &message()), NOON - 3 * SECOND),
        starting(producer(2, &message()), NOON - SECOND),
        starting(producer(3, &message()), NOON - 2 * SECOND),
        consumer(4, &message()),
    ];
    let outcome = mend(spans.clone());
    assert_eq!((outcome.targets(4), outcome.ambiguous), (vec![], 1));
    let latest = r#"{"ambiguous": "latest"}"#;
    let outcome = mend_with(latest, vec![batch("", spans)]);
    assert_eq!((outcome.targets(4), outcome.ambiguous), (vec![2], 0));
}

#[test]
fn the_nearest_hop_of_a_message_that_was_sent_on() {
    let hop = |number, start| {
        let received = starting(consumer(number, &message()), start);
        let sent = starting(producer(number + 1, &message()), start + SECOND / 2);
        [received, in_trace(sent, number)]
    };
    let mut spans = vec![starting(producer(1, &message()), NOON - 9 * SECOND)];
    spans.extend(hop(10, NOON - 6 * SECOND));
    spans.extend(hop(20, NOON - 3 * SECOND));
    spans.push(consumer(30, &message()));
    let outcome = mend(spans);
    let targets = [10, 20, 30].map(|number| outcome.targets(number));
    assert_eq!(targets, [[1], [11], [21]]);
    assert_eq!(outcome.ambiguous, 0);
}

#[test]
fn a_hop_before_a_consumer_is_found_however_many_come_after() {
    let mut spans = vec![starting(producer(1, &message()), NOON)];
    for number in 1..=12 {
        let start = NOON + 10 * number * SECOND;
        let received = starting(consumer(number * 100, &message()), start);
        let sent = starting(producer(number * 100 + 1, &message()), start + SECOND);
        spans.extend([received, in_trace(sent, number * 100)]);
    }
    let outcome = mend(spans);
    assert_eq!(outcome.targets(100), [1]);
    for number in 2..=12 {
        assert_eq!(outcome.targets(number * 100), [number * 100 - 99]);
    }
}

#[test]
fn what_a_consumer_sends_on_is_not_where_its_message_came_from() {
    let again = |number| {
        let sent = starting(producer(number, &message()), NOON + SECOND);
        in_trace(sent, 2)
    };
    let alone = mend(vec![consumer(2, &message()), again(3)]);
    assert_eq!((alone.targets(2), alone.unresolved), (vec![], 1));
    let sent = producer(1, &message());
    let outcome = mend(vec![sent, consumer(2, &message()), again(3)]);
    assert_eq!(outcome.targets(2), [1]);
    // A link to it is no link to the sender.
    let to_effect = with_links(consumer(2, &message()), vec![link_to(3, &[])]);
    let mut to_effect = to_effect;
    to_effect.links[0].trace_id = trace_id(2);
    let outcome = mend(vec![producer(1, &message()), to_effect, again(3)]);
    assert_eq!(outcome.targets(2), [3, 1]);
}

#[test]
fn a_poll_in_the_trace_of_a_reply_that_came_while_it_waited_lacks_nothing() {
    let mut poll = starting(span(2, 3, &operation("receive")), NOON);
    poll.end_time_unix_nano = NOON + 5 * SECOND;
    let reply = in_trace(starting(producer(3, &message()), NOON + 2 * SECOND), 2);
    let outcome = mend(vec![poll, reply]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 0));
}

#[test]
fn of_the_spans_of_one_trace_the_one_that_creates_comes_first() {
    let client = starting(span(3, 3, &operation("send")), NOON - SECOND);
    let send = starting(producer(2, &operation("publish")), NOON - 2 * SECOND);
    let create = starting(producer(1, &operation("create")), NOON - 3 * SECOND);
    let [client, send, create] = [client, send, create].map(|span| in_trace(span, 1));
    let last = consumer(4, &operation("process"));
    let spans = vec![client.clone(), send.clone(), create, last.clone()];
    assert_eq!(mend(spans).targets(4), [1]);
    // Without one, the latest before the consumer.
    assert_eq!(mend(vec![client, send, last]).targets(4), [3]);
}

#[test]
fn clock_skew_forwards_and_too_far() {
    let within = starting(producer(1, &message()), NOON + 4 * SECOND);
    let beyond = starting(producer(1, &message()), NOON + 6 * SECOND);
    assert_eq!(mend(vec![within, consumer(2, &message())]).targets(2), [1]);
    let outcome = mend(vec![beyond.clone(), consumer(2, &message())]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 0));
    assert_eq!(outcome.too_late, 1);
    let outcome = mend_with(
        r#"{"clock_skew": "1m"}"#,
        vec![batch("", vec![beyond, consumer(2, &message())])],
    );
    assert_eq!(outcome.added, 1);
}

#[test]
fn sqs_receive_that_polled_before_the_send() {
    let mut poll = consumer(2, &operation("receive"));
    poll.end_time_unix_nano = NOON + 20 * SECOND;
    let sent = starting(producer(1, &message()), NOON + 19 * SECOND);
    assert_eq!(mend(vec![sent.clone(), poll.clone()]).targets(2), [1]);
    // A process span has its message from the start.
    poll.attributes.last_mut().unwrap().value = kv("", text("process")).value;
    assert_eq!(mend(vec![sent, poll]).added, 0);
}

#[test]
fn celery_retry_chain_of_three_publishes_with_one_id() {
    let task = [
        ("celery.action", text("run")),
        ("messaging.message.id", text("t1")),
    ];
    let send = [
        ("celery.action", text("apply_async")),
        ("messaging.message.id", text("t1")),
    ];
    let at = |span, millis| starting(span, NOON + millis * SECOND / 1000);
    // Each attempt sends the next one itself, in its own trace.
    let spans = vec![
        at(producer(1, &send), 0),
        at(consumer(2, &task), 100),
        at(in_trace(producer(3, &send), 2), 100),
        at(consumer(4, &task), 300),
        at(in_trace(producer(5, &send), 4), 301),
        at(consumer(6, &task), 500),
    ];
    // The second publish starts with the attempt that makes it.
    let mut spans = spans;
    spans[2].start_time_unix_nano += 500_000;
    let outcome = mend(spans);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.targets(4), [3]);
    assert_eq!(outcome.targets(6), [5]);
}

#[test]
fn redelivery_and_two_consumer_groups_get_a_link_each() {
    let spans = vec![
        producer(1, &message()),
        consumer(2, &message()),
        consumer(3, &message()),
        starting(consumer(4, &message()), NOON + 60 * SECOND),
    ];
    let outcome = mend(spans);
    for number in 2..=4 {
        assert_eq!(outcome.targets(number), [1]);
    }
}

#[test]
fn ambiguous_producers_by_configuration() {
    let spans = vec![
        producer(1, &message()),
        starting(producer(2, &message()), NOON - SECOND + 900),
        consumer(3, &message()),
    ];
    let with = |config| mend_with(config, vec![batch("", spans.clone())]);
    let outcome = with("{}");
    assert_eq!((outcome.targets(3), outcome.ambiguous), (vec![], 1));
    let outcome = with(r#"{"ambiguous": "latest"}"#);
    assert_eq!((outcome.targets(3), outcome.ambiguous), (vec![2], 0));
    let outcome = with(r#"{"ambiguous": "all"}"#);
    assert_eq!(outcome.targets(3), [2, 1]);
}

#[test]
fn nested_producers_of_one_trace_are_not_ambiguous() {
    let inner = in_trace(starting(producer(2, &message()), NOON - SECOND + 900), 1);
    let spans = vec![producer(1, &message()), inner, consumer(3, &message())];
    assert_eq!(mend(spans).targets(3), [2]);
    // Two that start and end together are one send, too.
    let twin = in_trace(producer(2, &message()), 1);
    let spans = vec![producer(1, &message()), twin, consumer(3, &message())];
    assert_eq!((mend(spans.clone()).added, mend(spans).ambiguous), (1, 0));
}

#[test]
fn made_up_ids_of_more_than_four_producers_are_ambiguous() {
    let sends = |system: &str| {
        let message = [
            ("messaging.system", text(system)),
            ("messaging.message.id", text("7")),
        ];
        let mut spans: Vec<_> = (1..=5)
            .map(|number| starting(producer(number, &message), NOON - number * SECOND))
            .collect();
        spans.push(consumer(9, &message));
        mend(spans)
    };
    assert_eq!(sends("rabbitmq").ambiguous, 1);
    // The provider makes those.
    assert_eq!(sends("aws_sqs").targets(9), [1]);
}

#[test]
fn a_batch_that_came_twice_is_the_same_batch() {
    let spans = vec![producer(1, &message()), consumer(2, &message())];
    let twice = vec![batch("", spans.clone()), batch("", spans)];
    let outcome = mend_with("{}", twice);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.added, 2);
}

#[test]
fn roles_of_client_spans() {
    let named = |number, name: &str, extra: &[(&str, Value)]| {
        let mut attributes: Vec<(&str, Value)> = message();
        attributes.extend_from_slice(extra);
        let mut span = span(number, 3, &attributes);
        span.name = name.into();
        span
    };
    let send = starting(named(1, "SQS.SendMessage", &[]), NOON - SECOND);
    let method = starting(
        named(1, "call", &[("rpc.method", text("Publish"))]),
        NOON - SECOND,
    );
    let receive = named(2, "SQS.ReceiveMessage", &[]);
    assert_eq!(mend(vec![send, receive.clone()]).targets(2), [1]);
    assert_eq!(mend(vec![method, receive]).targets(2), [1]);
    let other = named(2, "SQS.DeleteMessage", &[]);
    let outcome = mend(vec![producer(1, &message()), other]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 0));
}

#[test]
fn producers_and_settlers_get_no_links_and_consumers_are_no_producers() {
    let spans = vec![
        producer(1, &operation("create")),
        producer(2, &operation("send")),
        span(3, 3, &operation("settle")),
        span(4, 1, &message()),
    ];
    assert_eq!(mend(spans).added, 0);
    let spans = vec![
        starting(consumer(1, &message()), NOON - SECOND),
        consumer(2, &message()),
    ];
    let outcome = mend(spans);
    assert_eq!((outcome.added, outcome.unresolved), (0, 2));
}

#[test]
fn operation_words_beat_kinds_and_unknown_ones_do_not() {
    let spans = vec![producer(1, &message()), span(2, 1, &operation("Process"))];
    assert_eq!(mend(spans).targets(2), [1]);
    let mut attributes = operation("receive");
    attributes.push(("messaging.operation.type", text("frobnicate")));
    let spans = vec![producer(1, &message()), span(2, 3, &attributes)];
    assert_eq!(mend(spans).targets(2), [1]);
}

#[test]
fn spans_with_invalid_ids_are_not_indexed_and_lose_invalid_links() {
    let mut sent = producer(1, &message());
    sent.span_id = vec![0; 8];
    let mut received = with_links(consumer(2, &message()), vec![broken_link(&[])]);
    received.trace_id = vec![1; 15];
    let mut other = consumer(3, &message());
    other.span_id = vec![];
    let spans = vec![sent, received, other];
    let outcome = mend(spans.clone());
    let mut wanted = spans.clone();
    wanted[1].links.clear();
    assert_eq!(outcome.spans, wanted);
    assert_eq!((outcome.invalid, outcome.unresolved), (1, 0));
    // Nothing is changed while data is only remembered.
    assert_eq!(
        read_twice("{}", vec![batch("", outcome.spans)]).spans,
        wanted
    );
    assert_eq!(read_twice("{}", vec![batch("", spans)]).spans, wanted);
}

#[test]
fn consumer_first_in_a_batch_and_across_readings() {
    let sent = producer(1, &message());
    let received = consumer(2, &message());
    assert_eq!(mend(vec![received.clone(), sent.clone()]).targets(2), [1]);

    let of = |span: &Span| TracesData {
        resource_spans: vec![batch("", vec![span.clone()])],
    };
    let mut index = MemoryIndex::new();
    let early = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
    let outcome = run("{}", early, &of(&received), &mut index, as_encoded);
    assert_eq!(outcome.deferred, [(0, 1)]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 0));
    let outcome = run("{}", Tasks::MEND, &of(&received), &mut index, as_encoded);
    assert_eq!((outcome.deferred.len(), outcome.unresolved), (0, 1));
    let outcome = run("{}", Tasks::REMEMBER, &of(&sent), &mut index, as_encoded);
    assert_eq!(outcome.spans, [sent]);
    let outcome = run("{}", early, &of(&received), &mut index, as_encoded);
    assert_eq!(outcome.targets(2), [1]);
}

#[test]
fn mending_alone_remembers_nothing() {
    let traces = TracesData {
        resource_spans: vec![batch(
            "",
            vec![producer(1, &message()), consumer(2, &message())],
        )],
    };
    let mut index = MemoryIndex::new();
    let outcome = run("{}", Tasks::MEND, &traces, &mut index, as_encoded);
    assert_eq!((outcome.added, outcome.unresolved), (0, 1));
}

#[test]
fn a_slow_consumer_of_a_fan_out_beside_a_message_that_was_published_again() {
    let at = |destination| {
        let mut of = message();
        of.push(("messaging.destination.name", text(destination)));
        of
    };
    let first = starting(producer(1, &at("orders")), NOON - 3 * SECOND);
    // Another consumer, which publishes the message again.
    let other = starting(consumer(5, &at("orders")), NOON - 2 * SECOND);
    let again = |destination| in_trace(producer(2, &at(destination)), 5);
    let audit = |destination| {
        let mut audit = consumer(3, &at(destination));
        audit.name = "audit".into();
        audit
    };
    let of = |again, audit| mend(vec![first.clone(), other.clone(), again, audit]).targets(3);
    assert_eq!(of(again("fulfil"), audit("orders")), [1]);
    assert_eq!(
        of(again("orders"), audit("orders")),
        [2],
        "the nearest of two"
    );
    assert_eq!(
        of(again("fulfil"), audit("audit")),
        [2],
        "other names tell nothing"
    );
    assert_eq!(of(again("fulfil"), consumer(3, &message())), [2]);
    let unnamed = in_trace(producer(2, &message()), 5);
    assert_eq!(of(unnamed, audit("orders")), [1]);
}

#[test]
fn a_message_that_comes_back_through_a_waiting_queue() {
    let at = |destination| {
        let mut of = message();
        of.push(("messaging.destination.name", text(destination)));
        of
    };
    let work = |number, start| {
        let mut work = starting(consumer(number, &at("work")), start);
        work.name = "work receive".into();
        work
    };
    let spans = vec![
        starting(producer(1, &at("work")), NOON - 9 * SECOND),
        work(2, NOON - 8 * SECOND),
        in_trace(starting(producer(3, &at("wait")), NOON - 7 * SECOND), 2),
        work(4, NOON),
    ];
    let outcome = mend(spans);
    assert_eq!((outcome.targets(2), outcome.targets(4)), (vec![1], vec![3]));
}
