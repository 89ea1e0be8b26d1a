//! Attributes: those that the rule reads, with values of every type.

use linkmend_emitters::template::key_value;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Few of everything, so that much coincides.
const WORDS: &[&str] = &[
    "",
    "a",
    "b",
    "1",
    "2",
    "t.0.1",
    "t.1.1",
    "a,b",
    "3f1c9d52-7e8a-4c11-9a55-0123456789ab",
    "7e8a3f1c-4c11-9d52-aa55-0123456789ab",
];

const ID_KEYS: &[&str] = &[
    "messaging.message.id",
    "messaging.message_id",
    "messaging.message.ids",
    "messaging.kafka.offset",
    "messaging.kafka.message.offset",
    "messaging.masstransit.message_id",
    "nservicebus.message_id",
    "cloudevents.event_id",
    "bullmq.job.id",
];

const OPERATION_KEYS: &[&str] = &[
    "messaging.operation",
    "messaging.operation.type",
    "messaging.operation.name",
    "celery.action",
    "bullmq.queue.operation",
    "rpc.method",
];

const OPERATIONS: &[&str] = &[
    "create",
    "send",
    "publish",
    "receive",
    "process",
    "Process",
    "deliver",
    "settle",
    "ack",
    "apply_async",
    "run",
    "noted",
    "SendMessage",
    "ReceiveMessage",
];

const PLACE_KEYS: &[&str] = &[
    "messaging.destination.partition.id",
    "messaging.kafka.destination.partition",
    "messaging.kafka.source.partition",
    "messaging.kafka.partition",
];

const DESTINATION_KEYS: &[&str] = &[
    "messaging.destination.name",
    "messaging.destination",
    "messaging.source.name",
    "messaging.kafka.cluster.id",
    "bullmq.queue.name",
    "cloudevents.event_source",
];

const SYSTEMS: &[&str] = &[
    "kafka",
    "rabbitmq",
    "AmazonSQS",
    "pulsar",
    "sidekiq",
    "rocketmq",
    "jms",
    "x",
];

const OTHER_KEYS: &[&str] = &[
    "link.type",
    "why",
    "link.repaired",
    "made.by",
    "retry.attempt",
    "opentracing.ref_type",
    "message.id",
    "messaging.message.conversation_id",
    "x",
];

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn word() -> impl Strategy<Value = Value> {
    select(WORDS).prop_map(text)
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![6 => -1..3i64, 1 => Just(i64::MIN), 1 => Just(i64::MAX)].prop_map(Value::IntValue)
}

fn scalar() -> impl Strategy<Value = Value> {
    let list = KeyValueList::default();
    prop_oneof![
        8 => word(),
        4 => number(),
        1 => any::<bool>().prop_map(Value::BoolValue),
        1 => vec(any::<u8>(), 0..3).prop_map(Value::BytesValue),
        1 => Just(Value::DoubleValue(1.0)),
        1 => Just(Value::KvlistValue(list)),
    ]
}

fn any_value(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn id() -> impl Strategy<Value = Value> {
    let values = |values: Vec<Value>| {
        let values = values.into_iter().map(any_value).collect();
        Value::ArrayValue(ArrayValue { values })
    };
    prop_oneof![4 => scalar(), 1 => vec(scalar(), 0..5).prop_map(values)]
}

fn header() -> impl Strategy<Value = Value> {
    let header = |(number, kind): (u64, u8)| match kind {
        0 => "00-nonsense".to_owned(),
        1 => format!("00-{}-{:016x}-01", "0".repeat(32), number),
        _ => format!(
            "00-{:032x}-{:016x}-01",
            super::spans::trace(number),
            super::spans::id(number)
        ),
    };
    let one = (0..6u64, 0..5u8).prop_map(header);
    vec(one, 1..4).prop_map(|all| {
        if let [one] = all.as_slice() {
            return text(one);
        }
        let values = all.iter().map(|one| any_value(text(one))).collect();
        Value::ArrayValue(ArrayValue { values })
    })
}

fn trace_text(number: u64) -> Value {
    text(&format!("{:032x}", super::spans::trace(number)))
}

fn span_text(number: u64) -> Value {
    text(&format!("{:016x}", super::spans::id(number)))
}

fn attribute() -> impl Strategy<Value = KeyValue> {
    let pair = |keys: &'static [&'static str]| select(keys);
    prop_oneof![
        6 => (pair(ID_KEYS), id()),
        4 => (pair(&ID_KEYS[..1]), word()),
        3 => (pair(OPERATION_KEYS), select(OPERATIONS).prop_map(text)),
        3 => (Just("messaging.system"), select(SYSTEMS).prop_map(text)),
        2 => (pair(DESTINATION_KEYS), select(&["t", "u", "t-partition-1", ""][..]).prop_map(text)),
        2 => (pair(PLACE_KEYS), prop_oneof![number(), word()]),
        1 => (Just("messaging.batch.message_count"), number()),
        1 => (Just("messaging.header.traceparent"), header()),
        1 => (Just("messaging.header.tracestate"), select(&["a=b", ""][..]).prop_map(text)),
        2 => (pair(OTHER_KEYS), scalar()),
        1 => (Just("job.trace_id"), (0..6u64).prop_map(trace_text)),
        1 => (Just("job.span_id"), (0..6u64).prop_map(span_text)),
    ]
    .prop_map(|(key, value)| key_value(key, value))
}

/// How many messages there are, see [`attributes`].
pub const MESSAGES: usize = 11;

/// One of two messages, told as emitters tell them: random attributes alone
/// would seldom name the same message on two sides.
fn message(focus: usize) -> impl Strategy<Value = Vec<KeyValue>> {
    let named = |system: &str, key: &str, id: Value| {
        vec![
            key_value("messaging.system", text(system)),
            key_value("messaging.destination.name", text("t")),
            key_value(key, id),
        ]
    };
    let record = |offset: Value, partition_key: &str| {
        let mut record = named("kafka", "messaging.kafka.offset", offset);
        record.push(key_value(partition_key, Value::IntValue(0)));
        record
    };
    let several = |ids: &[&str]| {
        let values = ids.iter().map(|id| any_value(text(id))).collect();
        Value::ArrayValue(ArrayValue { values })
    };
    let all: [_; MESSAGES] = [
        named("rabbitmq", "messaging.message.id", text("a")),
        named("rabbitmq", "messaging.message_id", text("b")),
        named(
            "rabbitmq",
            "messaging.message.ids",
            several(&["a", "b", "a"]),
        ),
        named("rocketmq", "messaging.message.id", text("a,b")),
        named("rocketmq", "messaging.message.id", text("a")),
        named("bullmq", "messaging.message.id", Value::IntValue(1)),
        named("x", "messaging.message.id", text("1")),
        named("x", "messaging.masstransit.message_id", text("m")),
        record(Value::IntValue(1), PLACE_KEYS[1]),
        record(text("1"), PLACE_KEYS[2]),
        named("kafka", "messaging.message.id", text("t.0.1")),
    ];
    let near = |place: usize| all[(focus + place) % MESSAGES].clone();
    select(vec![near(0), near(0), near(0), near(1)])
}

/// Attributes of a span or a link, most of them about the message `focus` or
/// the next.
pub fn attributes(most: usize, focus: usize) -> impl Strategy<Value = Vec<KeyValue>> {
    let role = select(&["create", "send", "send", "receive", "process", "process"][..]);
    let role = role.prop_map(|word| key_value("messaging.operation", text(word)));
    let told = (
        message(focus),
        proptest::option::weighted(0.7, role),
        noise(most / 3),
    );
    let told = told.prop_map(|(mut message, role, noise)| {
        message.extend(role);
        message.extend(noise);
        unique(message)
    });
    prop_oneof![3 => told, 2 => noise(most)]
}

/// Any of them, each key once (OpenTelemetry specification, common).
fn noise(most: usize) -> impl Strategy<Value = Vec<KeyValue>> {
    vec(attribute(), 0..=most).prop_map(unique)
}

fn unique(mut attributes: Vec<KeyValue>) -> Vec<KeyValue> {
    let mut seen = std::collections::BTreeSet::new();
    attributes.retain(|attribute| seen.insert(attribute.key.clone()));
    attributes
}
