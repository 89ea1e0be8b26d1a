//! Spans that stand for consumers.

use linkmend_flows::{Flow, Gathered, Projected, Projector};

use crate::spans::{Span, batch, trace_id};

fn flows(spans: &[Span]) -> Vec<Flow> {
    let mut gathered = Gathered::new(1_000);
    gathered.take(&batch(spans));
    gathered.find().flows
}

#[test]
fn a_flow_has_the_same_span_however_often_and_never_makes_another_flow() {
    let spans = [
        Span::producer(1, "api"),
        Span::consumer(11, "worker").linked(1),
    ];
    let of = || {
        let mut projected = Vec::new();
        let result = Projector::new(10).project(&flows(&spans)[0], &mut projected);
        assert_eq!(result, Projected::Made);
        projected
    };
    let projected = of();
    assert_eq!(projected, of());
    let has = |part: &[u8]| projected.windows(part.len()).any(|window| window == part);
    assert!(has(&trace_id(1)) && has(&trace_id(11)));
    assert!(has(b"worker") && has(b"linkmend.projected") && has(b"orders"));
    let mut gathered = Gathered::new(10);
    gathered.take(&batch(&spans));
    gathered.take(&projected);
    assert_eq!(gathered.find().flows.len(), 1);
}

#[test]
fn what_is_in_the_trace_already_is_not_projected() {
    let parent = flows(&[
        Span::producer(1, "api"),
        Span::consumer(11, "worker").below(1, 1, 0x300),
    ]);
    let mut projected = Vec::new();
    let result = Projector::new(10).project(&parent[0], &mut projected);
    assert_eq!((result, projected.len()), (Projected::NotNeeded, 0));
}

#[test]
fn a_trace_has_so_many_and_no_more() {
    let mut spans = vec![Span::producer(1, "api"), Span::producer(2, "api")];
    spans.extend((11..16).map(|number| Span::consumer(number, "worker").linked(1)));
    spans.push(Span::consumer(16, "worker").linked(2));
    let mut projector = Projector::new(3);
    let mut projected = Vec::new();
    let flows = flows(&spans);
    let results: Vec<_> = flows
        .iter()
        .map(|flow| projector.project(flow, &mut projected))
        .collect();
    let made = results.iter().filter(|result| **result == Projected::Made);
    let full = results
        .iter()
        .filter(|result| **result == Projected::NoRoom);
    assert_eq!((made.count(), full.count()), (4, 2));
}
