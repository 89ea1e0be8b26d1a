//! The rule in plain unit tests. The test host does what linkmend does: it shows
//! the rule what it wants to see, checks what it answers, and applies it.

use linkmend_rule::testing::{SpanBuilder, TestHost, TracesBuilder};

use super::{{type}};

fn host() -> TestHost<{{type}}> {
    TestHost::new("{}")
}

/// Spans are told by numbers, and so are links.
#[test]
fn a_worker_is_linked_to_the_creator() {
    let batch = TracesBuilder::new()
        .span(SpanBuilder::server(1).attribute("job.id", 4711))
        .span(SpanBuilder::consumer(2).attribute("job.id", "4711"))
        .build();
    let mended = host().mend(&batch);
    assert_eq!(mended.links(1), [] as [&str; 0]);
    assert_eq!(mended.links(2), ["1 link.type=triggered_by"]);
}

#[test]
fn a_worker_may_work_off_several_jobs() {
    let batch = TracesBuilder::new()
        .span(SpanBuilder::producer(1).attribute("job.id", "a"))
        .span(SpanBuilder::client(2).attribute("job.id", "b"))
        .span(SpanBuilder::internal(3).attribute("job.id", ["a", "b"]))
        .build();
    let mended = host().mend(&batch);
    assert_eq!(
        mended.links(3),
        ["1 link.type=triggered_by", "2 link.type=triggered_by"]
    );
}

#[test]
fn a_link_that_is_there_stays_the_only_one() {
    let batch = TracesBuilder::new()
        .span(SpanBuilder::server(1).attribute("job.id", "a"))
        .span(SpanBuilder::consumer(2).attribute("job.id", "a").link_to(1))
        .build();
    assert_eq!(host().mend(&batch).links(2), ["1"]);
}

/// In a pipeline a worker that is ahead of the creator is kept back for a while.
#[test]
fn a_worker_waits_for_the_creator() {
    let worker = SpanBuilder::consumer(2).attribute("job.id", "a");
    let batch = TracesBuilder::new().span(worker).build();
    assert_eq!(host().mend_or_defer(&batch).deferred(), [2]);
}

#[test]
fn the_attribute_is_configured() {
    let batch = TracesBuilder::new()
        .span(SpanBuilder::server(1).attribute("task.id", "a"))
        .span(SpanBuilder::consumer(2).attribute("task.id", "a"))
        .build();
    let mut host = TestHost::<{{type}}>::new(r#"{"attribute": "task.id"}"#);
    assert_eq!(host.mend(&batch).links(2), ["1 link.type=triggered_by"]);
}

#[test]
fn wrong_configurations_are_refused() {
    let error = |config: &str| TestHost::<{{type}}>::try_new(config).unwrap_err();
    let unknown = error(r#"{"atribute": "x", "atributes": []}"#);
    assert_eq!(unknown, "atribute: unknown key; atributes: unknown key (all keys: attribute)");
    assert!(error(r#"{"attribute": 1}"#).contains("invalid type"));
    assert!(error(r#"{"attribute": ""}"#).starts_with("attribute: empty"));
}
