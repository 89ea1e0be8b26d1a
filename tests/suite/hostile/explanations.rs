//! Guests that explain badly: a fault when they are asked to explain, nothing
//! at all when they are not.

use linkmend::{Asked, Rule};

use super::{assert_goes_on, bait, fault, guest, processor, rules};

#[track_caller]
fn assert_refused(guest: &str, text: &str) {
    for rule in rules(guest) {
        assert_refused_of(rule, text);
    }
}

#[track_caller]
fn assert_refused_of(rule: Rule, text: &str) {
    let processor = processor(rule);
    let mended = processor.explain(bait(), &Asked::all()).unwrap();
    assert_eq!(
        fault(&mended),
        format!("rule `hostile` failed: its answer is refused: {text}")
    );
    assert_eq!(mended.traces, Some(bait()));
    assert_eq!(mended.explanations, []);
    assert_goes_on(&processor);

    // Not asked for, not read.
    let mended = processor.mend(bait()).unwrap();
    assert_eq!(mended.faults, []);
    let nobody = Asked::default();
    let mended = processor.explain(bait(), &nobody).unwrap();
    assert_eq!(mended.faults, []);
    assert_eq!(mended.explanations, []);
}

#[test]
fn of_a_span_that_does_not_exist() {
    assert_refused(
        guest!("explains-no-span"),
        "it names span 3, and was given 1 spans",
    );
}

#[test]
fn in_a_text_that_is_not_utf8() {
    assert_refused(guest!("explains-not-utf8"), "a text is not UTF-8");
}

#[test]
fn in_a_text_past_the_end() {
    assert_refused(
        guest!("explains-past-end"),
        "a range of `texts` reaches past its end",
    );
}

#[test]
fn with_one_text_ten_thousand_times() {
    assert_refused(
        guest!("amplified-explanations"),
        "its explanations are longer than limits.output = 2097152 bytes, all together",
    );
}

/// The user who asks for the span by its id learns of the fault where the
/// explanation would be.
#[test]
fn a_fault_is_told_in_the_place_of_the_explanation() {
    for rule in rules(guest!("explains-no-span")) {
        let processor = processor(rule);
        let mut asked = Asked::default();
        asked.add("0000000000000009").unwrap();
        let mended = processor.explain(bait(), &asked).unwrap();
        let [explanation] = &mended.explanations[..] else {
            panic!("{mended:?}");
        };
        assert_eq!(
            explanation.rules[0].text,
            "It failed on the batch of the span: its answer is refused: it names span 3, and was given 1 spans."
        );
    }
}
