//! When a place in a Kafka log is one record's, and when nobody knows it.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

const MINUTE: u64 = 60 * SECOND;

#[derive(Clone, Copy)]
struct Place {
    partition: i64,
    offset: i64,
    cluster: &'static str,
}

const fn at(offset: i64) -> Place {
    Place {
        partition: 3,
        offset,
        cluster: "",
    }
}

impl Place {
    const fn of(self, cluster: &'static str) -> Self {
        Self { cluster, ..self }
    }

    fn attributes(self) -> Vec<(&'static str, Value)> {
        let mut attributes = vec![
            ("messaging.system", text("kafka")),
            ("messaging.destination.name", text("orders")),
            ("messaging.destination.partition.id", int(self.partition)),
            ("messaging.kafka.offset", int(self.offset)),
        ];
        if !self.cluster.is_empty() {
            attributes.push(("messaging.kafka.cluster.id", text(self.cluster)));
        }
        attributes
    }

    fn sent(self, number: u64, before: u64) -> Span {
        starting(producer(number, &self.attributes()), NOON - before)
    }

    fn received(self, number: u64) -> Span {
        consumer(number, &self.attributes())
    }
}

fn of_2(spans: Vec<Span>) -> (Vec<u64>, u32) {
    let outcome = mend(spans);
    (outcome.targets(2), outcome.ambiguous)
}

#[test]
fn a_place_that_two_traces_claim_nobody_knows() {
    let place = at(2000);
    let life = 15 * MINUTE;
    let claimed = |before| {
        let sent = [place.sent(1, SECOND), place.sent(4, SECOND + before)];
        of_2([&sent[..], &[place.received(2)]].concat())
    };
    assert_eq!(claimed(MINUTE), (vec![], 1));
    assert_eq!(claimed(life - 1), (vec![], 1));
    assert_eq!(claimed(life), (vec![1], 0), "the topic was made anew");
    // Spans of one trace are one claim.
    let mut inner = place.sent(4, 2 * SECOND);
    inner.trace_id = trace_id(1);
    let spans = vec![place.sent(1, SECOND), inner, place.received(2)];
    assert_eq!(of_2(spans), (vec![1], 0));
    // Of three, two that follow each other.
    let three = [(1, SECOND), (4, life + SECOND), (5, life + MINUTE)];
    let mut spans = three
        .map(|(number, before)| place.sent(number, before))
        .to_vec();
    spans.push(place.received(2));
    assert_eq!(of_2(spans), (vec![], 1));
}

#[test]
fn a_contested_place_is_left_or_gets_what_the_configuration_says() {
    let place = at(2000);
    let spans = vec![
        place.sent(1, SECOND),
        place.sent(4, 2 * SECOND),
        place.received(2),
    ];
    let with = |config| mend_with(config, vec![batch("", spans.clone())]).targets(2);
    assert_eq!(with(r#"{"ambiguous": "latest"}"#), [1]);
    assert_eq!(with(r#"{"ambiguous": "all"}"#), [1, 4]);
}

#[test]
fn offsets_that_producers_count_for_themselves_are_not_believed() {
    let claimed = |first: Place, place: Place| {
        let first = [first.sent(4, MINUTE), first.sent(5, 2 * MINUTE)];
        of_2([&first[..], &[place.sent(1, SECOND), place.received(2)]].concat())
    };
    for offset in [1, 5, 1023] {
        assert_eq!(claimed(at(0), at(offset)), (vec![], 1), "{offset}");
    }
    assert_eq!(
        claimed(at(0), at(1024)),
        (vec![1], 0),
        "no batch is as long"
    );
    let elsewhere = Place {
        partition: 4,
        ..at(0)
    };
    assert_eq!(claimed(elsewhere, at(5)), (vec![1], 0));
    assert_eq!(claimed(at(1), at(5)), (vec![1], 0));
    // Also where the producers name their cluster.
    assert_eq!(claimed(at(0).of("a"), at(5).of("a")), (vec![], 1));
    assert_eq!(claimed(at(0).of("a"), at(5)), (vec![], 1));
    assert_eq!(claimed(at(0).of("b"), at(5).of("a")), (vec![1], 0));
}

#[test]
fn one_who_began_the_partition_makes_no_doubt() {
    let spans = vec![
        at(0).sent(4, MINUTE),
        at(5).sent(1, SECOND),
        at(5).received(2),
    ];
    assert_eq!(of_2(spans), (vec![1], 0));
}

/// Consumers 2 and 3, of these clusters.
fn of_clusters(sender: &'static str, consumers: [&'static str; 2]) -> [Vec<u64>; 2] {
    let place = at(2000);
    let [one, other] = consumers;
    let spans = vec![
        place.of(sender).sent(1, SECOND),
        place.of(one).received(2),
        place.of(other).received(3),
    ];
    let once = mend(spans.clone());
    let twice = read_twice("{}", vec![batch("", spans)]);
    let targets = |outcome: &Outcome| [outcome.targets(2), outcome.targets(3)];
    assert_eq!(targets(&once), targets(&twice));
    targets(&once)
}

#[test]
fn where_consumers_name_several_clusters_a_place_without_one_is_nobodys() {
    assert_eq!(of_clusters("", ["a", "b"]), [[0; 0], []]);
    assert_eq!(of_clusters("", ["a", "a"]), [[1], [1]]);
    assert_eq!(of_clusters("", ["a", ""]), [[1], [1]]);
    assert_eq!(of_clusters("a", ["a", "b"]), [vec![1], vec![]]);
    assert_eq!(of_clusters("a", ["a", ""]), [[1], [1]]);
    // Names are compared as a whole, whatever their length.
    for (one, other) in [
        ("ax", "bx"),
        ("aaaaaaaa", "iaaaaaaa"),
        ("aaaaaaaax", "aaaaaaabx"),
        ("a", "aa"),
    ] {
        assert_eq!(of_clusters("", [one, other]), [[0; 0], []], "{one} {other}");
        assert_eq!(of_clusters("", [one, one]), [[1], [1]], "{one}");
    }
    let spans = vec![
        at(2000).sent(1, SECOND),
        at(2000).of("a").received(2),
        at(2000).of("b").received(3),
    ];
    assert_eq!(mend(spans).ambiguous, 2);
}

#[test]
fn clusters_of_other_topics_and_environments_say_nothing() {
    let mut other = at(7).of("b").received(3);
    other.attributes[1] = kv("messaging.destination.name", text("bills"));
    let spans = vec![
        at(2000).sent(1, SECOND),
        at(2000).of("a").received(2),
        other,
    ];
    assert_eq!(mend(spans).targets(2), [1]);
    let here = vec![at(2000).sent(1, SECOND), at(2000).of("a").received(2)];
    let there = vec![at(2000).of("b").received(3)];
    let batches = vec![batch("production", here), batch("staging", there)];
    assert_eq!(mend_with("{}", batches).targets(2), [1]);
}

const HEADER: &str = "00-0000001000000000000000000000004d-100000000000004d-01";

/// A consumer that has a header of span 77 and this message, which 1 sent.
fn with_header(message: &[(&'static str, Value)]) -> Vec<u64> {
    let mut received = message.to_vec();
    received.push(("messaging.header.traceparent", text(HEADER)));
    mend(vec![producer(1, message), consumer(2, &received)]).targets(2)
}

#[test]
fn who_is_named_by_the_broker_goes_before_a_header_that_was_handed_on() {
    let id = |system| {
        [
            ("messaging.system", text(system)),
            ("messaging.message.id", text("7")),
        ]
    };
    assert_eq!(with_header(&at(2000).attributes()), [1]);
    assert_eq!(with_header(&at(5).attributes()), [1]);
    assert_eq!(with_header(&id("aws_sqs")), [1]);
    // What the application makes up it may make up again.
    assert_eq!(with_header(&id("rabbitmq")), [77]);
    let mut both = at(2000).attributes();
    both.push(("messaging.message.id", text("an id of the application")));
    assert_eq!(with_header(&both), [1]);
}

#[test]
fn of_the_headers_of_one_record_the_last_is_its_own() {
    let other = "00-0000001000000000000000000000004e-100000000000004e-01";
    let with = |extra: &[(&'static str, Value)]| {
        let mut received = at(2000).attributes();
        received.push(("messaging.header.traceparent", texts(&[HEADER, other])));
        received.extend_from_slice(extra);
        mend(vec![consumer(2, &received)]).targets(2)
    };
    assert_eq!(with(&[]), [78]);
    assert_eq!(with(&[("messaging.batch.message_count", int(1))]), [78]);
    // For a batch they are of the messages.
    assert_eq!(with(&[("messaging.batch.message_count", int(2))]), [77, 78]);
}
