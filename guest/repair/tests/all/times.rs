//! Producers told apart by when they started, and hops of one message.

use super::support::*;
use linkmend_rule::{MemoryIndex, Tasks};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, TracesData};

type Attributes = Vec<(&'static str, Value)>;

fn message(system: &str) -> Attributes {
    vec![
        ("messaging.system", text(system)),
        ("messaging.message.id", text("7")),
    ]
}

/// The broker gives its ids.
fn sqs() -> Attributes {
    message("aws_sqs")
}

fn with(mut attributes: Attributes, key: &'static str, value: &str) -> Attributes {
    attributes.push((key, text(value)));
    attributes
}

fn in_trace(mut span: Span, number: u64) -> Span {
    span.trace_id = trace_id(number);
    span
}

/// The links of consumer 9, and how many messages of it are ambiguous.
fn of_9(mut spans: Vec<Span>, received: &Attributes) -> (Vec<u64>, u32) {
    spans.push(consumer(9, received));
    let outcome = mend(spans);
    (outcome.targets(9), outcome.ambiguous)
}

#[test]
fn sends_within_a_microsecond_are_simultaneous() {
    let sends = |apart| {
        let sent = [NOON - SECOND, NOON - SECOND + apart];
        let sent = (1..)
            .zip(sent)
            .map(|(number, start)| starting(producer(number, &sqs()), start));
        of_9(sent.collect(), &sqs())
    };
    assert_eq!(sends(0), (vec![], 1));
    assert_eq!(sends(900), (vec![], 1));
    assert_eq!(sends(1_000), (vec![], 1));
    assert_eq!(sends(1_001), (vec![2], 0));
}

#[test]
fn sends_of_one_trace_at_one_time_are_told_apart_by_nothing() {
    // Neither lies within the other: they end before they start.
    let backwards = |number| {
        let mut sent = in_trace(producer(number, &sqs()), 1);
        sent.end_time_unix_nano = 0;
        sent
    };
    let sent = vec![backwards(1), backwards(2)];
    assert_eq!(of_9(sent, &sqs()), (vec![], 1));
    let mut sent = vec![backwards(1), backwards(2)];
    sent[1].start_time_unix_nano += 1;
    assert_eq!(of_9(sent, &sqs()), (vec![2], 0), "one is later");
}

#[test]
fn of_simultaneous_spans_one_that_sends_goes_before_its_client() {
    let client = with(sqs(), "messaging.operation", "send");
    let client = starting(span(1, 3, &client), NOON - SECOND);
    let sent = vec![client, producer(2, &sqs())];
    assert_eq!(of_9(sent, &sqs()), (vec![2], 0));
}

#[test]
fn what_started_in_time_goes_before_what_did_not() {
    let sent = |early, late| {
        let starts = [NOON - early, NOON + late];
        let sent = (1..)
            .zip(starts)
            .map(|(number, start)| starting(producer(number, &sqs()), start));
        of_9(sent.collect(), &sqs())
    };
    assert_eq!(sent(0, 500), (vec![1], 0));
    assert_eq!(sent(SECOND, SECOND), (vec![1], 0));
    // At the very time of the consumer is in time.
    assert_eq!(sent(SECOND, 0), (vec![2], 0));
    let made_up = message("rabbitmq");
    let sent = vec![
        producer(1, &made_up),
        starting(producer(2, &made_up), NOON + SECOND),
    ];
    assert_eq!(of_9(sent, &made_up), (vec![1], 0));
}

#[test]
fn clocks_differ_by_the_skew_and_no_nanosecond_more() {
    let sent = |late| {
        let outcome = mend(vec![
            starting(producer(1, &sqs()), NOON + late),
            consumer(9, &sqs()),
        ]);
        (outcome.targets(9), outcome.too_late)
    };
    assert_eq!(sent(5 * SECOND), (vec![1], 0));
    assert_eq!(sent(5 * SECOND + 1), (vec![], 1));
}

#[test]
fn what_a_consumer_sends_the_moment_it_starts_may_be_what_it_received() {
    let sent = |late| {
        let sent = in_trace(starting(producer(1, &sqs()), NOON + late), 9);
        mend(vec![sent, consumer(9, &sqs())]).unresolved
    };
    assert_eq!(sent(0), 0, "it is in the same trace");
    assert_eq!(sent(1), 1, "it is what came of it");
}

#[test]
fn only_the_span_of_a_poll_ends_with_the_poll() {
    let receive = with(sqs(), "messaging.operation", "receive");
    let sent = in_trace(starting(producer(1, &sqs()), NOON + 2 * SECOND), 9);
    let of = |kind| {
        let mut received = span(9, kind, &receive);
        received.end_time_unix_nano = NOON + 5 * SECOND;
        mend(vec![sent.clone(), received]).unresolved
    };
    assert_eq!(of(3), 0);
    assert_eq!(of(5), 1, "it goes on while the message is processed");
    let process = with(sqs(), "messaging.operation", "process");
    let mut works = span(9, 3, &process);
    works.end_time_unix_nano = NOON + 5 * SECOND;
    assert_eq!(mend(vec![sent, works]).unresolved, 1, "it does not wait");
}

#[test]
fn what_may_have_been_sent_again_is_waited_for() {
    let sent_after = |after, attributes: &Attributes| {
        let sent = starting(producer(1, attributes), NOON + after);
        let spans = vec![sent, consumer(9, attributes)];
        let traces = TracesData {
            resource_spans: vec![batch("", spans)],
        };
        let tasks = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
        let outcome = run("{}", tasks, &traces, &mut MemoryIndex::new(), as_encoded);
        assert_eq!(outcome.targets(9).len() + outcome.deferred.len(), 1);
        outcome.deferred.is_empty()
    };
    assert!(sent_after(0, &message("rabbitmq")));
    let at_once = |attributes: &Attributes| sent_after(SECOND, attributes);
    assert!(at_once(&sqs()));
    assert!(!at_once(&message("rabbitmq")));
    let task = vec![
        ("taskiq.task_name", text("mail")),
        ("messaging.message.id", text("7")),
    ];
    assert!(!at_once(&task));
    assert!(!at_once(&vec![("rq.job.id", text("7"))]));
}

/// Spans of this service.
fn service(name: &str, spans: Vec<Span>) -> ResourceSpans {
    ResourceSpans {
        resource: Some(Resource {
            attributes: vec![kv("service.name", text(name))],
            ..Resource::default()
        }),
        ..batch("", spans)
    }
}

/// At a queue, as a consumer of this name.
fn takes(number: u64, name: &str, queue: &str, before: u64) -> Span {
    let at = with(message("rabbitmq"), "messaging.destination.name", queue);
    let mut span = starting(consumer(number, &at), NOON - before * SECOND);
    span.name = name.into();
    span
}

fn sends(number: u64, trace: u64, queue: &str, before: u64) -> Span {
    let at = with(message("rabbitmq"), "messaging.destination.name", queue);
    in_trace(
        starting(producer(number, &at), NOON - before * SECOND),
        trace,
    )
}

/// 1 sends; 2, which is such a consumer, sends on to `wait`; where the message
/// of 4 came from, after `others`.
fn came_back(first: (&str, Span), others: Vec<Span>) -> Vec<u64> {
    let (name, first) = first;
    let outcome = mend_with(
        "{}",
        vec![
            service("", vec![sends(1, 1, "work", 9)]),
            service("other", others),
            service(name, vec![first, sends(3, 2, "wait", 7)]),
            service("shop", vec![takes(4, "work receive", "work", 0)]),
        ],
    );
    outcome.targets(4)
}

#[test]
fn a_message_comes_back_to_the_very_consumer_that_sent_it_to_wait() {
    let same = || takes(2, "work receive", "work", 8);
    assert_eq!(came_back(("shop", same()), vec![]), [3]);
    assert_eq!(came_back(("bank", same()), vec![]), [1], "another service");
    let name = takes(2, "audit", "work", 8);
    assert_eq!(came_back(("shop", name), vec![]), [1], "another span");
    let queue = takes(2, "work receive", "audit", 8);
    assert_eq!(came_back(("shop", queue), vec![]), [1], "another queue");
    // Others by one bit or two of the numbers that stand for them.
    let name = takes(2, "work 7295312", "work", 8);
    assert_eq!(came_back(("shop", name), vec![]), [1]);
    for queue in ["queue 379", "queue 448"] {
        let queue = takes(2, "work receive", queue, 8);
        assert_eq!(came_back(("shop", queue), vec![]), [1]);
    }
    // Somebody took it where it waited: it went there. (And sent it on.)
    let others = vec![takes(5, "wait", "wait", 6), sends(6, 5, "else", 5)];
    assert_eq!(came_back(("shop", same()), others), [1]);
    let beside = in_trace(takes(7, "audit", "audit", 9), 2);
    assert_eq!(came_back(("shop", same()), vec![beside]), [3]);
    let others = vec![takes(5, "other", "other", 6), sends(6, 5, "else", 5)];
    assert_eq!(came_back(("shop", same()), others), [3]);
}

#[test]
fn no_name_of_a_queue_is_taken_for_none() {
    // Numbers stand for names, which are at the ends for these.
    for queue in ["queue 38789", "queue 114043", "queue 7779"] {
        let spans = vec![
            sends(1, 1, queue, 9),
            takes(2, "other", queue, 8),
            sends(3, 2, "elsewhere", 7),
            takes(4, "slow", queue, 0),
        ];
        assert_eq!(mend(spans).targets(4), [1], "{queue}");
    }
    for name in ["work 4425", "work 5492", "work 567"] {
        let mut received = consumer(9, &sqs());
        received.name = name.into();
        assert_eq!(mend(vec![producer(1, &sqs()), received]).targets(9), [1]);
    }
}

#[test]
fn queues_are_told_apart_by_all_of_their_names() {
    for (here, elsewhere) in [
        ("ax", "bx"),
        ("aaaaaaaa", "iaaaaaaa"),
        ("aaaaaaaax", "aaaaaaabx"),
    ] {
        let spans = vec![
            sends(1, 1, here, 9),
            takes(2, "other", here, 8),
            sends(3, 2, elsewhere, 7),
            takes(4, "slow", here, 0),
        ];
        assert_eq!(mend(spans).targets(4), [1], "{here} {elsewhere}");
    }
}

#[test]
fn more_sends_than_the_index_gives_are_several_messages() {
    let receive = with(message("rabbitmq"), "messaging.operation", "receive");
    let mut received = consumer(9, &receive);
    received.end_time_unix_nano = NOON + 20 * SECOND;
    // What it sends on itself is not it, and is all that is given but one.
    let own = |number: u64| {
        let sent = producer(10 + number, &message("rabbitmq"));
        in_trace(starting(sent, NOON + number * SECOND), 9)
    };
    let sent = |number: u64| {
        starting(
            producer(number, &message("rabbitmq")),
            NOON - number * SECOND,
        )
    };
    let with = |sends: u64| {
        let mut spans: Vec<_> = (1..=3).map(own).collect();
        spans.extend((1..=sends).map(sent));
        spans.push(received.clone());
        let outcome = mend(spans);
        (outcome.targets(9), outcome.ambiguous)
    };
    assert_eq!(with(1), (vec![1], 0));
    assert_eq!(with(2), (vec![], 1));
}

#[test]
fn the_latest_of_several_is_none_that_came_too_late() {
    let of = message("rabbitmq");
    let sent = |starts: [u64; 2]| {
        let sent = (1..).zip(starts);
        let sent = sent.map(|(number, start)| starting(producer(number, &of), start));
        let spans = sent.chain([consumer(9, &of)]).collect();
        let outcome = mend_with(r#"{"ambiguous": "latest"}"#, vec![batch("", spans)]);
        (outcome.targets(9), outcome.ambiguous)
    };
    assert_eq!(sent([NOON + SECOND, NOON + 2 * SECOND]), (vec![], 1));
    assert_eq!(sent([NOON, NOON - SECOND]), (vec![1], 0));
}
