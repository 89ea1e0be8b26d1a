//! What is near to naming a message, and what is not it.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

type Attributes = Vec<(&'static str, Value)>;

/// Long enough to be one of a kind.
const LONG: &str = "9387be20-bb2b-34c2";

fn of(attributes: &[(&'static str, &str)]) -> Attributes {
    attributes
        .iter()
        .map(|(key, value)| (*key, text(value)))
        .collect()
}

fn joins(sent: &Attributes, received: &Attributes) -> bool {
    let outcome = mend(vec![producer(1, sent), consumer(2, received)]);
    outcome.targets(2) == [1]
}

fn id(system: &str, destination: &str, id: &str) -> Attributes {
    let all = [
        ("messaging.system", system),
        ("messaging.destination.name", destination),
        ("messaging.message.id", id),
    ];
    let all = all.into_iter().filter(|(_, value)| !value.is_empty());
    all.map(|(key, value)| (key, text(value))).collect()
}

#[test]
fn a_job_of_bullmq_needs_its_queue() {
    let job = of(&[("bullmq.job.id", "3")]);
    assert!(!joins(&job, &job));
    let queue = of(&[("bullmq.queue.name", "mail")]);
    assert!(!joins(&queue, &queue));
}

#[test]
fn ids_of_one_queue_or_topic_need_it() {
    for system in ["pulsar", "sidekiq", "que"] {
        assert!(
            !joins(&id(system, "", "7:1:0"), &id(system, "", "7:1:0")),
            "{system}"
        );
        assert!(
            joins(&id(system, "a", "7:1:0"), &id(system, "a", "7:1:0")),
            "{system}"
        );
    }
    // Long ones are one of a kind.
    assert!(joins(&id("pulsar", "", LONG), &id("pulsar", "", LONG)));
    assert!(!joins(&id("pulsar", "a", LONG), &id("pulsar", "b", LONG)));
    assert!(!joins(&id("pulsar", "a", LONG), &id("pulsar", "", LONG)));
}

#[test]
fn a_topic_of_pulsar_that_ends_with_no_number_is_another_topic() {
    let at = |topic| id("pulsar", topic, "7:1:0");
    assert!(joins(&at("orders"), &at("orders-partition-30")));
    assert!(!joins(&at("orders"), &at("orders-partition-")));
    assert!(!joins(&at("orders"), &at("orders30")));
    assert!(joins(&at("3"), &at("3")));
}

#[test]
fn ids_of_kafka_that_hold_no_record_are_like_any_others() {
    assert!(joins(&id("kafka", "a", LONG), &id("kafka", "b", LONG)));
    // One that holds its record belongs to that topic.
    let received = id("kafka", "", "orders.3.12");
    let sent = |topic: &str, partition: i64| {
        let mut sent = id("kafka", topic, "");
        sent.push(("messaging.destination.partition.id", int(partition)));
        sent.push(("messaging.kafka.offset", int(12)));
        sent
    };
    assert!(joins(&sent("orders", 3), &received));
    assert!(!joins(&sent("orders", 4), &received));
    assert!(joins(
        &sent("orders", 3),
        &id("kafka", "orders", "orders.3.12")
    ));
    assert!(!joins(
        &sent("orders", 3),
        &id("kafka", "bills", "orders.3.12")
    ));
    for bad in [
        "orders.3.x",
        "orders.x.12",
        ".3.12",
        "3.12",
        "orders.3.12.",
        "orders.3.",
    ] {
        assert!(!joins(&sent("orders", 3), &id("kafka", "", bad)), "{bad}");
    }
    // Only of Kafka.
    assert!(!joins(&sent("orders", 3), &id("nats", "", "orders.3.12")));
    // Two that name it so name one record, and nothing beside.
    let both = id("kafka", "", "a long topic.3.12");
    assert!(joins(&both, &both));
    let known = id("kafka", "other", "a long topic.3.12");
    assert!(!joins(&known, &known));
}

#[test]
fn the_ids_of_tasks_are_not_those_of_others() {
    let task = |key: &'static str| {
        let mut task = id("", "", LONG);
        task.push((key, text("mail")));
        task
    };
    for key in [
        "celery.task_name",
        "remoulade.actor_name",
        "taskiq.task_name",
    ] {
        assert!(joins(&task(key), &task(key)), "{key}");
        assert!(!joins(&task(key), &task("x")), "{key}");
        assert!(!joins(&task("x"), &task(key)), "{key}");
    }
    assert!(joins(&task("x"), &task("x")));
    // Where the broker is named its recipe applies as well.
    let with = |key: &'static str, system| {
        let mut with = task(key);
        with.push(("messaging.system", text(system)));
        with
    };
    assert!(joins(
        &with("celery.task_name", "rabbitmq"),
        &with("x", "rabbitmq")
    ));
    assert!(joins(
        &task("celery.task_name"),
        &with("celery.task_name", "redis")
    ));
}

#[test]
fn long_ids_begin_at_16_and_are_no_numbers() {
    let with = |id| self::id("nats", "", id);
    assert!(joins(&with("abcdefghijklmnop"), &with("abcdefghijklmnop")));
    assert!(!joins(&with("abcdefghijklmno"), &with("abcdefghijklmno")));
    assert!(!joins(&with("1234567890123456"), &with("1234567890123456")));
}

#[test]
fn numbers_that_are_none_name_no_place() {
    let at = |partition: Value, offset: Value| {
        let mut at = id("", "orders", "");
        at.push(("messaging.destination.partition.id", partition));
        at.push(("messaging.kafka.offset", offset));
        at
    };
    let good = at(int(3), int(12));
    assert!(joins(&good, &at(text("3"), text("12"))));
    assert!(joins(&good, &at(text("03"), text("0012"))));
    for bad in [
        "",
        "12x",
        "x12",
        "1/2",
        "1:2",
        "-12",
        "+12",
        "18446744073709551628",
        "99999999999999999999",
    ] {
        assert!(!joins(&good, &at(int(3), text(bad))), "{bad}");
    }
    assert!(!joins(&at(int(3), int(20)), &at(int(3), text("1:"))));
    let most = at(int(3), text("18446744073709551615"));
    assert!(joins(&most, &most));
    for number in [0, 1, 9, 10, 99, 100, 12345, i64::MAX] {
        assert!(joins(
            &at(int(3), int(number)),
            &at(int(3), text(&number.to_string()))
        ));
    }
}

#[test]
fn integers_and_bytes_are_written_as_texts() {
    let with = |id: Value| {
        vec![
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.id", id),
        ]
    };
    for number in [0, 7, 10, -1, -10, i64::MAX, i64::MIN] {
        assert!(
            joins(&with(int(number)), &with(text(&number.to_string()))),
            "{number}"
        );
    }
    let bytes = Value::BytesValue((0..=255).collect());
    let hex: Vec<_> = (0..=255).map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    assert!(joins(&with(bytes), &with(text(&hex))));
    let empty = with(Value::BytesValue(vec![]));
    assert!(!joins(&empty, &empty));
}

#[test]
fn systems_are_known_in_any_case_and_only_as_a_whole() {
    for (one, other) in [
        ("PULSAR", "pulsar"),
        ("Sidekiq", "sidekiq"),
        ("Kafka", "kafka"),
        ("MICROSOFT.SERVICEBUS", "servicebus"),
    ] {
        assert!(
            joins(&id(one, "a", "7:1:0"), &id(other, "a", "7:1:0")),
            "{one}"
        );
    }
    // A long name is one of others.
    let long = "a messaging system with a name of some length";
    assert!(joins(&id(long, "", LONG), &id(long, "", LONG)));
    assert!(!joins(&id(long, "", "7"), &id(long, "", "7")));
}

#[test]
fn the_newest_name_of_a_fact_counts_wherever_it_stands() {
    let one = |id: &str| self::id("rabbitmq", "", id);
    let mut both = one("new");
    both.push(("messaging.message_id", text("old")));
    for _ in 0..2 {
        assert!(joins(&one("new"), &both) && joins(&both, &one("new")));
        assert!(!joins(&one("old"), &both) && !joins(&both, &one("old")));
        both.reverse();
    }
}
