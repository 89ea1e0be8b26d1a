//! What spans do with messages, where their names tell.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;

fn named(number: u64, kind: i32, name: &str, attributes: &[(&str, Value)]) -> Span {
    let mut span = span(number, kind, attributes);
    span.name = name.into();
    span
}

fn message(system: &str) -> [(&'static str, Value); 2] {
    [
        ("messaging.system", text(system)),
        ("messaging.message.id", text("7")),
    ]
}

/// What its link is said to be.
fn kind(mut span: Span) -> String {
    span.links = vec![link_to(9, &[])];
    let outcome = mend(vec![span]);
    link_type(&outcome.spans[0].links[0]).unwrap().to_owned()
}

#[test]
fn clients_of_pubsub_say_by_their_names_what_they_do() {
    let sends = |system, name| {
        let sent = starting(named(1, INTERNAL, name, &message(system)), NOON - SECOND);
        mend(vec![sent, consumer(2, &message(system))]).targets(2)
    };
    assert_eq!(sends("gcp_pubsub", "orders publish"), [1]);
    assert_eq!(sends("GCP_PubSub", "publish"), [1]);
    assert_eq!(sends("gcp_pubsub", "publish orders"), [0; 0]);
    assert_eq!(sends("gcp_pubsub", "orders published"), [0; 0]);
    assert_eq!(sends("gcp_pubsub", "orders ack"), [0; 0]);
    assert_eq!(sends("nats", "orders publish"), [0; 0]);
    for (name, said) in [
        ("orders ack", "settles"),
        ("orders nack", "settles"),
        ("orders modack", "settles"),
        ("orders publish", "publish_of"),
        ("orders subscribe", "triggered_by"),
    ] {
        let of = |system| kind(named(2, INTERNAL, name, &message(system)));
        assert_eq!(of("gcp_pubsub"), said, "{name}");
        assert_eq!(of("nats"), "triggered_by", "{name}");
    }
}

#[test]
fn a_producer_without_an_operation_creates_when_its_name_ends_so() {
    let of = |kind, name: &str, attributes: &[(&str, Value)]| {
        self::kind(named(2, kind, name, attributes))
    };
    assert_eq!(of(PRODUCER, "orders create", &[]), "created_by");
    assert_eq!(of(PRODUCER, "create", &[]), "created_by");
    assert_eq!(of(PRODUCER, "create orders", &[]), "publish_of");
    assert_eq!(of(PRODUCER, "orders publish", &[]), "publish_of");
    assert_eq!(of(SERVER, "orders create", &[]), "triggered_by");
    for key in [
        "messaging.operation.type",
        "messaging.operation",
        "messaging.operation.name",
    ] {
        let says = |word| of(PRODUCER, "orders create", &[(key, text(word))]);
        assert_eq!(says("send"), "publish_of", "{key}");
        assert_eq!(says("frobnicate"), "publish_of", "{key}");
        assert_eq!(says("create"), "created_by", "{key}");
        assert_eq!(
            of(CLIENT, "orders create", &[(key, text("send"))]),
            "publish_of"
        );
    }
}

#[test]
fn who_creates_goes_before_who_sends_in_one_trace() {
    let in_one = |name: &str, kind, start| {
        let mut span = starting(named(0, kind, name, &message("aws_sqs")), start);
        span.trace_id = trace_id(1);
        span
    };
    let create = |name| Span {
        span_id: span_id(1),
        ..in_one(name, PRODUCER, NOON - 3 * SECOND)
    };
    let send = Span {
        span_id: span_id(3),
        ..in_one("orders send", PRODUCER, NOON - 2 * SECOND)
    };
    let of = |name| {
        let spans = vec![create(name), send.clone(), consumer(2, &message("aws_sqs"))];
        mend(spans).targets(2)
    };
    assert_eq!(of("orders create"), [1]);
    assert_eq!(of("orders make"), [3]);
}

#[test]
fn only_clients_that_name_messages_say_by_their_method_what_they_do() {
    let of = |kind, attributes: &[(&str, Value)]| {
        self::kind(named(2, kind, "SQS.SendMessage", attributes))
    };
    assert_eq!(of(CLIENT, &message("aws_sqs")), "publish_of");
    assert_eq!(of(CLIENT, &[]), "triggered_by");
    assert_eq!(of(INTERNAL, &message("aws_sqs")), "triggered_by");
    assert_eq!(of(INTERNAL, &[]), "triggered_by");
    for (name, said) in [
        ("a/Send", "publish_of"),
        ("a sendMessage", "publish_of"),
        ("PublishBatch", "publish_of"),
        ("SQS.Send.Other", "triggered_by"),
        ("Resend", "triggered_by"),
        ("Sen", "triggered_by"),
    ] {
        let span = named(2, CLIENT, name, &message("aws_sqs"));
        assert_eq!(kind(span), said, "{name}");
    }
}

#[test]
fn a_list_of_ids_may_be_one_id() {
    let sent = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("a")),
    ];
    let received = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", text("a")),
    ];
    let of = |sent: &[(&str, Value)], received: &[(&str, Value)]| {
        mend(vec![producer(1, sent), consumer(2, received)]).targets(2)
    };
    assert_eq!(of(&sent, &received), [1]);
    assert_eq!(of(&received, &sent), [1]);
}

#[test]
fn only_rocketmq_puts_several_ids_in_one_text() {
    let of = |system: &str, id: &str| {
        [
            ("messaging.system", text(system)),
            ("messaging.message.id", text(id)),
        ]
    };
    let targets = |system| {
        let spans = vec![
            producer(1, &of(system, "a,b")),
            consumer(2, &of(system, "a")),
        ];
        mend(spans).targets(2)
    };
    assert_eq!(targets("rocketmq"), [1]);
    assert_eq!(targets("ROCKETMQ"), [1]);
    assert_eq!(targets("rabbitmq"), [0; 0]);
    let spans = vec![
        producer(1, &of("rabbitmq", "a,b")),
        consumer(2, &of("rabbitmq", "a,b")),
    ];
    assert_eq!(mend(spans).added, 1);
}

#[test]
fn ids_that_a_queue_gives_are_of_one_job_however_often_it_was_sent() {
    let latest = |system: &str| {
        let of = [
            ("messaging.system", text(system)),
            ("messaging.destination.name", text("mail")),
            ("messaging.message.id", text("12")),
        ];
        let early = starting(producer(3, &of), NOON - 2 * SECOND);
        mend(vec![producer(1, &of), early, consumer(2, &of)]).targets(2)
    };
    for system in [
        "sidekiq",
        "active_job",
        "que",
        "resque",
        "delayed_job",
        "bullmq",
        "pulsar",
    ] {
        assert_eq!(latest(system), [1], "{system}");
    }
    assert_eq!(latest("nats"), [0; 0]);
}

#[test]
fn all_words_for_operations_are_known_in_any_case() {
    let of = |word: &str| {
        let operation = [("messaging.operation", text(word))];
        let mut span = with_links(span(2, INTERNAL, &operation), vec![link_to(9, &[])]);
        // Below another span and into its own trace: of a span without a role
        // such a link says nothing.
        span.parent_span_id = span_id(8);
        span.links[0].trace_id = trace_id(2);
        let outcome = mend(vec![span]);
        link_type(&outcome.links(2)[0]).unwrap().to_owned()
    };
    let words = [
        ("created_by", "create"),
        ("publish_of", "send publish schedule enqueue apply_async"),
        (
            "triggered_by",
            "receive poll peek consume process deliver run",
        ),
        (
            "settles",
            "settle ack nack modack commit complete abandon dead_letter defer reject",
        ),
        (
            "related_to",
            "x sen sending processed runs ack_ completes dead_letters",
        ),
    ];
    for (said, words) in words {
        for word in words.split(' ') {
            assert_eq!(of(word), said, "{word}");
            assert_eq!(of(&word.to_uppercase()), said, "{word}");
        }
    }
}

#[test]
fn who_polls_has_its_messages_at_its_end() {
    let sent = starting(producer(1, &message("aws_sqs")), NOON + 20 * SECOND);
    let links = |word: &str| {
        let mut of = message("aws_sqs").to_vec();
        of.push(("messaging.operation", text(word)));
        let mut received = consumer(2, &of);
        received.end_time_unix_nano = NOON + 30 * SECOND;
        mend(vec![sent.clone(), received]).added
    };
    for word in ["receive", "poll", "peek", "consume"] {
        assert_eq!(links(word), 1, "{word}");
    }
    for word in ["process", "deliver", "run"] {
        assert_eq!(links(word), 0, "{word}");
    }
    let mut call = named(2, CLIENT, "SQS.ReceiveMessage", &message("aws_sqs"));
    call.end_time_unix_nano = NOON + 30 * SECOND;
    assert_eq!(mend(vec![sent.clone(), call]).added, 1);
}
