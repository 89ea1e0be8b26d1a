//! What a recipe, or a context in configured attributes, calls a consumer.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;

const SERVER: i32 = 2;
const INTERNAL: i32 = 1;

const JOBS: &str = r#"{"recipes": [
    {"name": "job", "role": "producer", "kinds": ["server"], "attributes": ["job.id"]},
    {"name": "job", "role": "consumer", "kinds": ["internal"], "attributes": ["job.id"]}
]}"#;

const PAIRS: &str = r#"{"recipes": [
    {"name": "pair", "role": "producer", "kinds": ["server"], "attributes": ["tenant", "id"]},
    {"name": "pair", "role": "consumer", "kinds": ["internal", "consumer"], "attributes": ["tenant", "id"]}
]}"#;

const ROWS: &str = r#"{"context_attributes": [
    {"trace_id": "row.trace", "span_id": "row.span", "trace_flags": "row.flags"}
]}"#;

const HEADER: &str = "00-0000001000000000000000000000004d-100000000000004d-01";

fn id(value: &str) -> [(&'static str, Value); 1] {
    [("job.id", text(value))]
}

fn request(number: u64, before: u64) -> Span {
    starting(span(number, SERVER, &id("a")), NOON - before * SECOND)
}

/// 1 asks for the work, `first` does it and asks for it again: where the work of
/// 4 came from.
fn again(first: Span) -> Vec<u64> {
    let first = starting(first, NOON - 8 * SECOND);
    let mut second = request(3, 7);
    second.trace_id.clone_from(&first.trace_id);
    let spans = vec![request(1, 9), first, second, span(4, INTERNAL, &id("a"))];
    let once = mend_with(JOBS, vec![batch("", spans.clone())]).targets(4);
    let twice = read_twice(JOBS, vec![batch("", spans)]).targets(4);
    assert_eq!(once, twice);
    once
}

#[test]
fn who_works_is_a_consumer_by_its_attribute_or_by_that_of_a_broken_link() {
    assert_eq!(again(span(2, INTERNAL, &id("a"))), [3]);
    let linked = |link| with_links(span(2, INTERNAL, &[]), vec![link]);
    assert_eq!(
        again(span(2, INTERNAL, &[])),
        [0; 0],
        "two requests under one id"
    );
    assert_eq!(again(linked(broken_link(&[]))), [0; 0]);
    // A span with a link for its work alone is none that is remembered.
    assert_eq!(again(linked(broken_link(&id("a")))), [0; 0]);
}

fn row(trace: Value, span: Value) -> Vec<(&'static str, Value)> {
    vec![("row.trace", trace), ("row.span", span)]
}

fn type_of_second_run(span: Span, config: &str) -> (Vec<u64>, Option<String>) {
    let outcome = mend_with(config, vec![batch("", vec![span])]);
    let kind = outcome.links(2).first().and_then(link_type);
    (outcome.targets(2), kind.map(str::to_owned))
}

/// A span below another one with a link into its own trace: of a consumer it
/// says what triggered it, of another span nothing.
fn child(link: Link) -> Span {
    let mut child = with_links(span(2, INTERNAL, &[]), vec![link]);
    (child.parent_span_id, child.flags) = (span_id(8), 0x101);
    child
}

#[test]
fn a_link_with_a_row_makes_a_consumer_and_one_with_a_header_does_not() {
    let own = |attributes: &[(&str, Value)]| {
        let mut link = link_to(9, attributes);
        link.trace_id = trace_id(2);
        link
    };
    let related = |link, config| {
        let (_, kind) = type_of_second_run(child(link), config);
        match kind.as_deref() {
            Some("related_to") => true,
            Some("triggered_by") => false,
            other => panic!("{other:?}"),
        }
    };
    assert!(related(own(&[]), ROWS));
    let header = [("messaging.header.traceparent", text(HEADER))];
    let ids = row(text(&HEADER[3..35]), text(&HEADER[36..52]));
    // Valid links are for comparing.
    assert!(related(own(&ids), ROWS));
    assert!(related(own(&header), ROWS));
    let row_of_own = row(
        Value::BytesValue(trace_id(2)),
        Value::BytesValue(span_id(9)),
    );
    assert!(!related(broken_link(&row_of_own), ROWS));
    let own_header = format!("00-{:032x}-{:016x}-01", 2u128 | 1 << 100, 9 | 1u64 << 60);
    let own_header = [("messaging.header.traceparent", text(&own_header))];
    assert!(related(broken_link(&own_header), ROWS));
    assert!(related(broken_link(&own_header), "{}"));
    assert!(!related(own(&id("a")), JOBS), "a recipe names it");
    // A header first, and a key after it.
    let both = [own_header[0].clone(), id("a")[0].clone()];
    assert!(!related(broken_link(&both), JOBS));
}

#[test]
fn contexts_of_other_lengths_are_none() {
    let with = |trace: Vec<u8>, span: Vec<u8>| {
        let row = row(Value::BytesValue(trace), Value::BytesValue(span));
        let spans = vec![self::span(2, INTERNAL, &row)];
        mend_with(ROWS, vec![batch("", spans)])
    };
    let trace: Vec<u8> = (1..=16).collect();
    let span: Vec<u8> = (21..=28).collect();
    let outcome = with(trace.clone(), span.clone());
    let link = &outcome.links(2)[0];
    assert_eq!((&link.trace_id, &link.span_id), (&trace, &span));
    for (trace, span) in [
        (trace[1..].to_vec(), span.clone()),
        (trace.clone(), span[1..].to_vec()),
        (span.clone(), span.clone()),
        (trace.clone(), vec![]),
        (vec![0; 16], span.clone()),
        (trace.clone(), vec![0; 8]),
    ] {
        assert_eq!(with(trace, span).added, 0);
    }
}

#[test]
fn arrays_of_different_lengths_are_of_no_messages() {
    let with = |tenants: Value, ids: Value| {
        let server = |number: u64, tenant, id| {
            let of = [("tenant", text(tenant)), ("id", text(id))];
            starting(span(number, SERVER, &of), NOON - SECOND)
        };
        let works = span(2, INTERNAL, &[("tenant", tenants), ("id", ids)]);
        let spans = vec![
            server(11, "x", "1"),
            server(12, "y", "2"),
            server(13, "x", "2"),
            works,
        ];
        mend_with(PAIRS, vec![batch("", spans)]).targets(2)
    };
    assert_eq!(with(texts(&["x", "y"]), texts(&["1", "2"])), [11, 12]);
    assert_eq!(with(text("x"), texts(&["1", "2"])), [11, 13]);
    assert_eq!(with(texts(&["x"]), texts(&["1", "2"])), [11, 13]);
    assert_eq!(with(texts(&["x", "y"]), texts(&["1", "2", "3"])), [0; 0]);
    assert_eq!(with(texts(&["x", "y", "z"]), texts(&["1", "2"])), [0; 0]);
    assert_eq!(
        with(texts(&["x", ""]), texts(&["1", "2"])),
        [11],
        "a part is missing"
    );
}

#[test]
fn headers_are_read_up_to_1024() {
    let headers: Vec<_> = (1..=1030u64)
        .map(|number| format!("00-{number:032x}-{number:016x}-01"))
        .collect();
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    let of = |count| [("messaging.header.traceparent", texts(&headers[..count]))];
    let told = |count| {
        let outcome = mend(vec![consumer(2, &of(count))]);
        (outcome.added, outcome.no_room, outcome.too_many)
    };
    assert_eq!(told(1023), (128, 1023 - 128, 0));
    assert_eq!(told(1024), (128, 1024 - 128, 0));
    assert_eq!(told(1025), (128, 1024 - 128, 1));
    assert_eq!(told(1030), (128, 1024 - 128, 6));
}

#[test]
fn two_keys_beside_one_message_are_two_messages_more() {
    let server = |number: u64, id| {
        let of = [("tenant", text("x")), ("id", text(id))];
        starting(span(number, SERVER, &of), NOON - SECOND)
    };
    let received = [
        ("messaging.system", text("aws_sqs")),
        ("messaging.message.id", text("7")),
        ("tenant", text("x")),
        ("id", texts(&["1", "2"])),
    ];
    let spans = vec![
        producer(1, &received[..2]),
        server(11, "1"),
        server(12, "2"),
        consumer(2, &received),
    ];
    let outcome = mend_with(PAIRS, vec![batch("", spans)]);
    assert_eq!(outcome.targets(2), [1, 11, 12]);
}

#[test]
fn a_message_beside_the_work_does_not_hide_it() {
    let works = [
        ("job.id", text("a")),
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("7")),
    ];
    let spans = vec![request(1, 9), span(2, INTERNAL, &works)];
    assert_eq!(mend_with(JOBS, vec![batch("", spans)]).targets(2), [1]);
}

#[test]
fn a_consumer_may_tell_a_context_of_its_own_trace() {
    let of = row(
        Value::BytesValue(trace_id(2)),
        Value::BytesValue(span_id(9)),
    );
    let told = |kind| {
        let outcome = mend_with(ROWS, vec![batch("", vec![span(2, kind, &of)])]);
        assert_eq!(outcome.added, 0);
        outcome.unresolved + outcome.incomplete + outcome.unnamed
    };
    assert_eq!(told(5), 0, "it has its message");
    assert_eq!(told(INTERNAL), 0, "it is no consumer");
    let of = row(
        Value::BytesValue(trace_id(2)),
        Value::BytesValue(span_id(2)),
    );
    let outcome = mend_with(ROWS, vec![batch("", vec![span(2, INTERNAL, &of)])]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 0));
}

#[test]
fn a_broken_link_for_work_that_was_asked_for_twice_is_not_repaired() {
    let linked = with_links(span(2, INTERNAL, &[]), vec![broken_link(&id("a"))]);
    let spans = |requests: &[Span]| [requests, std::slice::from_ref(&linked)].concat();
    let targets = |requests: &[Span]| mend_with(JOBS, vec![batch("", spans(requests))]).targets(2);
    assert_eq!(targets(&[request(1, 9)]), [1]);
    assert_eq!(targets(&[request(1, 9), request(3, 7)]), [0; 0]);
}

#[test]
fn only_those_that_work_tell_of_the_messages_of_a_poll() {
    let receive = [
        ("messaging.operation", text("receive")),
        ("messaging.batch.message_count", int(2)),
    ];
    let unnamed = |attributes: &[(&str, Value)], links| {
        let mut child = with_links(span(3, INTERNAL, attributes), links);
        child.trace_id = trace_id(2);
        (child.parent_span_id, child.flags) = (span_id(2), 0x101);
        let spans = vec![consumer(2, &receive), child];
        read_twice(JOBS, vec![batch("", spans)]).unnamed
    };
    assert_eq!(unnamed(&id("a"), vec![]), 0);
    assert_eq!(unnamed(&[], vec![broken_link(&id("a"))]), 0);
    assert_eq!(unnamed(&[("other", text("a"))], vec![]), 2);
    assert_eq!(unnamed(&[], vec![link_to(9, &[])]), 2);
}

#[test]
fn work_that_came_from_elsewhere_brings_its_context_to_the_one_below() {
    let message = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("7")),
    ];
    let below = |attributes: &[(&str, Value)]| {
        let mut works = span(2, INTERNAL, attributes);
        (works.parent_span_id, works.flags) = (span_id(99), 0x301);
        let mut child = consumer(3, &message);
        child.trace_id = trace_id(2);
        (child.parent_span_id, child.flags) = (span_id(2), 0x101);
        let spans = vec![producer(1, &message), works, child];
        let once = mend_with(JOBS, vec![batch("", spans.clone())]).targets(3);
        assert_eq!(once, read_twice(JOBS, vec![batch("", spans)]).targets(3));
        once
    };
    assert_eq!(below(&id("a")), [0; 0]);
    assert_eq!(below(&[]), [1]);
}

#[test]
fn a_recipe_for_all_kinds_is_for_those_that_nobody_knows_too() {
    let config = |kinds| {
        format!(
            r#"{{"recipes": [
                {{"name": "job", "role": "producer", "kinds": ["server"], "attributes": ["job.id"]}},
                {{"name": "job", "role": "consumer"{kinds}, "attributes": ["job.id"]}}
            ]}}"#
        )
    };
    let targets = |kinds, kind| {
        let spans = vec![request(1, 9), span(2, kind, &id("a"))];
        mend_with(&config(kinds), vec![batch("", spans)]).targets(2)
    };
    for kind in [0, 1, 2, 3, 5, 6, 7, 70] {
        assert_eq!(targets("", kind), [1], "{kind}");
    }
    let one = r#", "kinds": ["client", "client"]"#;
    assert_eq!(targets(one, 3), [1]);
    assert_eq!(targets(one, 6), [0; 0]);
    let unspecified = r#", "kinds": ["unspecified"]"#;
    assert_eq!(targets(unspecified, 6), [1]);
    assert_eq!(targets(unspecified, 1), [0; 0]);
}

#[test]
fn one_of_the_usual_headers_may_be_all_that_is_read() {
    let config = r#"{"captured_headers": [{"traceparent": "messaging.header.traceparent",
        "tracestate": "messaging.header.tracestate"}]}"#;
    let with = |key: &'static str| {
        let of = [(key, text(HEADER))];
        mend_with(config, vec![batch("", vec![consumer(2, &of)])]).targets(2)
    };
    assert_eq!(with("messaging.header.traceparent"), [77]);
    assert_eq!(with("messaging.bullmq.job.opts.traceparent"), [0; 0]);
}
