//! Jobs and tasks of libraries that name them themselves.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

const SERVER: i32 = 2;
const CLIENT: i32 = 3;

const NONE: [u64; 0] = [];

type Attributes<'a> = &'a [(&'a str, Value)];

fn sending(kind: i32, attributes: Attributes<'_>) -> Span {
    starting(span(1, kind, attributes), NOON - SECOND)
}

fn targets(sent: Span, received: Span) -> Vec<u64> {
    let number = u64::from_be_bytes(received.span_id.clone().try_into().unwrap()) & !(1 << 60);
    mend(vec![sent, received]).targets(number)
}

fn job(key: &'static str, id: &str) -> [(&'static str, Value); 1] {
    [(key, text(id))]
}

#[test]
fn jobs_of_rq_by_their_id() {
    let of = |id| job("rq.job.id", id);
    assert_eq!(targets(producer(1, &of("a")), consumer(2, &of("a"))), [1]);
    assert_eq!(targets(producer(1, &of("a")), consumer(2, &of("b"))), NONE);
}

#[test]
fn who_works_on_a_job_of_rq_is_linked_if_nobody_received_it() {
    let working = |word| {
        let attributes = [
            ("rq.job.id", text("a")),
            ("messaging.operation.name", text(word)),
        ];
        starting(span(2, CLIENT, &attributes), NOON + SECOND)
    };
    let sent = || producer(1, &job("rq.job.id", "a"));
    let received = || consumer(3, &job("rq.job.id", "a"));
    assert_eq!(targets(sent(), working("perform")), [1]);
    assert_eq!(targets(sent(), working("handle_job_success")), NONE);
    let outcome = mend(vec![sent(), received(), working("perform")]);
    assert_eq!((outcome.targets(3), outcome.targets(2)), (vec![1], vec![]));
    assert_eq!(outcome.unresolved, 0);
    // Who received another job is another one.
    let other = consumer(3, &job("rq.job.id", "b"));
    let outcome = mend(vec![sent(), other, working("perform")]);
    assert_eq!(outcome.targets(2), [1]);
    // What the worker does afterwards is no receiver.
    let outcome = mend(vec![sent(), working("handle_job_success"), {
        let mut works = working("perform");
        (works.trace_id, works.span_id) = (trace_id(4), span_id(4));
        works
    }]);
    assert_eq!(outcome.targets(4), [1]);
}

#[test]
fn a_receiver_of_a_job_of_rq_is_remembered_when_data_is_read_twice() {
    let working = [
        ("rq.job.id", text("a")),
        ("messaging.operation.name", text("perform")),
    ];
    let working = span(2, CLIENT, &working);
    let of = job("rq.job.id", "a");
    // The receiver comes after the one that works.
    let spans = vec![producer(1, &of), working.clone(), consumer(3, &of)];
    let outcome = read_twice("{}", vec![batch("", spans)]);
    assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![], vec![1]));
    let outcome = read_twice("{}", vec![batch("", vec![producer(1, &of), working])]);
    assert_eq!(outcome.targets(2), [1]);
}

#[test]
fn jobs_of_arq_go_from_a_client_to_a_server() {
    let of = job("arq.job.id", "a");
    assert_eq!(targets(sending(CLIENT, &of), span(2, SERVER, &of)), [1]);
    assert_eq!(targets(sending(SERVER, &of), span(2, CLIENT, &of)), NONE);
}

#[test]
fn messages_of_dramatiq_go_from_a_server_to_a_consumer() {
    let of = |actor: &'static str| [("message_id", text("a")), (actor, text("mail"))];
    assert_eq!(
        targets(
            sending(SERVER, &of("actor_name")),
            consumer(2, &of("actor_name"))
        ),
        [1]
    );
    // Anybody may say `message_id`.
    assert_eq!(
        targets(sending(SERVER, &of("x")), consumer(2, &of("x"))),
        NONE
    );
    let named = |key: &'static str| [(key, text("a")), ("actor_name", text("mail"))];
    assert_eq!(
        targets(
            producer(1, &named("message-id")),
            consumer(2, &named("message-id"))
        ),
        NONE
    );
    assert_eq!(
        targets(producer(1, &named("m")), consumer(2, &named("m"))),
        NONE
    );
}

#[test]
fn jobs_of_different_libraries_do_not_join() {
    let rq = job("rq.job.id", "a");
    let arq = job("arq.job.id", "a");
    assert_eq!(targets(producer(1, &rq), consumer(2, &arq)), NONE);
    let dramatiq = [("message_id", text("a")), ("actor_name", text("mail"))];
    assert_eq!(targets(producer(1, &rq), consumer(2, &dramatiq)), NONE);
    assert_eq!(targets(producer(1, &arq), consumer(2, &dramatiq)), NONE);
}

#[test]
fn tasks_of_remoulade_and_taskiq_have_no_system() {
    let task = |key: &'static str| [(key, text("mail")), ("messaging.message.id", text("7"))];
    for key in [
        "celery.task_name",
        "remoulade.actor_name",
        "taskiq.task_name",
    ] {
        assert_eq!(
            targets(producer(1, &task(key)), consumer(2, &task(key))),
            [1],
            "{key}"
        );
    }
    for (one, other) in [
        ("celery.task_name", "taskiq.task_name"),
        ("remoulade.actor_name", "celery.task_name"),
        ("remoulade.actor_name", "taskiq.task_name"),
        ("taskiq.task_name", "task"),
        ("remoulade.actor_name", "remote"),
        ("task", "task"),
    ] {
        assert_eq!(
            targets(producer(1, &task(one)), consumer(2, &task(other))),
            NONE,
            "{one} {other}"
        );
    }
}

#[test]
fn a_task_says_by_its_action_what_its_span_does() {
    let of = |key: &'static str, word| {
        [
            (key, text(word)),
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.id", text("7")),
        ]
    };
    for (key, sends, works) in [
        ("celery.action", "apply_async", "run"),
        ("bullmq.queue.operation", "publish", "process"),
        ("messaging.operation.name", "send", "process"),
        ("messaging.operation", "publish", "deliver"),
    ] {
        let (sent, received) = (sending(1, &of(key, sends)), span(2, 1, &of(key, works)));
        assert_eq!(targets(sent, received), [1], "{key}");
        let (sent, received) = (sending(1, &of("x", sends)), span(2, 1, &of("x", works)));
        assert_eq!(targets(sent, received), NONE);
    }
}

#[test]
fn clients_of_aws_say_by_the_operation_what_they_do() {
    let of = |key: &'static str, method| {
        [
            (key, text(method)),
            ("messaging.system", text("aws_sqs")),
            ("messaging.message.id", text("7")),
        ]
    };
    let key = "aws.operation";
    let sent = sending(CLIENT, &of(key, "SendMessage"));
    let received = span(2, CLIENT, &of(key, "ReceiveMessage"));
    assert_eq!(targets(sent, received.clone()), [1]);
    let sent = sending(CLIENT, &of("aws.other", "SendMessage"));
    assert_eq!(targets(sent, received), NONE);
}

/// `FastStream`: both sides name a conversation, which is new for each message;
/// its consumers say where the message was sent to.
#[test]
fn messages_of_faststream_by_their_conversation() {
    let conversation = ("messaging.message.conversation_id", text("c"));
    let published = ("messaging.destination_publish.name", text("orders"));
    let sent = [conversation.clone()];
    let received = [conversation.clone(), published.clone()];
    assert_eq!(targets(producer(1, &sent), consumer(2, &received)), [1]);
    // Elsewhere a conversation is of many messages.
    assert_eq!(targets(producer(1, &sent), consumer(2, &sent)), NONE);
    let outcome = mend(vec![consumer(2, &sent)]);
    assert_eq!(
        (outcome.unresolved, outcome.incomplete, outcome.unnamed),
        (0, 0, 1)
    );
    // Who names the message otherwise is not asked for the conversation.
    let id = ("messaging.message.id", text("7"));
    let named = [id, conversation.clone(), published.clone()];
    assert_eq!(targets(producer(1, &named), consumer(2, &received)), NONE);
    for other in ["messaging.masstransit.message_id", "nservicebus.message_id"] {
        let named = [(other, text("7")), conversation.clone(), published.clone()];
        assert_eq!(
            targets(producer(1, &sent), consumer(2, &named)),
            NONE,
            "{other}"
        );
        assert_eq!(
            targets(producer(1, &named), consumer(2, &received)),
            NONE,
            "{other}"
        );
        assert_eq!(
            targets(producer(1, &named), consumer(2, &named)),
            [1],
            "{other}"
        );
    }
    // The application makes it up: several sends of one are several messages.
    let again = starting(producer(3, &sent), NOON - 2 * SECOND);
    let outcome = mend(vec![producer(1, &sent), again, consumer(2, &received)]);
    assert_eq!((outcome.added, outcome.ambiguous), (0, 1));
}

#[test]
fn the_trace_state_in_the_options_of_a_bullmq_job() {
    let header = "00-0000001000000000000000000000004d-100000000000004d-01";
    let of = [
        ("messaging.bullmq.job.opts.traceparent", text(header)),
        ("messaging.bullmq.job.opts.tracestate", text("a=b")),
    ];
    let outcome = mend(vec![consumer(2, &of)]);
    assert_eq!(outcome.targets(2), [77]);
    assert_eq!(outcome.links(2)[0].trace_state, "a=b");
}

#[test]
fn attributes_with_names_like_those_of_libraries_are_none() {
    for (key, near) in [
        ("nservicebus.message_id", "nservicebus.message_ix"),
        ("cloudevents.event_id", "cloudevents.event_ix"),
        ("bullmq.job.id", "bullmq.job.ix"),
        ("rq.job.id", "rq.job.ix"),
        ("arq.job.id", "arq.job.ix"),
    ] {
        let with = [
            ("cloudevents.event_source", text("s")),
            ("bullmq.queue.name", text("q")),
        ];
        let named = |key| [&with[..], &[(key, text("a"))]].concat();
        assert_eq!(
            targets(producer(1, &named(key)), consumer(2, &named(key))),
            [1],
            "{key}"
        );
        assert_eq!(
            targets(producer(1, &named(near)), consumer(2, &named(near))),
            NONE,
            "{near}"
        );
    }
}
