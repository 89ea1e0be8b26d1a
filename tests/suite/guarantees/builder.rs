//! The SDK's `VerdictBuilder`, used in any way that it lets one: what an author
//! gets wrong is a fault, and costs no data.

use std::cell::Cell;

use linkmend::interface::Verdict;
use linkmend_rule::{
    AttributeValue, Attributes, Context, DropReason, MessageKey, NoteKind, VerdictBuilder,
};
use linkmend_tests::arms::host_verdict;
use proptest::prelude::*;

use super::random::{any_call, call, runner};
use super::went::{Call, check, native, sent};

/// A call of the builder.
#[derive(Debug, Clone)]
enum Step {
    Add(u32, u64, usize),
    Replace(u32, u32, u64, usize),
    Annotate(u32, u32, usize),
    Drop(u32, u32, u8),
    Note(u32, u32),
    Defer(u32, usize),
    Explain(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let span = || prop_oneof![60 => 0u32..3, 1 => Just(3), 1 => any::<u32>()];
    let link = || prop_oneof![40 => 0u32..2, 1 => 2u32..6];
    let to = || prop_oneof![30 => 1u64..100, 1 => Just(0)];
    let attributes = || 0usize..ATTRIBUTES;
    prop_oneof![
        4 => (span(), to(), attributes()).prop_map(|(s, to, a)| Step::Add(s, to, a)),
        1 => (span(), link(), to(), attributes()).prop_map(|(s, l, to, a)| Step::Replace(s, l, to, a)),
        1 => (span(), link(), attributes()).prop_map(|(s, l, a)| Step::Annotate(s, l, a)),
        1 => (span(), link(), 0u8..4).prop_map(|(s, l, reason)| Step::Drop(s, l, reason)),
        1 => (span(), any::<u32>()).prop_map(|(s, count)| Step::Note(s, count)),
        1 => (span(), 0usize..3).prop_map(|(s, keys)| Step::Defer(s, keys)),
        1 => span().prop_map(Step::Explain),
    ]
}

const ATTRIBUTES: usize = 6;

/// Attributes of all sorts: of this builder, and of another one.
fn attributes(builder: &mut VerdictBuilder, stray: Attributes) -> [Attributes; ATTRIBUTES] {
    let own = builder.attributes(&[("own".into(), AttributeValue::Bool(true))]);
    let usual = builder.attributes(&[
        ("link.type".into(), AttributeValue::Text("made")),
        ("attempt".into(), AttributeValue::Int(-3)),
    ]);
    let twice = builder.attributes(&[
        ("twice".into(), AttributeValue::Double(0.5)),
        ("twice".into(), AttributeValue::Text("")),
    ]);
    [Attributes::default(), usual, usual, own, twice, stray]
}

fn verdict(steps: &[Step], length: usize) -> Verdict {
    // Of a builder that holds more than ours.
    let mut other = VerdictBuilder::new();
    let many: Vec<_> = (0..length)
        .map(|_| ("stray".into(), AttributeValue::Bool(true)))
        .collect();
    let _ = other.attributes(&many);
    let stray = other.attributes(&[("stray".into(), AttributeValue::Bool(true))]);
    let mut builder = VerdictBuilder::new();
    let attributes = attributes(&mut builder, stray);
    for step in steps {
        take(&mut builder, step, &attributes);
    }
    host_verdict(builder.build())
}

fn take(builder: &mut VerdictBuilder, step: &Step, attributes: &[Attributes; ATTRIBUTES]) {
    let context = |to: u64| Context {
        trace_id: to.into(),
        span_id: to,
        trace_state: if to % 29 == 7 { b"\xff\xfe" } else { b"a=b" },
        flags: 0x301,
    };
    match *step {
        Step::Add(span, to, with) => builder.add_link(span, context(to), attributes[with]),
        Step::Replace(span, link, to, with) => {
            builder.replace_context(span, link, context(to), attributes[with]);
        }
        Step::Annotate(span, link, with) => builder.add_attributes(span, link, attributes[with]),
        Step::Drop(span, link, reason) => {
            let reasons = [
                DropReason::Invalid,
                DropReason::Duplicate,
                DropReason::OverLimit,
                DropReason::Unwanted,
            ];
            builder.drop_link(span, link, reasons[usize::from(reason)]);
        }
        Step::Note(span, count) => builder.note(span, NoteKind::Ambiguous, count),
        Step::Defer(span, keys) => {
            let key = MessageKey { high: 1, low: 2 };
            builder.defer(span, &vec![key; keys]);
        }
        Step::Explain(span) => builder.explain(span, "two\nlines"),
    }
}

#[test]
fn whatever_an_author_does_with_it() {
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let steps = prop::collection::vec(step(), 0..6);
    let strategy = (steps, 0usize..8, any_call(), any::<bool>());
    let result = runner(3000).run(&strategy, |(steps, length, asked, is_descending)| {
        let verdict = verdict(&steps, length);
        let batch = sent(is_descending);
        let went = call(native(&verdict), asked, &batch);
        let is_taken = check(asked, &batch, &verdict, &went);
        let of = if is_taken { &taken } else { &refused };
        of.set(of.get() + 1);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(
        taken.get() > 300 && refused.get() > 300,
        "{taken:?} {refused:?}"
    );
}

/// More links than a span may have, one by one.
#[test]
fn a_builder_without_end() {
    for links in [127, 128, 129, 5000] {
        let steps: Vec<Step> = (1..=links).map(|to| Step::Add(0, to * 29, 0)).collect();
        let verdict = verdict(&steps, 0);
        let batch = sent(false);
        let went = call(native(&verdict), Call::Mend, &batch);
        assert_eq!(check(Call::Mend, &batch, &verdict, &went), links <= 128);
    }
}
