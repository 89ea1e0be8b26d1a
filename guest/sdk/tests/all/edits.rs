//! [`linkmend_rule::Edits`]: what is asked for, and what comes of it.

use linkmend_rule::testing::{LinkBuilder, Mended, SpanBuilder, TracesBuilder};
use linkmend_rule::{DropReason, NoteKind};

use super::scripted::{Step, host};

/// A consumer, number 100, with links.
fn consumer(links: impl IntoIterator<Item = LinkBuilder>) -> SpanBuilder {
    let span = SpanBuilder::consumer(100);
    links.into_iter().fold(span, SpanBuilder::link)
}

/// A link to span number `number`, which is called so.
fn link(number: u64) -> LinkBuilder {
    LinkBuilder::to(number).attribute("n", number.cast_signed())
}

/// What the steps make of a span; a second run over it changes nothing.
fn mended(span: SpanBuilder, steps: Vec<Step>) -> Mended {
    host(steps).mend(&TracesBuilder::new().span(span).build())
}

fn links(span: SpanBuilder, steps: Vec<Step>) -> Vec<String> {
    mended(span, steps).links(100)
}

fn to(number: u64) -> Step {
    Step::Link(number, vec![])
}

fn attributes(all: &[(&str, i64)]) -> Vec<(String, i64)> {
    let all = all.iter();
    all.map(|(key, value)| ((*key).into(), *value)).collect()
}

/// Scenario: links to where there is one, twice to the same, to the span
/// itself, to nowhere.
/// Guarantees: one link for each target, and none that says nothing.
#[test]
fn a_span_is_linked_to_another_once() {
    let steps = vec![to(1), to(2), to(2), to(100), to(0)];
    assert_eq!(links(consumer([link(1)]), steps), ["1 n=1", "2"]);
}

/// Scenario: attributes of several types, one key twice, one empty.
/// Guarantees: the first of a key is put on the link.
#[test]
fn an_added_link_has_each_attribute_once() {
    let attributes = attributes(&[("a", 1), ("a", 2), ("", 3), ("b", 4)]);
    let steps = vec![Step::Link(1, attributes)];
    assert_eq!(links(consumer([]), steps), ["1 a=1 b=4"]);
}

/// Scenario: a link is dropped, and one to the same target added.
/// Guarantees: the new one comes, whatever the order; so does a link to where
/// one pointed before it was replaced.
#[test]
fn what_is_decided_on_is_the_outcome() {
    let drop = || Step::Drop(1, DropReason::Unwanted);
    for steps in [vec![drop(), to(1)], vec![to(1), drop()]] {
        assert_eq!(links(consumer([link(1)]), steps), ["1"]);
    }
    let replace = || Step::Replace(1, 5, vec![]);
    for steps in [vec![replace(), to(1), to(5)], vec![to(5), to(1), replace()]] {
        assert_eq!(links(consumer([link(1)]), steps), ["5 n=1", "1"]);
    }
}

/// Scenario: two edits of one link that exclude each other.
/// Guarantees: the first holds, and what is added to a dropped link goes.
#[test]
fn the_first_of_two_edits_holds() {
    let drop = || Step::Drop(1, DropReason::Unwanted);
    let replace = |to| Step::Replace(1, to, attributes(&[("made", to.cast_signed())]));
    let annotate = || Step::Annotate(1, "a".into(), 1);
    let span = || consumer([link(1)]);
    assert_eq!(links(span(), vec![replace(5), drop()]), ["5 n=1 made=5"]);
    assert_eq!(
        links(span(), vec![replace(5), replace(6)]),
        ["5 n=1 made=5"]
    );
    for steps in [
        vec![drop(), replace(5)],
        vec![drop(), annotate()],
        vec![annotate(), drop()],
        vec![drop(), drop()],
    ] {
        assert_eq!(links(span(), steps), [] as [&str; 0]);
    }
    let both = vec![annotate(), replace(5), annotate()];
    assert_eq!(links(span(), both), ["5 n=1 a=1 made=5"]);
}

/// Scenario: attributes that a link has, and some that it does not have.
/// Guarantees: those that it has stay, and several are put on at once.
#[test]
fn an_attribute_that_is_there_stays() {
    let annotate = |key: &str, value| Step::Annotate(1, key.into(), value);
    let steps = vec![
        annotate("n", 9),
        annotate("a", 1),
        annotate("b", 2),
        annotate("a", 3),
    ];
    assert_eq!(
        links(consumer([link(1), link(2)]), steps),
        ["1 n=1 a=1 b=2", "2 n=2"]
    );
}

/// Scenario: a link with 127 attributes.
/// Guarantees: it gets one more, and the next is left away.
#[test]
fn a_link_has_at_most_128_attributes() {
    let full = (0..126).fold(link(1), |link, number| {
        link.attribute(&format!("k{number}"), 0)
    });
    let steps = vec![
        Step::Annotate(1, "a".into(), 1),
        Step::Annotate(1, "b".into(), 2),
    ];
    let mended = mended(consumer([full]), steps);
    let span = mended.span(100);
    let attributes: Vec<_> = span.links().next().unwrap().attributes().collect();
    assert_eq!(attributes.len(), 128);
    assert_eq!(attributes[127].key, b"a");
}

/// Scenario: edits of links that do not exist, and contexts that are not valid.
/// Guarantees: nothing comes of them.
#[test]
fn what_does_not_exist_is_not_edited() {
    let steps = vec![
        Step::DropNumber(1),
        Step::DropNumber(u32::MAX),
        Step::AnnotateNumber(1, "a".into()),
        Step::ReplaceNumber(7, 5),
        Step::ReplaceNumber(0, 0),
        Step::ReplaceNumber(0, 100),
    ];
    let once = TracesBuilder::new().span(consumer([link(1)])).build();
    assert_eq!(host(steps).mend(&once).traces(), once);
}

/// Scenario: more links than fit, beside some that are there.
/// Guarantees: those that fit are added in order, the others noted; a link that
/// is dropped makes room.
#[test]
fn what_does_not_fit_is_noted() {
    let span = || consumer((1..=126).map(link));
    let steps: Vec<Step> = (124..=130).map(to).collect();
    let noted = mended(span(), steps.clone());
    assert_eq!(noted.links(100)[126..], ["127", "128"]);
    assert_eq!(noted.noted(NoteKind::NoRoom), 2);

    let drops = [1, 2].map(|n| Step::Drop(n, DropReason::Unwanted));
    let all = mended(span(), steps.into_iter().chain(drops).collect());
    assert_eq!(all.links(100).len(), 128);
    assert_eq!(all.noted(NoteKind::NoRoom), 0);
}

/// Scenario: a span of 200 links that a rule edits.
/// Guarantees: it stays as it came, unless enough is dropped.
#[test]
fn a_span_over_the_limit_stays_as_it_came() {
    let span = || consumer((1..=200).map(link));
    let annotate = || Step::Annotate(150, "a".into(), 1);
    let before = TracesBuilder::new().span(span()).build();
    let untouched = mended(span(), vec![annotate(), to(7), to(300)]);
    assert_eq!(untouched.traces(), before);
    assert_eq!(untouched.noted(NoteKind::NoRoom), 1);

    let drops = (1..=72).map(|n| Step::Drop(n, DropReason::OverLimit));
    let mended = mended(span(), drops.chain([annotate()]).collect());
    let links = mended.links(100);
    assert_eq!((links.len(), &*links[77]), (128, "150 n=150 a=1"));
}

/// Scenario: a rule that drops by number.
/// Guarantees: the test host says that it changes its own output.
#[test]
#[should_panic(expected = "the rule changes its own output")]
fn a_rule_that_goes_on_and_on_fails_its_test() {
    links(consumer([link(1), link(2)]), vec![Step::DropNumber(0)]);
}

/// Scenario: notes of a rule's own.
/// Guarantees: they are handed on.
#[test]
fn notes_are_handed_on() {
    let mended = mended(consumer([]), vec![Step::Note(NoteKind::Ambiguous, 3)]);
    assert_eq!(mended.noted(NoteKind::Ambiguous), 3);
}
