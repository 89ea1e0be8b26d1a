//! Guests whose answer is refused.

use linkmend::ProcessError;

use super::{
    PATIENT, assert_fault, assert_fault_within, assert_goes_on, bait, fault, guest, processor,
    rules,
};

const GROWTH: &str = "its answer is refused: its edits let the batch grow by more than limits.growth = 1048576 bytes";

#[test]
fn a_span_that_does_not_exist() {
    assert_fault(
        guest!("no-such-span"),
        "its answer is refused: it names span 3, and was given 1 spans",
    );
}

#[test]
fn a_link_that_does_not_exist() {
    assert_fault(
        guest!("no-such-link"),
        "its answer is refused: it names link 5 of span 0, which has 1 links",
    );
}

#[test]
fn an_invalid_context() {
    assert_fault(
        guest!("invalid-context"),
        "its answer is refused: it gives a link of span 0 an all-zero trace id or span id",
    );
}

#[test]
fn ten_thousand_links_on_one_span() {
    assert_fault(
        guest!("ten-thousand-links"),
        "its answer is refused: it leaves span 0 with 129 links, more than limits.max_links = 128",
    );
}

#[test]
fn a_link_edited_twice() {
    assert_fault(
        guest!("edited-twice"),
        "its answer is refused: it edits link 0 of span 0 twice",
    );
}

#[test]
fn an_attribute_given_twice() {
    assert_fault(
        guest!("duplicate-keys"),
        "its answer is refused: it adds an attribute to a link of span 0 that has it already: `hostile`",
    );
}

#[test]
fn an_attribute_without_a_key() {
    assert_fault(
        guest!("empty-key"),
        "its answer is refused: an attribute has an empty key",
    );
}

#[test]
fn a_text_that_is_not_utf8() {
    assert_fault(
        guest!("not-utf8"),
        "its answer is refused: a text is not UTF-8",
    );
}

#[test]
fn a_text_past_the_end() {
    assert_fault(
        guest!("texts-past-end"),
        "its answer is refused: a range of `texts` reaches past its end",
    );
}

#[test]
fn attributes_past_the_end() {
    assert_fault(
        guest!("attributes-past-end"),
        "its answer is refused: a range of `attributes` reaches past its end",
    );
}

#[test]
fn one_text_in_a_hundred_thousand_attributes() {
    assert_fault_within(guest!("amplified-attributes"), PATIENT, GROWTH);
}

#[test]
fn one_text_on_a_hundred_links() {
    assert_fault(guest!("amplified-links"), GROWTH);
}

#[test]
fn an_unwanted_deferral() {
    assert_fault(
        guest!("unwanted-deferral"),
        "its answer is refused: it defers a span, which this call does not allow",
    );
}

#[test]
fn edits_where_none_are_wanted() {
    for rule in rules(guest!("unwanted-edits")) {
        let processor = processor(rule);
        let mended = processor.remember(bait()).unwrap();
        assert_eq!(
            fault(&mended),
            "rule `hostile` failed: its answer is refused: it answers with edits to a call that only remembers"
        );
        assert_eq!(mended.traces, Some(bait()));
        let mended = processor.mend(bait()).unwrap();
        assert_eq!(mended.faults, []);
        assert_goes_on(&processor);
    }
}

#[test]
fn a_malformed_batch_does_not_reach_the_rule() {
    for rule in rules(guest!("trap")) {
        let processor = processor(rule);
        let cut = bait().slice(..500);
        let error = processor.process(cut).unwrap_err();
        assert!(matches!(error, ProcessError::Malformed { .. }), "{error}");
        assert_goes_on(&processor);
    }
}
