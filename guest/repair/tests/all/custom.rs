//! Recipe 14: what the configuration says identifies a message; and contexts
//! in attributes.

use super::support::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;

const SERVER: i32 = 2;
const INTERNAL: i32 = 1;

const REPORTS: &str = r#"{"recipes": [
    {"name": "report", "role": "producer", "kinds": ["server"], "attributes": ["report.request_id"]},
    {"name": "report", "role": "consumer", "kinds": ["internal"], "attributes": ["report.request_id"]}
]}"#;

fn request(number: u64, id: impl Into<Value>) -> Span {
    let request = span(number, SERVER, &[("report.request_id", id.into())]);
    starting(request, NOON - SECOND)
}

fn job(number: u64, id: impl Into<Value>) -> Span {
    span(number, INTERNAL, &[("report.request_id", id.into())])
}

fn mend_reports(spans: Vec<Span>) -> Outcome {
    mend_with(REPORTS, vec![batch("", spans)])
}

#[test]
fn recipe_14_a_job_is_linked_to_the_request_that_it_works_off() {
    let outcome = mend_reports(vec![
        request(1, text("a")),
        job(2, text("a")),
        request(3, text("b")),
    ]);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("triggered_by"));
    assert_eq!((outcome.targets(1), outcome.targets(3)), (vec![], vec![]));
}

#[test]
fn nothing_of_it_without_configuration() {
    let outcome = mend(vec![request(1, text("a")), job(2, text("a"))]);
    assert_eq!(outcome.added, 0);
}

#[test]
fn an_array_of_ids_is_one_message_each_and_its_links_say_which() {
    let spans = vec![
        request(1, text("a")),
        request(2, int(7)),
        request(3, text("c")),
        job(4, texts(&["a", "7", "unknown"])),
    ];
    let outcome = mend_reports(spans);
    assert_eq!(outcome.targets(4), [1, 2]);
    assert_eq!(outcome.unresolved, 1);
    let link = &outcome.links(4)[1];
    assert_eq!(
        value(&link.attributes, "report.request_id"),
        Some(&text("7"))
    );
    assert_eq!(link_type(link), Some("aggregated_from"));
}

#[test]
fn a_broken_link_that_names_the_request_is_repaired_in_place() {
    let named = |id| broken_link(&[("report.request_id", text(id))]);
    let job = with_links(
        span(4, INTERNAL, &[]),
        vec![named("b"), named("gone"), named("a")],
    );
    let outcome = mend_reports(vec![request(1, text("a")), request(2, text("b")), job]);
    assert_eq!(outcome.targets(4), [2, 1]);
    assert_eq!(
        (outcome.added, outcome.invalid, outcome.unresolved),
        (0, 1, 0),
        "what is dropped is told of by what is left"
    );
    assert_eq!(link_type(&outcome.links(4)[0]), Some("aggregated_from"));
}

#[test]
fn a_valid_link_that_names_the_request_serves() {
    let linked = link_to(9, &[("report.request_id", text("a"))]);
    let job = with_links(job(4, texts(&["a", "b"])), vec![linked]);
    let outcome = mend_reports(vec![request(1, text("a")), request(2, text("b")), job]);
    assert_eq!(outcome.targets(4), [9, 2]);
}

#[test]
fn a_recipe_applies_to_its_kinds_only() {
    let client = |number| span(number, 3, &[("report.request_id", text("a"))]);
    let outcome = mend_reports(vec![request(1, text("a")), client(2)]);
    assert_eq!(outcome.added, 0);
    let outcome = mend_reports(vec![starting(client(1), NOON - SECOND), job(2, text("a"))]);
    assert_eq!((outcome.added, outcome.unresolved), (0, 1));
}

#[test]
fn a_recipe_may_leave_the_role_to_the_span() {
    let config = r#"{"recipes": [{"name": "event", "attributes": ["event.id"]}]}"#;
    let of = [("event.id", text("e"))];
    let spans = vec![producer(1, &of), consumer(2, &of), span(3, INTERNAL, &of)];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![1], vec![]));
}

#[test]
fn a_consumer_of_messages_may_be_the_producer_of_work() {
    let config = r#"{"recipes": [
        {"name": "job", "role": "producer", "kinds": ["consumer"], "attributes": ["job.id"]},
        {"name": "job", "role": "consumer", "kinds": ["internal"], "attributes": ["job.id"]}
    ]}"#;
    let message = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("m")),
    ];
    let mut stored = message.to_vec();
    stored.push(("job.id", int(1)));
    let spans = vec![
        producer(1, &message),
        starting(consumer(2, &stored), NOON - SECOND / 2),
        span(3, INTERNAL, &[("job.id", int(1))]),
    ];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![1], vec![2]));
}

#[test]
fn a_producer_or_settler_is_never_made_a_consumer() {
    let config = r#"{"recipes": [
        {"name": "r", "role": "producer", "kinds": ["server"], "attributes": ["id"]},
        {"name": "r", "role": "consumer", "kinds": ["producer", "client"], "attributes": ["id"]}
    ]}"#;
    let of = [
        ("id", text("a")),
        ("messaging.operation.type", text("settle")),
    ];
    let server = starting(span(1, SERVER, &[("id", text("a"))]), NOON - SECOND);
    let spans = vec![server, producer(2, &[("id", text("a"))]), span(3, 3, &of)];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!(outcome.added, 0);
}

#[test]
fn several_attributes_identify_together() {
    let config = r#"{"recipes": [
        {"name": "r", "role": "producer", "kinds": ["server"], "attributes": ["tenant", "id"]},
        {"name": "r", "role": "consumer", "kinds": ["internal"], "attributes": ["tenant", "id"]}
    ]}"#;
    let of = |tenant, id| [("tenant", text(tenant)), ("id", id)];
    let server = |number, tenant, id| {
        let server = span(number, SERVER, &of(tenant, text(id)));
        starting(server, NOON - SECOND)
    };
    let mut linked = span(5, INTERNAL, &[("tenant", text("x"))]);
    linked.links = vec![broken_link(&[("id", text("2"))])];
    let spans = vec![
        server(1, "x", "1"),
        server(2, "y", "1"),
        server(3, "x", "2"),
        span(4, INTERNAL, &of("x", texts(&["1", "2"]))),
        linked,
        span(6, INTERNAL, &[("id", text("1"))]),
    ];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!(outcome.targets(4), [1, 3]);
    assert_eq!(outcome.targets(5), [3], "the tenant is the span's");
    assert_eq!(outcome.targets(6), [0u64; 0], "a part is missing");
}

#[test]
fn a_scope_of_resource_attributes_must_be_equal() {
    let config = REPORTS.replace(
        r#""attributes""#,
        r#""scope": ["service.namespace"], "attributes""#,
    );
    let resource = |namespace, spans| {
        let mut batch = batch("", spans);
        batch.resource = Some(Resource {
            attributes: vec![kv("service.namespace", text(namespace))],
            ..Resource::default()
        });
        batch
    };
    let outcome = mend_with(
        &config,
        vec![
            resource("shop", vec![request(1, text("a"))]),
            resource("bank", vec![request(2, text("a"))]),
            resource("shop", vec![job(3, text("a"))]),
            resource("club", vec![job(4, text("a"))]),
        ],
    );
    assert_eq!((outcome.targets(3), outcome.targets(4)), (vec![1], vec![]));
}

#[test]
fn a_recipe_beside_a_message_id_is_another_name_of_the_message() {
    let config = r#"{"recipes": [{"name": "event", "attributes": ["event.id"]}]}"#;
    let sent = [("event.id", text("e"))];
    let received = [
        ("event.id", text("e")),
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("m")),
    ];
    let spans = vec![producer(1, &sent), consumer(2, &received)];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!(outcome.targets(2), [1]);
    assert_eq!(outcome.unresolved, 0);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("triggered_by"));
}

#[test]
fn several_requests_with_one_id_are_ambiguous() {
    let early = starting(request(1, text("a")), NOON - 100 * SECOND);
    let outcome = mend_reports(vec![early, request(2, text("a")), job(3, text("a"))]);
    assert_eq!((outcome.targets(3), outcome.ambiguous), (vec![], 1));
}

const ROWS: &str = r#"{"context_attributes": [
    {"trace_id": "job.trace_id", "span_id": "job.span_id", "trace_flags": "job.trace_flags"}
]}"#;

fn hex(number: u64) -> (String, String) {
    let trace = format!("{:032x}", u128::from(number) | 1 << 100);
    (trace, format!("{:016x}", number | 1 << 60))
}

fn row(span: u64, number: u64, flags: Option<Value>) -> Span {
    let (trace_id, span_id) = hex(number);
    let mut attributes = vec![
        ("job.trace_id", text(&trace_id)),
        ("job.span_id", text(&span_id)),
    ];
    attributes.extend(flags.map(|flags| ("job.trace_flags", flags)));
    self::span(span, INTERNAL, &attributes)
}

#[test]
fn a_context_from_a_database_row_needs_no_index() {
    for (flags, wanted) in [
        (None, 0x300),
        (Some(int(1)), 0x301),
        (Some(text("01")), 0x301),
        (Some(int(-1)), 0x300),
        (Some(text("?")), 0x300),
    ] {
        let outcome = mend_with(ROWS, vec![batch("", vec![row(2, 77, flags)])]);
        assert_eq!(outcome.targets(2), [77]);
        let link = &outcome.links(2)[0];
        assert_eq!((link.flags, link.trace_id.clone()), (wanted, trace_id(77)));
        assert_eq!(link_type(link), Some("triggered_by"));
    }
}

#[test]
fn contexts_from_rows_come_in_arrays_in_upper_case_and_as_bytes() {
    let rows: Vec<_> = [5, 6, 7].map(hex).into();
    let traces: Vec<_> = rows.iter().map(|row| row.0.to_uppercase()).collect();
    let traces: Vec<_> = traces.iter().map(String::as_str).collect();
    let spans: Vec<_> = rows.iter().map(|row| row.1.as_str()).collect();
    let job = span(
        2,
        INTERNAL,
        &[
            ("job.trace_id", texts(&traces)),
            ("job.span_id", texts(&spans)),
        ],
    );
    let bytes = span(
        3,
        INTERNAL,
        &[
            ("job.trace_id", Value::BytesValue(trace_id(8))),
            ("job.span_id", Value::BytesValue(span_id(8))),
        ],
    );
    let outcome = mend_with(ROWS, vec![batch("", vec![job, bytes])]);
    assert_eq!(outcome.targets(2), [5, 6, 7]);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("aggregated_from"));
    assert_eq!(outcome.targets(3), [8]);
}

#[test]
fn a_row_that_holds_no_context_makes_no_link() {
    let zeros = span(
        2,
        INTERNAL,
        &[
            ("job.trace_id", text(&"0".repeat(32))),
            ("job.span_id", text("1000000000000001")),
        ],
    );
    let short = span(
        3,
        INTERNAL,
        &[
            ("job.trace_id", text("abc")),
            ("job.span_id", text("1000000000000001")),
        ],
    );
    let half = span(4, INTERNAL, &[("job.trace_id", text(&hex(1).0))]);
    let uneven = span(
        5,
        INTERNAL,
        &[
            ("job.trace_id", texts(&[&hex(1).0, &hex(2).0])),
            ("job.span_id", text(&hex(1).1)),
        ],
    );
    let outcome = mend_with(ROWS, vec![batch("", vec![zeros, short, half, uneven])]);
    assert_eq!(outcome.added, 0);
}

#[test]
fn a_span_that_tells_its_own_context_is_no_consumer() {
    let own = with_links(row(2, 2, None), vec![link_to(9, &[]), link_to(10, &[])]);
    let mut inner = row(3, 2, None);
    inner.trace_id = trace_id(2);
    let outcome = mend_with(ROWS, vec![batch("", vec![own, inner])]);
    assert_eq!(outcome.added, 0);
    assert_eq!(outcome.targets(2), [9, 10]);
    assert_eq!(link_type(&outcome.links(2)[0]), Some("aggregated_from"));
}

#[test]
fn a_broken_link_with_a_row_is_repaired_in_place() {
    let (trace, span_id) = hex(77);
    let row = [
        ("job.trace_id", text(&trace)),
        ("job.span_id", text(&span_id)),
    ];
    let job = with_links(
        span(2, INTERNAL, &[]),
        vec![broken_link(&row), link_to(5, &[])],
    );
    let outcome = mend_with(ROWS, vec![batch("", vec![job])]);
    assert_eq!(outcome.targets(2), [77, 5]);
}

#[test]
fn a_producer_with_a_row_gets_no_link() {
    let (trace, span_id) = hex(77);
    let row = [
        ("job.trace_id", text(&trace)),
        ("job.span_id", text(&span_id)),
    ];
    let outcome = mend_with(ROWS, vec![batch("", vec![producer(2, &row)])]);
    assert_eq!(outcome.added, 0);
}

#[test]
fn headers_may_be_captured_under_other_names() {
    let config = r#"{"captured_headers": [{"traceparent": "http.traceparent", "tracestate": "http.tracestate"}]}"#;
    let header = "00-0000001000000000000000000000004d-100000000000004d-01";
    let of = [
        ("http.traceparent", texts(&[header])),
        ("http.tracestate", texts(&["a=b"])),
    ];
    let usual = [("messaging.header.traceparent", text(header))];
    let spans = vec![consumer(2, &of), consumer(3, &usual)];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![77], vec![]));
    assert_eq!(outcome.links(2)[0].trace_state, "a=b");
}

#[test]
fn the_context_in_the_options_of_a_bullmq_job_is_known() {
    let header = "00-0000001000000000000000000000004d-100000000000004d-01";
    let of = [("messaging.bullmq.job.opts.traceparent", text(header))];
    assert_eq!(mend(vec![consumer(2, &of)]).targets(2), [77]);
    let config = r#"{"captured_headers": [
        {"traceparent": "messaging.bullmq.job.opts.traceparent"}, {"traceparent": "h"}]}"#;
    let usual = [("messaging.header.traceparent", text(header))];
    let spans = vec![consumer(2, &of), consumer(3, &usual)];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!((outcome.targets(2), outcome.targets(3)), (vec![77], vec![]));
}

#[test]
fn columns_belong_together_when_they_are_as_long() {
    let config = r#"{"recipes": [
        {"name": "r", "role": "producer", "kinds": ["server"], "attributes": ["id"]},
        {"name": "r", "role": "consumer", "kinds": ["consumer"], "attributes": ["id"]}
    ]}"#;
    let server = |number, id| {
        let server = span(number, SERVER, &[("id", text(id))]);
        starting(server, NOON - SECOND)
    };
    let received = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.ids", texts(&["m1", "m2"])),
        ("id", texts(&["a", "b"])),
    ];
    let sent = [
        ("messaging.system", text("rabbitmq")),
        ("messaging.message.id", text("m1")),
    ];
    let spans = vec![
        server(1, "a"),
        server(2, "b"),
        producer(3, &sent),
        consumer(4, &received),
    ];
    let outcome = mend_with(config, vec![batch("", spans)]);
    assert_eq!(outcome.targets(4), [3, 2], "the message id goes first");
    assert_eq!(outcome.unresolved, 0);
}
