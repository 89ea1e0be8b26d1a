//! The rule, in a plain `cargo test`.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use linkmend_rule::NoteKind;
use linkmend_rule::testing::{SpanBuilder, TestHost, TracesBuilder};

use super::ScheduledJobs;

fn host() -> TestHost<ScheduledJobs> {
    TestHost::new("{}")
}

fn request(number: u64, id: i64) -> SpanBuilder {
    SpanBuilder::server(number).attribute("report.request_id", id)
}

/// A job with a list of ids links to all of its requests, and each rendering in
/// it to the one that it is for.
#[test]
fn a_job_is_linked_to_its_requests() {
    let batch = TracesBuilder::new()
        .span(request(1, 7))
        .span(request(2, 8))
        .span(SpanBuilder::internal(100).attribute("report.request_ids", [7, 8]))
        .span(SpanBuilder::internal(101).attribute("report.request_id", "8"))
        .build();
    let mended = host().mend(&batch);
    assert_eq!(
        mended.links(100),
        [
            "1 link.type=aggregated_from report.request_ids=7",
            "2 link.type=aggregated_from report.request_ids=8",
        ]
    );
    assert_eq!(
        mended.links(101),
        ["2 link.type=triggered_by report.request_id=8"]
    );
    assert_eq!(mended.links(1), [] as [&str; 0]);
}

/// Two shops, each with a request 1: ids count within the namespace.
#[test]
fn shops_do_not_meet() {
    let shop = |traces: TracesBuilder, name: &str, first: u64| {
        traces
            .resource()
            .resource_attribute("service.namespace", name)
            .span(request(first, 1))
            .span(SpanBuilder::internal(first + 100).attribute("report.request_id", 1))
    };
    let traces = shop(TracesBuilder::new(), "north", 1);
    let mended = host().mend(&shop(traces, "south", 2).build());
    assert_eq!(
        mended.links(101),
        ["1 link.type=triggered_by report.request_id=1"]
    );
    assert_eq!(
        mended.links(102),
        ["2 link.type=triggered_by report.request_id=1"]
    );
}

/// A job of 200 requests gets 128 links, and the rest is told of.
#[test]
fn a_job_has_at_most_128_links() {
    let requests = (1..=200).map(|number| request(number, number.cast_signed()));
    let ids: Vec<i64> = (1..=200).collect();
    let job = SpanBuilder::internal(1000).attribute("report.request_ids", ids);
    let traces = requests
        .chain([job])
        .fold(TracesBuilder::new(), TracesBuilder::span);
    let mended = host().mend(&traces.build());
    assert_eq!(mended.links(1000).len(), 128);
    assert_eq!(mended.noted(NoteKind::NoRoom), 72);
}

/// The second attribute of the configuration belongs to the second found keys,
/// even where the first has ids that nobody asked for.
#[test]
fn each_link_names_its_attribute() {
    let job = SpanBuilder::internal(100)
        .attribute("report.request_id", [9, 7])
        .attribute("report.request_ids", [8]);
    let batch = TracesBuilder::new()
        .span(request(1, 7))
        .span(request(2, 8))
        .span(job);
    let mended = host().explain(&batch.build());
    assert_eq!(
        mended.links(100),
        [
            "1 link.type=aggregated_from report.request_id=7",
            "2 link.type=aggregated_from report.request_ids=8",
        ]
    );
    assert_eq!(mended.explanation(100), "no request 9 is known");
    assert_eq!(mended.noted(NoteKind::Unresolved), 1);
}

/// In a pipeline a job that is ahead of its requests is kept back.
#[test]
fn a_job_waits_for_its_requests() {
    let job = SpanBuilder::internal(100).attribute("report.request_ids", [7]);
    let batch = TracesBuilder::new().span(job).build();
    assert_eq!(host().mend_or_defer(&batch).deferred(), [100]);
}

/// Other attributes, other kinds.
#[test]
fn names_and_kinds_are_configured() {
    let config = r#"{
        "attributes": ["invoice.id"],
        "request_kinds": ["client"],
        "job_kinds": ["server"],
        "scope": []
    }"#;
    let batch = TracesBuilder::new()
        .span(SpanBuilder::client(1).attribute("invoice.id", "a"))
        .span(SpanBuilder::server(2).attribute("invoice.id", "a"))
        .build();
    let mended = TestHost::<ScheduledJobs>::new(config).mend(&batch);
    assert_eq!(mended.links(2), ["1 link.type=triggered_by invoice.id=a"]);
}

/// What is wrong is named, and what would be right.
#[test]
fn wrong_configurations_are_refused() {
    let error = |config: &str| TestHost::<ScheduledJobs>::try_new(config).unwrap_err();
    assert!(
        error(r#"{"attribute": []}"#).starts_with("attribute: unknown field `attribute`, expected")
    );
    assert_eq!(
        error(r#"{"scope": [7]}"#),
        "scope[0]: invalid type: integer `7`, expected a string"
    );
    assert!(error(r#"{"attributes": []}"#).starts_with("attributes: empty; name"));
    assert!(
        error(r#"{"job_kinds": ["job"]}"#)
            .starts_with("job_kinds[0]: \"job\" is no kind; it is internal,")
    );
    assert!(
        error(r#"{"job_kinds": ["server"]}"#)
            .starts_with("job_kinds: Server is among request_kinds too")
    );
}
