//! Messages that span events name, where that is asked for.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;

const EVENTS: &str = r#"{"event_attributes": true}"#;

fn with_events(mut span: Span, events: &[&[(&str, Value)]]) -> Span {
    let event = |attributes: &&[(&str, Value)]| Event {
        name: "message".into(),
        attributes: attributes
            .iter()
            .map(|(key, value)| kv(key, value.clone()))
            .collect(),
        ..Event::default()
    };
    span.events = events.iter().map(event).collect();
    span
}

fn spans() -> Vec<Span> {
    let system = [("messaging.system", text("rabbitmq"))];
    let sends = with_events(
        producer(1, &system),
        &[
            &[("messaging.message.id", text("a"))],
            &[("messaging.message.id", text("b"))],
        ],
    );
    let receives = with_events(
        consumer(2, &system),
        &[
            &[("messaging.message.id", text("a"))],
            &[("message.id", int(1))],
            &[("messaging.message.id", text("c"))],
        ],
    );
    vec![sends, receives]
}

#[test]
fn events_name_messages_on_both_sides() {
    let outcome = mend_with(EVENTS, vec![batch("", spans())]);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.unresolved, 1);
    let link = &outcome.links(2)[0];
    assert_eq!(
        value(&link.attributes, "messaging.message.id"),
        Some(&text("a"))
    );
}

#[test]
fn events_are_not_read_unasked() {
    assert_eq!(mend(spans()).added, 0);
}

#[test]
fn message_id_of_rpc_events_is_no_message_id() {
    let call = |span| {
        with_events(
            span,
            &[&[("message.id", int(1)), ("message.type", text("SENT"))]],
        )
    };
    let spans = vec![call(producer(1, &[])), call(consumer(2, &[]))];
    let outcome = mend_with(EVENTS, vec![batch("", spans)]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 0));
}
