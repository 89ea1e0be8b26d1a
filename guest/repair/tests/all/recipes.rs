//! What identifies a message, on both sides (one test or more a recipe).

use super::support::*;
use opentelemetry_proto::tonic::common::v1::{KeyValueList, any_value::Value};

type Attributes<'a> = &'a [(&'a str, Value)];

/// The consumer gets a link to the producer.
#[track_caller]
fn joins(sent: Attributes<'_>, received: Attributes<'_>) {
    let outcome = mend(vec![producer(1, sent), consumer(2, received)]);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.added, 1);
    let link = &outcome.links(2)[0];
    assert_eq!(link.flags, 0x301);
    assert_eq!(
        link.attributes,
        [
            kv("link.type", text("triggered_by")),
            kv("link.repaired", Value::BoolValue(true))
        ]
    );
    assert_eq!(outcome.unresolved, 0);
}

/// The consumer gets none.
#[track_caller]
fn does_not_join(sent: Attributes<'_>, received: Attributes<'_>) {
    let outcome = mend(vec![producer(1, sent), consumer(2, received)]);
    assert_eq!(outcome.targets(2), [0; 0]);
}

const PARENT: &str = "00-00000010000000000000000000000001-1000000000000001-01";

#[test]
fn recipe_0_captured_traceparent_needs_no_index() {
    for header in [text(PARENT), texts(&[PARENT])] {
        let received = [
            ("messaging.header.traceparent", header),
            ("messaging.header.tracestate", texts(&["ot=th:8"])),
        ];
        let outcome = mend(vec![consumer(2, &received)]);
        assert_eq!(outcome.targets(2), [1]);
        assert_eq!(outcome.links(2)[0].trace_state, "ot=th:8");
        assert_eq!(outcome.links(2)[0].flags, 0x301);
    }
    for bad in [
        "00-00000000000000000000000000000000-1000000000000001-01",
        "00-00000010000000000000000000000001-0000000000000000-01",
        "01-00000010000000000000000000000001-1000000000000001-01",
        "00-0000001000000000000000000000000A-1000000000000001-01",
        "00-0000001000000000000000000000001-11000000000000001-01",
        "",
    ] {
        let outcome = mend(vec![consumer(
            2,
            &[("messaging.header.traceparent", text(bad))],
        )]);
        assert_eq!(outcome.added, 0, "{bad}");
    }
}

#[test]
fn recipe_0_headers_of_a_batch_pair_with_its_ids() {
    let second = "00-00000010000000000000000000000003-1000000000000003-00";
    let received = [
        ("messaging.header.traceparent", texts(&[PARENT, second])),
        ("messaging.message.id", texts(&["a", "b"])),
        ("messaging.system", text("rabbitmq")),
    ];
    let outcome = mend(vec![consumer(2, &received)]);
    assert_eq!(outcome.targets(2), [1, 3]);
    let ids: Vec<_> = outcome
        .links(2)
        .iter()
        .map(|link| link.attributes[0].clone())
        .collect();
    assert_eq!(
        ids,
        [
            kv("messaging.message.id", text("a")),
            kv("messaging.message.id", text("b"))
        ]
    );
    // The same header for every message: one link to one span is enough.
    let received = [("messaging.header.traceparent", texts(&[PARENT, PARENT]))];
    assert_eq!(mend(vec![consumer(2, &received)]).targets(2), [1]);
}

/// Topic, partition and offset under the names of a year.
fn kafka(
    destination: &'static str,
    partition: (&'static str, Value),
    offset: (&'static str, Value),
) -> [(&'static str, Value); 3] {
    [(destination, text("orders")), partition, offset]
}

#[test]
fn recipe_1_kafka_by_all_names() {
    let newest = kafka(
        "messaging.destination.name",
        ("messaging.destination.partition.id", text("3")),
        ("messaging.kafka.offset", int(12)),
    );
    let franz = kafka(
        "messaging.source.name",
        ("messaging.kafka.source.partition", int(3)),
        ("messaging.kafka.message.offset", int(12)),
    );
    let middle = kafka(
        "messaging.destination.name",
        ("messaging.kafka.destination.partition", int(3)),
        ("messaging.kafka.message.offset", int(12)),
    );
    // kafkajs writes the offset as a string.
    let old = kafka(
        "messaging.destination",
        ("messaging.kafka.partition", int(3)),
        ("messaging.kafka.offset", text("12")),
    );
    let all = [&newest, &franz, &middle, &old];
    for sent in all {
        for received in all {
            joins(sent, received);
        }
    }
}

#[test]
fn offset_0_and_partition_0_are_valid_and_minus_1_is_not() {
    let at = |offset| {
        kafka(
            "messaging.destination.name",
            ("messaging.destination.partition.id", text("0")),
            ("messaging.kafka.offset", int(offset)),
        )
    };
    joins(&at(0), &at(0));
    does_not_join(&at(-1), &at(-1));
    does_not_join(&at(1), &at(2));
}

#[test]
fn offset_of_a_failed_send_is_not_trusted() {
    let mut attributes = kafka(
        "messaging.destination.name",
        ("messaging.destination.partition.id", text("0")),
        ("messaging.kafka.offset", int(5)),
    )
    .to_vec();
    attributes.push(("messaging.system", text("kafka")));
    let mut failed = producer(1, &attributes);
    failed.status = Some(opentelemetry_proto::tonic::trace::v1::Status {
        code: 2,
        ..Default::default()
    });
    assert_eq!(mend(vec![failed, consumer(2, &attributes)]).added, 0);
}

#[test]
fn same_kafka_record_in_two_environments() {
    let record = kafka(
        "messaging.destination.name",
        ("messaging.destination.partition.id", text("0")),
        ("messaging.kafka.offset", int(5)),
    );
    let outcome = mend_with(
        "{}",
        vec![
            batch("production", vec![producer(1, &record)]),
            batch("staging", vec![producer(3, &record)]),
            batch("production", vec![consumer(2, &record)]),
            batch("staging", vec![consumer(4, &record)]),
            batch("", vec![consumer(6, &record)]),
        ],
    );
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.targets(4), [3]);
    assert_eq!(outcome.targets(6), [0; 0]);
}

#[test]
fn kafka_clusters_must_agree_where_both_are_known() {
    let record = |cluster: Option<&'static str>| {
        let mut record = kafka(
            "messaging.destination.name",
            ("messaging.destination.partition.id", text("0")),
            ("messaging.kafka.offset", int(5)),
        )
        .to_vec();
        record.extend(cluster.map(|name| ("messaging.kafka.cluster.id", text(name))));
        record
    };
    joins(&record(Some("a")), &record(Some("a")));
    joins(&record(Some("a")), &record(None));
    joins(&record(None), &record(Some("a")));
    does_not_join(&record(Some("a")), &record(Some("b")));
}

#[test]
fn recipe_2_kafka_ids_that_hold_the_record() {
    let sent = [
        ("messaging.system", text("kafka")),
        ("messaging.destination.name", text("eu.orders")),
        ("messaging.destination.partition.id", text("3")),
        ("messaging.kafka.message.offset", int(12)),
    ];
    // confluent-kafka on Python
    let received = [
        ("messaging.system", text("kafka")),
        ("messaging.destination", text("eu.orders")),
        ("messaging.message.id", text("eu.orders.3.12")),
    ];
    joins(&sent, &received);
}

#[test]
fn otelsarama_ids_equal_on_different_partitions() {
    let sent = |partition| {
        [
            ("messaging.system", text("kafka")),
            ("messaging.destination.name", text("orders")),
            ("messaging.kafka.destination.partition", int(partition)),
            ("messaging.message.id", text("42")),
        ]
    };
    let received = |partition| {
        [
            ("messaging.system", text("kafka")),
            ("messaging.destination.name", text("orders")),
            ("messaging.kafka.source.partition", int(partition)),
            ("messaging.message.id", text("42")),
        ]
    };
    joins(&sent(1), &received(1));
    does_not_join(&sent(1), &received(2));
    // Without the partition, 42 is on every one of them.
    does_not_join(&sent(1)[..2], &received(1)[..2]);
    let bare = [sent(1)[0].clone(), sent(1)[1].clone(), sent(1)[3].clone()];
    does_not_join(&bare, &bare);
}

#[test]
fn recipes_3_to_6_need_no_destination_and_know_all_names_of_a_system() {
    for (one, other) in [
        ("aws_sqs", "AmazonSQS"),
        ("aws.sqs", "aws_sqs"),
        ("AmazonSNS", "aws.sns"),
        ("gcp_pubsub", "google_pubsub"),
        ("servicebus", "Microsoft.ServiceBus"),
        ("azure_eventhubs", "eventhubs"),
        ("eventgrid", "azure_eventgrid"),
        ("rabbitmq", "amqp"),
        ("RocketMQ", "rocketmq"),
        ("jms", "activemq"),
    ] {
        let sent = [
            ("messaging.system", text(one)),
            ("messaging.destination.name", text("exchange,key")),
            ("messaging.message_id", text("7")),
        ];
        let received = [
            ("messaging.system", text(other)),
            ("messaging.destination.name", text("queue")),
            ("messaging.message.id", text("7")),
        ];
        joins(&sent, &received);
    }
}

#[test]
fn sns_and_sqs_do_not_join() {
    let sent = [
        ("messaging.system", text("aws_sns")),
        ("messaging.message.id", text("5fea7756-0ea4-451a")),
    ];
    let received = [
        ("messaging.system", text("aws_sqs")),
        ("messaging.message.id", text("5fea7756-0ea4-451a")),
    ];
    does_not_join(&sent, &received);
}

#[test]
fn recipe_7_pulsar_without_the_partition_of_the_topic() {
    let on = |topic: &str, id: &str| {
        [
            ("messaging.system", text("pulsar")),
            ("messaging.destination.name", text(topic)),
            ("messaging.message.id", text(id)),
        ]
    };
    joins(&on("orders", "7:1:0"), &on("orders-partition-3", "7:1:0"));
    does_not_join(&on("orders", "7:1:0"), &on("bills", "7:1:0"));
    does_not_join(&on("orders", "7:1:0"), &on("orders-3", "7:1:0"));
}

#[test]
fn recipe_8_jobs_by_queue() {
    for system in [
        "sidekiq",
        "active_job",
        "que",
        "resque",
        "delayed_job",
        "bullmq",
    ] {
        let job = |queue: &str, id: Value| {
            [
                ("messaging.system", text(system)),
                ("messaging.destination", text(queue)),
                ("messaging.message_id", id),
            ]
        };
        // que's ids are integers.
        joins(&job("mail", int(12)), &job("mail", text("12")));
        does_not_join(&job("mail", int(12)), &job("bills", int(12)));
    }
}

#[test]
fn recipe_9_bullmq() {
    let native = |queue: &str| {
        [
            ("bullmq.queue.name", text(queue)),
            ("bullmq.job.id", text("3")),
        ]
    };
    let other = [
        ("messaging.system", text("bullmq")),
        ("messaging.destination.name", text("mail")),
        ("messaging.message.id", text("3")),
    ];
    joins(&native("mail"), &native("mail"));
    joins(&native("mail"), &other);
    does_not_join(&native("mail"), &native("bills"));
}

#[test]
fn recipe_10_celery_has_no_system() {
    let sent = [
        ("celery.action", text("apply_async")),
        ("messaging.message.id", text("e0a5")),
        ("messaging.destination", text("celery")),
    ];
    let received = [
        ("celery.action", text("run")),
        ("celery.task_name", text("mail")),
        ("messaging.message.id", text("e0a5")),
    ];
    joins(&sent, &received);
}

#[test]
fn recipe_11_masstransit_and_nservicebus() {
    joins(
        &[
            ("messaging.masstransit.message_id", text("a1")),
            ("messaging.system", text("rabbitmq")),
        ],
        &[
            ("messaging.masstransit.message_id", text("a1")),
            ("messaging.message.id", text("other")),
            ("messaging.system", text("rabbitmq")),
        ],
    );
    let id = [("nservicebus.message_id", text("a1"))];
    joins(&id, &id);
}

#[test]
fn recipe_12_cloudevents_by_source_and_id() {
    let event = |source: &str| {
        [
            ("cloudevents.event_source", text(source)),
            ("cloudevents.event_id", text("1")),
        ]
    };
    joins(&event("/shop"), &event("/shop"));
    does_not_join(&event("/shop"), &event("/bank"));
    does_not_join(&event("/shop")[1..], &event("/shop")[1..]);
}

#[test]
fn recipe_13_generic_needs_a_destination_for_short_ids_and_numbers() {
    let of = |system: &str, destination: &str, id: &str| {
        [
            ("messaging.system", text(system)),
            ("messaging.destination.name", text(destination)),
            ("messaging.message.id", text(id)),
        ]
    };
    let long = "9387be20-bb2b-34c2";
    joins(&of("NATS", "a", long), &of("nats", "b", long));
    joins(&of("nats", "a", "17"), &of("nats", "a", "17"));
    does_not_join(&of("nats", "a", "17"), &of("nats", "b", "17"));
    let digits = "12345678901234567890";
    does_not_join(&of("nats", "a", digits), &of("nats", "b", digits));
    does_not_join(&of("nats", "a", long), &of("mqtt", "a", long));
    let bare = [("messaging.message.id", text(long))];
    joins(&bare, &bare);
    let short = [("messaging.message.id", text("17"))];
    does_not_join(&short, &short);
}

#[test]
fn ids_that_are_empty_or_of_other_kinds_name_nothing() {
    for id in [
        text(""),
        Value::BoolValue(true),
        Value::DoubleValue(1.5),
        Value::KvlistValue(KeyValueList { values: vec![] }),
    ] {
        let attributes = [
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.id", id),
        ];
        does_not_join(&attributes, &attributes);
    }
    // An empty new name does not hide the old one.
    let received = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("")),
        ("messaging.message_id", text("7")),
    ];
    joins(
        &received[..1]
            .iter()
            .cloned()
            .chain([("messaging.message.id", text("7"))])
            .collect::<Vec<_>>(),
        &received,
    );
}

#[test]
fn bytes_are_hex() {
    let id = |id| {
        [
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.id", id),
        ]
    };
    joins(&id(Value::BytesValue(vec![0xab, 1])), &id(text("ab01")));
}

#[test]
fn message_id_of_rpc_is_no_message_id() {
    let id = [("message.id", int(1)), ("rpc.message.id", int(1))];
    does_not_join(&id, &id);
}

#[test]
fn messaging_dup_is_one_message() {
    let both = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("7")),
        ("messaging.message_id", text("7")),
        ("messaging.destination", text("q")),
        ("messaging.destination.name", text("q")),
    ];
    joins(&both, &both);
    joins(&both, &both[..2]);
}

#[test]
fn rocketmq_ids_with_commas_are_several() {
    let of = |id: &str| {
        [
            ("messaging.system", text("rocketmq")),
            ("messaging.message.id", text(id)),
        ]
    };
    let spans = vec![
        producer(1, &of("id1,id2")),
        consumer(2, &of("id1")),
        consumer(3, &of("id2")),
    ];
    let outcome = mend(spans);
    assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![1], vec![1]));
}

#[test]
fn arrays_of_ids_are_one_message_each() {
    let of = |id: Value| {
        [
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.ids", id),
        ]
    };
    let one = |id| {
        [
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.id", text(id)),
        ]
    };
    let spans = vec![
        producer(1, &one("a")),
        producer(3, &of(texts(&["b", "c"]))),
        consumer(2, &of(texts(&["a", "", "b", "c", "a"]))),
    ];
    let outcome = mend(spans);
    assert_eq!(outcome.targets(2), [1, 3, 3]);
    for (link, id) in outcome.links(2).iter().zip(["a", "b", "c"]) {
        assert_eq!(
            value(&link.attributes, "messaging.message.id"),
            Some(&text(id))
        );
        assert_eq!(link_type(link), Some("aggregated_from"));
    }
}

#[test]
fn an_array_is_read_up_to_1024_ids() {
    let ids: Vec<_> = (0..1030).map(|id| format!("id {id}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let outcome = mend(vec![consumer(2, &of_ids(&ids))]);
    assert_eq!((outcome.unresolved, outcome.too_many), (1024, 6));
    let one = |id| {
        let received = [
            ("messaging.system", text("rabbitmq")),
            ("messaging.message.id", text(id)),
        ];
        mend(vec![producer(1, &of_ids(&ids)), consumer(2, &received)]).added
    };
    assert_eq!((one("id 0"), one("id 1023"), one("id 1024")), (1, 1, 0));
}

fn of_ids(ids: &[&str]) -> [(&'static str, Value); 2] {
    [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(ids)),
    ]
}

#[test]
fn a_very_long_id_joins() {
    let id = "x".repeat(100_000);
    let of = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text(&id)),
    ];
    joins(&of, &of);
}
