//! Hops of one message are known whether data is read once or twice.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;

type Attributes = Vec<(&'static str, Value)>;

const LONG: &str = "9387be20-bb2b-34c2";

const RECIPE: &str = r#"{"recipes": [{"name": "work", "attributes": ["work.id"]}]}"#;

/// 1 sends, 2 has it and sends it on as 3: where the message of 4 came from.
fn hops(config: &str, sent: &Attributes, received: &Attributes) -> Vec<u64> {
    let at = |span: Span, before| starting(span, NOON - before * SECOND);
    let mut again = producer(3, sent);
    again.trace_id = trace_id(2);
    let spans = vec![
        at(producer(1, sent), 9),
        at(consumer(2, received), 8),
        at(again, 7),
        consumer(4, received),
    ];
    let once = mend_with(config, vec![batch("", spans.clone())]).targets(4);
    let twice = read_twice(config, vec![batch("", spans)]).targets(4);
    assert_eq!(once, twice, "{sent:?}");
    once
}

fn with(system: &str, rest: &[(&'static str, &str)]) -> Attributes {
    let mut attributes = vec![("messaging.system", text(system))];
    attributes.extend(rest.iter().map(|(key, value)| (*key, text(value))));
    attributes
}

#[test]
fn ids_that_applications_make_up() {
    for system in ["rabbitmq", "servicebus", "eventgrid", "nats", "kafka", ""] {
        let of = with(system, &[("messaging.message.id", LONG)]);
        assert_eq!(hops("{}", &of, &of), [3], "{system}");
    }
}

#[test]
fn ids_of_others_beside_one_of_the_broker() {
    for system in ["aws_sqs", "pulsar", "sidekiq", "kafka"] {
        let event = [
            ("cloudevents.event_source", "/shop"),
            ("cloudevents.event_id", "1"),
        ];
        let of = with(system, &event);
        assert_eq!(hops("{}", &of, &of), [3], "{system}");
        let conversation = ("messaging.message.conversation_id", "c");
        let published = ("messaging.destination_publish.name", "orders");
        let sent = with(system, &[conversation]);
        let received = with(system, &[conversation, published]);
        assert_eq!(hops("{}", &sent, &received), [3], "{system}");
        let of = with(system, &[("work.id", "w")]);
        assert_eq!(hops(RECIPE, &of, &of), [3], "{system}");
    }
}

#[test]
fn a_receiver_of_a_job_of_rq_whatever_carries_it() {
    for system in ["redis", "aws_sqs", "kafka"] {
        let of = with(system, &[("rq.job.id", "a")]);
        let mut works = of.clone();
        works.push(("messaging.operation.name", text("perform")));
        let spans = vec![producer(1, &of), span(2, 3, &works), consumer(3, &of)];
        let outcome = read_twice("{}", vec![batch("", spans)]);
        assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![], vec![1]));
    }
}
