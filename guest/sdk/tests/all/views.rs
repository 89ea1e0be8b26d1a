//! Views of spans, against what prost reads of the same bytes.

use linkmend_rule::testing::{LinkBuilder, SpanBuilder, TestValue, TracesBuilder};
use linkmend_rule::{AnyValue, Kind, Traces};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message as _;

fn batch() -> Vec<u8> {
    let link = LinkBuilder::to(7)
        .in_trace(9)
        .trace_state("a=b")
        .flags(5)
        .attribute("why", "x");
    let span = SpanBuilder::consumer(2)
        .parent(3)
        .name("work")
        .trace_state("c=d")
        .attribute("text", "value")
        .attribute("int", -4)
        .attribute("bool", true)
        .attribute("double", 0.5)
        .attribute("bytes", TestValue::Bytes(vec![1, 2]))
        .attribute(
            "ids",
            TestValue::Array(vec![1.into(), "".into(), "b".into(), true.into()]),
        )
        .attribute("text", "again")
        .link_to(1)
        .link(link);
    TracesBuilder::new()
        .service("web")
        .scope("tracer", "1.2")
        .scope_attribute("kind", "auto")
        .span(SpanBuilder::server(1))
        .service("jobs")
        .span(span)
        .build()
}

/// Scenario: a span with an attribute of every type.
/// Guarantees: each getter answers for its type, and for no other.
#[test]
fn attributes_by_their_keys() {
    let batch = batch();
    let span = Traces::new(&batch).spans().nth(1).unwrap();
    assert_eq!(span.text("text").as_deref(), Some("value"));
    assert_eq!((span.int("int"), span.int("text")), (Some(-4), None));
    assert_eq!((span.bool("bool"), span.bool("int")), (Some(true), None));
    assert_eq!(
        (span.double("double"), span.double("int")),
        (Some(0.5), None)
    );
    assert_eq!(span.text("int"), None);
    assert!(matches!(span.value("bytes"), Some(AnyValue::Bytes([1, 2]))));
    assert!(span.value("none").is_none());
    assert_eq!(span.id("int").as_deref(), Some("-4"));
    assert_eq!(span.id("bool"), None);
    assert_eq!(span.ids("ids").collect::<Vec<_>>(), ["1", "b"]);
    assert_eq!(span.ids("text").collect::<Vec<_>>(), ["value"]);
    assert_eq!(
        (span.values("ids").count(), span.values("none").count()),
        (4, 0)
    );
}

/// Scenario: spans of two resources, one with a scope.
/// Guarantees: each knows its own.
#[test]
fn resource_and_scope() {
    let batch = batch();
    let [server, consumer] = Traces::new(&batch)
        .spans()
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!(server.resource.text("service.name").as_deref(), Some("web"));
    assert_eq!(
        consumer.resource.text("service.name").as_deref(),
        Some("jobs")
    );
    assert_eq!(
        (server.scope.name(), server.scope.version()),
        (&b"tracer"[..], &b"1.2"[..])
    );
    assert_eq!(server.scope.text("kind").as_deref(), Some("auto"));
    assert_eq!(
        (consumer.scope.name(), server.kind, consumer.kind),
        (&b""[..], Kind::Server, Kind::Consumer)
    );
}

/// Scenario: what the builders of the testing module write.
/// Guarantees: prost reads the same of it, and the views do.
#[test]
fn builders_write_otlp() {
    let batch = batch();
    let traces = TracesData::decode(&*batch).unwrap();
    let span = &traces.resource_spans[1].scope_spans[0].spans[0];
    let view = Traces::new(&batch).spans().nth(1).unwrap();
    assert_eq!(
        (view.number, view.trace_id, view.span_id),
        (1, &*span.trace_id, &*span.span_id)
    );
    assert_eq!(
        (view.parent_span_id, view.name),
        (&*span.parent_span_id, span.name.as_bytes())
    );
    assert_eq!(
        (view.start, view.end),
        (span.start_time_unix_nano, span.end_time_unix_nano)
    );
    assert_eq!(
        (view.flags, view.trace_state),
        (span.flags, span.trace_state.as_bytes())
    );
    assert_eq!(view.attributes().count(), span.attributes.len());
    let link = view.links().nth(1).unwrap();
    let other = &span.links[1];
    assert_eq!(
        (link.number, link.trace_id, link.span_id),
        (1, &*other.trace_id, &*other.span_id)
    );
    assert_eq!((link.flags, link.trace_state), (5, b"a=b".as_slice()));
    assert_eq!(link.text("why").as_deref(), Some("x"));
    assert_eq!(
        link.context()
            .map(|context| (context.trace_id, context.span_id)),
        Some((9, 7))
    );
}

/// Scenario: links whose ids are not valid.
/// Guarantees: they have no context.
#[test]
fn what_is_not_valid_has_no_context() {
    let span = SpanBuilder::consumer(0)
        .link_to(0)
        .link(LinkBuilder::to(1).in_trace(0))
        .link(LinkBuilder::to(1).raw_ids(&[1; 15], &[1; 8]));
    let batch = TracesBuilder::new().span(span).build();
    let span = Traces::new(&batch).spans().next().unwrap();
    assert!(span.context().is_none());
    assert!(span.links().all(|link| link.context().is_none()));
}

/// Scenario: numbers of kinds, known and not.
/// Guarantees: each comes back as it was.
#[test]
fn kinds_keep_their_numbers() {
    for number in 0..9 {
        assert_eq!(Kind::from_number(number).number(), number);
    }
    assert_eq!(Kind::from_number(9), Kind::Other(9));
    assert_eq!(
        (Kind::from_name("client"), Kind::from_name("Client")),
        (Some(Kind::Client), None)
    );
}
