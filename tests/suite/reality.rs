//! What recordings of real emitters taught, each as a small case of its own
//! name: where this and a plausible reading of the conventions disagree, this is
//! what was seen.

use std::collections::BTreeMap;

use bytes::Bytes;
use linkmend_tests::arms::{Arm, Engine, Order};
use linkmend_tests::otlp::{batch, integer, kind, span, spans_of, text, texts};
use linkmend_tests::{engine_test, rule_test};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;

const SECOND: u64 = 1_000_000_000;
const NOON: u64 = 1_800_000_000 * SECOND;

/// What came of spans that were read twice, as files are.
struct Seen {
    spans: BTreeMap<u64, Span>,
    reasons: BTreeMap<String, u64>,
    held: usize,
}

impl Seen {
    /// The numbers of the spans that the links of a span lead to.
    fn targets(&self, number: u64) -> Vec<u64> {
        let links = self.spans[&number].links.iter();
        links
            .map(|link| u64::from_be_bytes(link.span_id.clone().try_into().unwrap()))
            .collect()
    }

    fn kinds(&self, number: u64) -> Vec<String> {
        let links = self.spans[&number].links.iter();
        let kinds = links.map(|link| {
            let found = link.attributes.iter().find(|one| one.key == "link.type");
            match found.and_then(|one| one.value.clone()?.value) {
                Some(Value::StringValue(kind)) => kind,
                other => panic!("{other:?}"),
            }
        });
        kinds.collect()
    }
}

fn mend(arm: Arm, order: Order, spans: Vec<Span>) -> Seen {
    let processor = arm.engine("{}");
    let sent = order.of(&batch(spans));
    processor.remember(sent.clone()).unwrap();
    let seen = see(&*processor, sent);
    let held = stream(arm, order, &seen);
    Seen { held, ..seen }
}

fn see(processor: &dyn Engine, sent: Bytes) -> Seen {
    let mended = processor.mend(sent).unwrap();
    assert_eq!(mended.faults, []);
    let traces = mended.traces.unwrap();
    let again = processor.mend(traces.clone()).unwrap();
    assert_eq!(
        again.traces.as_ref(),
        Some(&traces),
        "a second run changes it"
    );
    assert_eq!(again.counts.reasons, mended.counts.reasons);
    let mut reasons = BTreeMap::new();
    for (reason, _, _, count) in mended.counts.reasons.iter() {
        *reasons.entry(reason.to_string()).or_default() += count;
    }
    let number = |span: &Span| u64::from_be_bytes(span.span_id.clone().try_into().unwrap());
    let spans = spans_of(&traces).into_iter();
    Seen {
        spans: spans.map(|span| (number(&span), span)).collect(),
        reasons,
        held: 0,
    }
}

/// How many of the spans wait when what came out comes in as a stream.
fn stream(arm: Arm, order: Order, seen: &Seen) -> usize {
    let holding = arm.holding("{}", linkmend::HoldOptions::default());
    let sent = batch(seen.spans.values().cloned().collect());
    holding.process(order.of(&sent)).unwrap().held
}

fn at(mut span: Span, seconds: u64) -> Span {
    span.start_time_unix_nano = NOON + seconds * SECOND;
    span.end_time_unix_nano = span.start_time_unix_nano + SECOND / 10;
    span
}

/// In the trace of another span.
fn in_trace(mut span: Span, number: u64) -> Span {
    span.trace_id = linkmend_tests::otlp::trace_id(number);
    span
}

/// Below another span; `flags` as an SDK writes them.
fn below(span: Span, number: u64, parent: u64, flags: u32) -> Span {
    Span {
        parent_span_id: linkmend_tests::otlp::span_id(parent),
        flags,
        ..in_trace(span, number)
    }
}

const LOCAL: u32 = 0x101;
const REMOTE: u32 = 0x301;

fn linked(mut span: Span, links: Vec<Link>) -> Span {
    span.links = links;
    span
}

fn to(number: u64) -> Link {
    linkmend_tests::otlp::link(number)
}

fn saying(mut link: Link, operation: &str) -> Link {
    link.attributes
        .push(text("messaging.operation.name", operation));
    link
}

fn rabbit(number: u64, kind: i32, queue: &str, id: &str) -> Span {
    let attributes = vec![
        text("messaging.system", "rabbitmq"),
        text("messaging.destination", queue),
        text("messaging.message.id", id),
    ];
    span(number, kind, &format!("{queue} receive"), attributes)
}

fn kafka(number: u64, kind: i32, offset: i64) -> Span {
    let attributes = vec![
        text("messaging.system", "kafka"),
        text("messaging.destination.name", "orders"),
        text("messaging.destination.partition.id", "1"),
        integer("messaging.kafka.message.offset", offset),
    ];
    span(number, kind, "orders", attributes)
}

fn with(mut span: Span, key: &str, value: &str) -> Span {
    span.attributes.push(text(key, value));
    span
}

fn pubsub(number: u64, kind: i32, name: &str) -> Span {
    let attributes = vec![text("messaging.system", "gcp_pubsub")];
    span(number, kind, name, attributes)
}

// Who may be the producer.

engine_test! {
    fn what_a_consumer_sent_on_is_no_cause_of_it(arm, order) {
        let consumer = at(rabbit(2, kind::CONSUMER, "work", "a"), 10);
        let sent_on = in_trace(at(rabbit(3, kind::PRODUCER, "wait", "a"), 11), 2);
        let alone = mend(arm, order, vec![consumer.clone(), sent_on.clone()]);
        assert_eq!((alone.targets(2), alone.reasons["unresolved"]), (vec![], 1));
        assert_eq!(alone.held, 1, "it goes on waiting");
        let sent = at(rabbit(1, kind::PRODUCER, "work", "a"), 0);
        assert_eq!(mend(arm, order, vec![sent, consumer, sent_on]).targets(2), [1]);
    }
}

engine_test! {
    fn nested_spans_of_one_send_are_one_producer(arm, order) {
        let mut outer = at(rabbit(1, kind::PRODUCER, "work", "a"), 0);
        outer.end_time_unix_nano += SECOND;
        let mut inner = in_trace(rabbit(2, kind::PRODUCER, "work", "a"), 1);
        inner.start_time_unix_nano = outer.start_time_unix_nano + 1_000;
        inner.end_time_unix_nano = outer.start_time_unix_nano + 2_000;
        let consumer = at(rabbit(3, kind::CONSUMER, "work", "a"), 10);
        assert_eq!(mend(arm, order, vec![outer, inner, consumer]).targets(3), [2]);
    }
}

engine_test! {
    fn a_retry_through_a_waiting_queue_comes_from_the_retry(arm, order) {
        let spans = vec![
            at(rabbit(1, kind::PRODUCER, "work", "a"), 0),
            at(rabbit(2, kind::CONSUMER, "work", "a"), 10),
            in_trace(at(rabbit(3, kind::PRODUCER, "wait", "a"), 11), 2),
            at(rabbit(4, kind::CONSUMER, "work", "a"), 20),
        ];
        let seen = mend(arm, order, spans);
        assert_eq!((seen.targets(2), seen.targets(4)), (vec![1], vec![3]));
    }
}

engine_test! {
    fn a_publisher_that_reuses_its_id_is_ambiguous(arm, order) {
        let spans = vec![
            at(rabbit(1, kind::PRODUCER, "q", "constant"), 0),
            at(rabbit(2, kind::PRODUCER, "q", "constant"), 1),
            at(rabbit(3, kind::CONSUMER, "q", "constant"), 2),
            at(rabbit(4, kind::CONSUMER, "q", "constant"), 3),
        ];
        let seen = mend(arm, order, spans);
        assert_eq!((seen.targets(3), seen.targets(4)), (vec![], vec![]));
        assert_eq!(seen.reasons["ambiguous"], 2);
    }
}

engine_test! {
    fn an_offset_that_several_traces_claim_is_known_to_nobody(arm, order) {
        // acks=0: each batch begins with 0 again.
        let spans = vec![
            at(kafka(1, kind::PRODUCER, 0), 0),
            at(kafka(2, kind::PRODUCER, 0), 1),
            at(kafka(3, kind::PRODUCER, 1), 1),
            at(kafka(4, kind::CONSUMER, 0), 2),
            at(kafka(5, kind::CONSUMER, 1), 2),
        ];
        let seen = mend(arm, order, spans);
        assert_eq!(seen.targets(4), [0; 0], "claimed twice");
        assert_eq!(seen.targets(5), [0; 0], "claimed once, by somebody who counts anew");
        assert_eq!(seen.reasons["ambiguous"], 2);
    }
}

engine_test! {
    fn a_topic_that_was_made_anew_has_its_offsets_twice(arm, order) {
        let spans = vec![
            at(kafka(1, kind::PRODUCER, 7), 0),
            at(kafka(2, kind::CONSUMER, 7), 1),
            at(kafka(3, kind::PRODUCER, 7), 7200),
            at(kafka(4, kind::CONSUMER, 7), 7201),
        ];
        let seen = mend(arm, order, spans);
        assert_eq!((seen.targets(2), seen.targets(4)), (vec![1], vec![3]));
    }
}

engine_test! {
    fn an_offset_without_a_cluster_proves_nothing_where_consumers_name_several(arm, order) {
        let of = |number, cluster| {
            let span = at(kafka(number, kind::CONSUMER, 7_000), 5);
            with(span, "messaging.kafka.cluster.id", cluster)
        };
        let sent = at(kafka(1, kind::PRODUCER, 7_000), 0);
        let seen = mend(arm, order, vec![sent.clone(), of(2, "blue")]);
        assert_eq!(seen.targets(2), [1]);
        let seen = mend(arm, order, vec![sent, of(2, "blue"), of(3, "green")]);
        assert_eq!((seen.targets(2), seen.targets(3)), (vec![], vec![]));
        assert_eq!(seen.reasons["ambiguous"], 2);
    }
}

fn header(number: u64) -> String {
    let trace_id = linkmend_tests::otlp::trace_id(number);
    let trace_id = u128::from_be_bytes(trace_id.try_into().unwrap());
    format!("00-{trace_id:032x}-{number:016x}-01")
}

engine_test! {
    fn the_record_goes_before_a_header_that_was_handed_on(arm, order) {
        // Kafka Streams: the header is that of the record that came in.
        let mut consumer = at(kafka(3, kind::CONSUMER, 7_000), 9);
        let headers = texts("messaging.header.traceparent", &[&header(1)]);
        consumer.attributes.push(headers);
        let hop = at(kafka(2, kind::PRODUCER, 7_000), 5);
        assert_eq!(mend(arm, order, vec![hop, consumer.clone()]).targets(3), [2]);
        assert_eq!(mend(arm, order, vec![consumer]).targets(3), [1]);
    }
}

engine_test! {
    fn of_several_headers_on_one_record_the_last_is_its_context(arm, order) {
        let mut consumer = kafka(9, kind::CONSUMER, 7_000);
        let all = [header(1), header(2), header(3)];
        let headers: Vec<&str> = all.iter().map(String::as_str).collect();
        consumer.attributes.push(texts("messaging.header.traceparent", &headers));
        let seen = mend(arm, order, vec![consumer.clone()]);
        assert_eq!((seen.targets(9), seen.kinds(9)), (vec![3], vec!["triggered_by".into()]));
        // A batch has one a message.
        consumer.attributes.push(integer("messaging.batch.message_count", 3));
        assert_eq!(mend(arm, order, vec![consumer]).targets(9), [1, 2, 3]);
    }
}

// When nothing is missing.

engine_test! {
    fn a_context_that_came_with_the_message_is_asked_first(arm, order) {
        let remote = below(at(rabbit(3, kind::CONSUMER, "q", "a"), 5), 3, 77, REMOTE);
        let sent = at(rabbit(1, kind::PRODUCER, "q", "a"), 0);
        let seen = mend(arm, order, vec![sent, remote.clone()]);
        assert_eq!((seen.targets(3), seen.held), (vec![], 0));
        let seen = mend(arm, order, vec![remote]);
        assert!(seen.reasons.is_empty(), "{:?}", seen.reasons);
        assert_eq!(seen.held, 0);
    }
}

engine_test! {
    fn a_process_span_below_a_receive_span_has_its_context(arm, order) {
        // franz-go: receive has the remote parent, process is below it.
        let operation = |span, word| with(span, "messaging.operation", word);
        let receive = operation(kafka(2, kind::CONSUMER, 7_000), "receive");
        let receive = below(at(receive, 5), 1, 99, REMOTE);
        let process = operation(kafka(3, kind::CONSUMER, 7_000), "process");
        let process = below(at(process, 6), 1, 2, LOCAL);
        let seen = mend(arm, order, vec![receive, process]);
        assert_eq!((seen.targets(3), seen.held), (vec![], 0));
        assert!(seen.reasons.is_empty(), "{:?}", seen.reasons);
    }
}

engine_test! {
    fn a_link_to_who_settles_is_no_link_to_the_sender(arm, order) {
        let id = |span| with(span, "messaging.message.id", "m7");
        let create = at(id(pubsub(1, kind::PRODUCER, "orders create")), 0);
        let settled = vec![saying(to(8), "modack"), saying(to(9), "ack")];
        let subscribe = at(id(pubsub(2, kind::CONSUMER, "billing subscribe")), 1);
        let seen = mend(arm, order, vec![create, linked(subscribe, settled)]);
        assert_eq!(seen.targets(2), [8, 9, 1]);
        assert_eq!(seen.kinds(2), ["settled_by", "settled_by", "triggered_by"]);
    }
}

engine_test! {
    fn a_link_to_anybody_stands_only_for_a_message_that_nobody_sent(arm, order) {
        // X-Ray's, or the application's own.
        let consumer = linked(at(rabbit(2, kind::CONSUMER, "q", "a"), 5), vec![to(50)]);
        let seen = mend(arm, order, vec![consumer.clone()]);
        assert!(seen.reasons.is_empty(), "{:?}", seen.reasons);
        let sent = at(rabbit(1, kind::PRODUCER, "q", "a"), 0);
        assert_eq!(mend(arm, order, vec![sent, consumer]).targets(2), [50, 1]);
    }
}

// What is told.

engine_test! {
    fn messages_are_told_of_and_not_spans(arm, order) {
        let mut process = span(2, kind::CONSUMER, "orders process", vec![
            text("messaging.system", "kafka"),
            text("messaging.operation", "process"),
        ]);
        process.attributes.push(integer("messaging.batch.message_count", 14));
        assert_eq!(mend(arm, order, vec![process]).reasons["unnamed"], 14);
    }
}

engine_test! {
    fn an_empty_poll_and_a_reply_are_nothing_to_tell_of(arm, order) {
        let mut poll = span(2, kind::CONSUMER, "orders receive", vec![
            text("messaging.system", "aws_sqs"),
            text("messaging.operation.type", "receive"),
        ]);
        poll.attributes.push(integer("messaging.batch.message_count", 0));
        let reply = span(3, kind::CONSUMER, "process _INBOX.", vec![
            text("messaging.system", "nats"),
            text("messaging.operation.type", "process"),
            text("messaging.destination.name", "_INBOX.kbBH.x"),
        ]);
        let seen = mend(arm, order, vec![poll, reply]);
        assert!(seen.reasons.is_empty(), "{:?}", seen.reasons);
    }
}

engine_test! {
    fn a_consumer_below_a_span_of_its_own_process_may_lack_its_context(arm, order) {
        // Lambda: SERVER, and below it what processes the messages.
        let process = span(3, kind::CONSUMER, "process orders", vec![
            text("messaging.system", "aws_sqs"),
            text("messaging.operation.type", "process"),
        ]);
        let seen = mend(arm, order, vec![below(process, 2, 2, LOCAL)]);
        assert_eq!(seen.reasons["unnamed"], 1);
    }
}

// Polls are told of where data is read twice, which a kernel does not do.
rule_test! {
    fn spans_below_a_poll_tell_of_its_messages(arm, order) {
        let poll = span(2, kind::CLIENT, "poll orders", vec![
            text("messaging.system", "kafka"),
            text("messaging.operation.type", "receive"),
        ]);
        let mut poll = poll;
        poll.attributes.push(integer("messaging.batch.message_count", 1));
        let process = with(kafka(3, kind::CONSUMER, 7_000), "messaging.operation.type", "process");
        let process = below(at(process, 5), 2, 2, LOCAL);
        let seen = mend(arm, order, vec![poll.clone(), process]);
        let told: Vec<_> = seen.reasons.into_iter().collect();
        assert_eq!(told, [("unresolved".into(), 1)]);
        assert_eq!(mend(arm, order, vec![poll]).reasons["unnamed"], 1);
    }
}

engine_test! {
    fn links_that_are_dropped_leave_a_consumer_that_lacks_them(arm, order) {
        let mut receive = span(2, kind::CONSUMER, "reports process", vec![
            text("messaging.system", "pg-boss"),
            text("messaging.operation.type", "process"),
        ]);
        receive.attributes.push(integer("messaging.batch.message_count", 2));
        let seen = mend(arm, order, vec![linked(receive, vec![to(0), to(0)])]);
        assert_eq!((seen.targets(2), seen.reasons["unnamed"]), (vec![], 2));
    }
}

engine_test! {
    fn a_span_without_ids_of_its_own_loses_invalid_links(arm, order) {
        let mut nameless = linked(span(0, kind::CONSUMER, "x", vec![]), vec![to(0), to(5)]);
        nameless.trace_id = vec![0; 16];
        let processor = arm.engine("{}");
        let mended = processor.process(order.of(&batch(vec![nameless]))).unwrap();
        assert_eq!(mended.counts.links_dropped_invalid, 1);
        assert_eq!((mended.counts.spans, mended.counts.spans_invalid), (1, 1));
        assert_eq!(spans_of(&mended.traces.unwrap())[0].links.len(), 1);
    }
}

// Emitters that no profile had.

engine_test! {
    fn jobs_of_rq_arq_and_dramatiq_have_their_ids_on_both_sides(arm, order) {
        let of = |number, kind, attributes: &[(&str, &str)]| {
            let attributes = attributes.iter().map(|(key, value)| text(key, value));
            at(span(number, kind, "job", attributes.collect()), number)
        };
        let rq = |operation| [
            ("messaging.system", "Python RQ"),
            ("messaging.operation.type", operation),
            ("rq.job.id", "6a5057f8"),
        ];
        let arq = [("arq.job.id", "dfbca35680b94d87"), ("arq.job.name", "order")];
        let dramatiq = [("message_id", "44ae0442"), ("actor_name", "order")];
        let seen = mend(arm, order, vec![
            of(1, kind::PRODUCER, &rq("send")),
            of(2, kind::CONSUMER, &rq("process")),
            of(3, kind::CLIENT, &arq),
            of(4, kind::SERVER, &arq),
            of(5, kind::SERVER, &dramatiq),
            of(6, kind::CONSUMER, &dramatiq),
        ]);
        assert_eq!((seen.targets(2), seen.targets(4), seen.targets(6)), (vec![1], vec![3], vec![5]));
        let other = of(7, kind::CONSUMER, &[("message_id", "44ae0442")]);
        assert_eq!(mend(arm, order, vec![other]).targets(7), [0; 0]);
    }
}

engine_test! {
    fn faststream_is_joined_by_the_conversation_that_each_message_begins(arm, order) {
        let of = |number, kind, name: &str| span(number, kind, name, vec![
            text("messaging.system", "rabbitmq"),
            text("messaging.message.conversation_id", "5f9d9fd0-d4c1"),
        ]);
        let create = at(of(1, kind::PRODUCER, "shop.orders create"), 0);
        let publish = in_trace(at(of(2, kind::PRODUCER, "shop.orders publish"), 1), 1);
        let consumer = at(of(3, kind::CONSUMER, "shop.orders process"), 2);
        let known = with(consumer.clone(), "messaging.destination_publish.name", "shop");
        let seen = mend(arm, order, vec![create.clone(), publish.clone(), known]);
        assert_eq!(seen.targets(3), [1]);
        // Elsewhere a conversation is of many messages.
        assert_eq!(mend(arm, order, vec![create, publish, consumer]).targets(3), [0; 0]);
    }
}

engine_test! {
    fn tasks_that_are_tried_again_come_from_the_retry(arm, order) {
        let of = |number, kind| span(number, kind, "remoulade", vec![
            text("messaging.message.id", "8d0f3c2e-8f37-4d5e-9b7f-000000000001"),
            text("remoulade.action", "x"),
        ]);
        // The retry is sent in a trace of its own.
        let seen = mend(arm, order, vec![
            at(of(1, kind::PRODUCER), 0),
            at(of(2, kind::CONSUMER), 10),
            at(of(3, kind::PRODUCER), 20),
            at(of(4, kind::CONSUMER), 30),
        ]);
        assert_eq!((seen.targets(2), seen.targets(4)), (vec![1], vec![3]));
    }
}

// What links are called.

engine_test! {
    fn links_of_pub_sub_say_what_they_are(arm, order) {
        // Go: publish, subscribe and ack are INTERNAL, and name no operation.
        let id = |span| with(span, "messaging.message.id", "m7");
        let create = linked(id(pubsub(1, kind::PRODUCER, "orders create")), vec![saying(to(2), "publish")]);
        let publish = linked(pubsub(2, kind::INTERNAL, "orders publish"), vec![to(1)]);
        let subscribe = linked(id(pubsub(3, kind::INTERNAL, "s subscribe")), vec![saying(to(4), "ack")]);
        let ack = linked(pubsub(4, kind::INTERNAL, "s ack"), vec![to(3)]);
        let seen = mend(arm, order, vec![create, publish, subscribe, ack]);
        let kinds = [1, 2, 3, 4].map(|number| seen.kinds(number));
        assert_eq!(kinds, [["created_by"], ["publish_of"], ["settled_by"], ["settles"]]);
    }
}

engine_test! {
    fn a_link_to_the_span_itself_is_only_related(arm, order) {
        let own = linked(rabbit(2, kind::CONSUMER, "q", "a"), vec![to(2)]);
        assert_eq!(mend(arm, order, vec![own]).kinds(2), ["related_to"]);
    }
}
