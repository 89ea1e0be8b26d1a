//! Why links were not made: told by the rule, whose they would have been by the
//! host.

use bytes::Bytes;
use linkmend::interface::{Note, NoteKind, Verdict};
use linkmend::{Counts, Reason};
use linkmend_tests::arms::Order;
use linkmend_tests::otlp::{decode, integer, kind, span, spans, text, traces};
use linkmend_tests::rules::{all_spans, nothing, plan, rule};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message as _;

use super::behaviour::processor;

/// Two services with two spans each, and one without a name.
fn batch() -> TracesData {
    let kafka = || vec![text("messaging.system", "kafka")];
    let mut batch = traces(vec![
        span(1, kind::CONSUMER, "one", kafka()),
        span(2, kind::CONSUMER, "two", Vec::new()),
    ]);
    let mut billing = traces(vec![
        span(
            3,
            kind::SERVER,
            "three",
            vec![text("messaging.system", "rabbitmq")],
        ),
        span(4, kind::CONSUMER, "four", kafka()),
    ]);
    let attributes = &mut billing.resource_spans[0]
        .resource
        .as_mut()
        .unwrap()
        .attributes;
    *attributes = vec![text("host.name", "h"), text("service.name", "billing")];
    let mut nobody = traces(vec![span(
        5,
        kind::CONSUMER,
        "five",
        vec![integer("messaging.system", 7)],
    )]);
    nobody.resource_spans[0].resource = None;
    batch.resource_spans.append(&mut billing.resource_spans);
    batch.resource_spans.append(&mut nobody.resource_spans);
    batch
}

/// What a rule counts that notes this of the spans of its kind.
fn counts(notes: Vec<Note>, plan: linkmend::interface::Plan, batch: &Bytes) -> Counts {
    let noting = rule("noting", plan, move |_, _| {
        Ok(Verdict {
            notes: notes.clone(),
            ..nothing()
        })
    });
    let mended = processor([noting]).process(batch.clone()).unwrap();
    assert_eq!(mended.faults, []);
    mended.counts
}

fn note(span: u32, kind: NoteKind, count: u32) -> Note {
    Note { span, kind, count }
}

#[test]
fn reasons_are_counted_by_service_and_messaging_system() {
    for order in [Order::Ascending, Order::Descending] {
        let batch = order.of(&batch().encode_to_vec().into());
        let places: Vec<String> = spans(&decode(&batch))
            .map(|span| span.name.clone())
            .collect();
        let of = |name: &str| places.iter().position(|place| place == name).unwrap() as u32;
        let notes = vec![
            note(of("four"), NoteKind::Unresolved, 3),
            note(of("one"), NoteKind::Unresolved, 2),
            note(of("one"), NoteKind::TooLate, 1),
            note(of("two"), NoteKind::Unnamed, 1),
            note(of("five"), NoteKind::Incomplete, 4),
            note(of("three"), NoteKind::Ambiguous, 5),
            note(of("one"), NoteKind::Unresolved, 10),
        ];
        let counts = counts(notes, all_spans(), &batch);
        let lines: Vec<_> = counts.reasons.iter().collect();
        assert_eq!(
            lines,
            [
                (Reason::Incomplete, "-", "-", 4),
                (Reason::Unresolved, "billing", "kafka", 3),
                (Reason::Ambiguous, "billing", "rabbitmq", 5),
                (Reason::Unnamed, "orders", "-", 1),
                (Reason::Unresolved, "orders", "kafka", 12),
                (Reason::TooLate, "orders", "kafka", 1),
            ]
        );
    }
}

#[test]
fn the_language_of_those_without_links_is_told() {
    let mut batch = batch();
    let attributes = &mut batch.resource_spans[1]
        .resource
        .as_mut()
        .unwrap()
        .attributes;
    attributes.push(text("telemetry.sdk.language", "java"));
    let batch = batch.encode_to_vec().into();
    let notes = vec![
        note(0, NoteKind::Unnamed, 2),
        note(3, NoteKind::Unnamed, 1),
        note(4, NoteKind::Unnamed, 3),
    ];
    let lines = counts(notes, all_spans(), &batch).reasons.most_frequent();
    let lines: Vec<_> = lines
        .iter()
        .map(|line| (line.service.as_str(), line.language.as_str()))
        .collect();
    assert_eq!(lines, [("-", "-"), ("orders", "-"), ("billing", "java")]);
}

#[test]
fn a_note_names_a_selected_span_and_not_a_span_of_the_batch() {
    let mut servers = plan();
    servers.selector.kinds = linkmend::interface::SpanKinds::SERVER;
    let batch = batch().encode_to_vec().into();
    let counts = counts(vec![note(0, NoteKind::TooMany, 1)], servers, &batch);
    let lines: Vec<_> = counts.reasons.iter().collect();
    assert_eq!(lines, [(Reason::TooMany, "billing", "rabbitmq", 1)]);
}

#[test]
fn each_reason_has_its_figure() {
    let kinds = [
        NoteKind::Unresolved,
        NoteKind::TooLate,
        NoteKind::TooMany,
        NoteKind::Ambiguous,
        NoteKind::NoRoom,
        NoteKind::Incomplete,
        NoteKind::Unnamed,
    ];
    let notes = (0..)
        .zip(kinds)
        .map(|(place, kind)| note(0, kind, 1 << place));
    let batch = batch().encode_to_vec().into();
    let counts = counts(notes.collect(), all_spans(), &batch);
    assert_eq!(counts.unresolved, 1 + 2 + 4);
    assert_eq!(counts.ambiguous, 8);
    assert_eq!((counts.links_added, counts.links_cut), (16, 16));
    assert_eq!((counts.incomplete, counts.unnamed), (32, 64));
    let reasons: Vec<_> = counts.reasons.iter().map(|(reason, ..)| reason).collect();
    assert_eq!(reasons, Reason::ALL);
}

#[test]
fn counts_of_batches_add_up() {
    let batch = batch().encode_to_vec().into();
    let one = counts(vec![note(0, NoteKind::Unnamed, 1)], all_spans(), &batch);
    let mut both = counts(vec![note(3, NoteKind::Unnamed, 2)], all_spans(), &batch);
    both += &one;
    both += &one;
    assert_eq!((both.unnamed, both.unnamed_spans), (4, 3));
    let lines: Vec<_> = both.reasons.iter().collect();
    assert_eq!(
        lines,
        [
            (Reason::Unnamed, "billing", "kafka", 2),
            (Reason::Unnamed, "orders", "kafka", 2)
        ]
    );
}

#[test]
fn what_a_rule_that_fails_has_noted_is_not_counted() {
    let failing = rule("failing", all_spans(), |_, _| {
        Ok(Verdict {
            notes: vec![note(0, NoteKind::Unnamed, 1), note(9, NoteKind::Unnamed, 1)],
            ..nothing()
        })
    });
    let batch: Bytes = batch().encode_to_vec().into();
    let mended = processor([failing]).process(batch).unwrap();
    assert_eq!(
        mended.faults[0].to_string(),
        "rule `failing` failed: its answer is refused: it names span 9, and was given 5 spans"
    );
    assert_eq!(mended.counts.unnamed, 0);
    assert!(mended.counts.reasons.is_empty());
}
