//! G2: every edit is checked, and one that breaks a guarantee is a fault of the
//! rule.

use linkmend::interface::{Action, DropReason, Edit, Note, NoteKind, Text, Verdict};
use linkmend::{FaultReason, Limits, Processor, VerdictError};
use linkmend_tests::otlp::{self, kind, link, span, text};
use linkmend_tests::rules::{
    add, add_attributes, all_spans, drop_link, edit, edits, nothing, push_text, replace, rule,
    with_attributes,
};

/// Two spans: one without links, one with two, the second of which has an
/// attribute `own`.
fn batch() -> bytes::Bytes {
    let mut linked = span(2, kind::CONSUMER, "linked", Vec::new());
    linked.links = vec![link(1), link(2)];
    linked.links[1].attributes.push(text("own", "value"));
    otlp::batch(vec![span(1, kind::PRODUCER, "bare", Vec::new()), linked])
}

/// Why an answer to [`batch`] is refused; the batch goes on as it came.
fn refusal(verdict: Verdict) -> VerdictError {
    refusal_with(verdict, Limits::default())
}

fn refusal_with(verdict: Verdict, limits: Limits) -> VerdictError {
    let rule = rule("refused", all_spans(), move |_, _| Ok(verdict.clone()));
    let built = Processor::builder().rule(rule.with_limits(limits)).build();
    let batch = batch();
    let mended = built.unwrap().process(batch.clone()).unwrap();
    assert_eq!(mended.traces.unwrap().as_ptr(), batch.as_ptr());
    let counts = mended.counts;
    assert_eq!(
        (counts.links_in, counts.links_out),
        (2, 2),
        "an undone edit was counted"
    );
    assert_eq!(
        counts.links_added + counts.links_repaired + counts.links_typed,
        0
    );
    assert_eq!(counts.unresolved + counts.links_cut, 0);
    match &mended.faults[0].reason {
        FaultReason::Verdict(error) => error.clone(),
        other => panic!("{other}"),
    }
}

fn refusal_of(all: Vec<Edit>) -> VerdictError {
    refusal(edits(all))
}

#[test]
fn spans_that_do_not_exist() {
    let error = VerdictError::NoSuchSpan { span: 2, given: 2 };
    assert_eq!(refusal_of(vec![add(1, 9), add(2, 9)]), error);
    let mut notes = nothing();
    notes.notes.push(Note {
        span: 2,
        kind: NoteKind::Unresolved,
        count: 1,
    });
    assert_eq!(refusal(notes), error);
    let error = VerdictError::NoSuchSpan {
        span: u32::MAX,
        given: 2,
    };
    assert_eq!(refusal_of(vec![add(u32::MAX, 9)]), error);
}

#[test]
fn links_that_do_not_exist() {
    for change in [
        drop_link(1, 2, DropReason::Invalid),
        replace(1, 2, 9),
        add_attributes(1, 2, 0, 0),
    ] {
        let error = VerdictError::NoSuchLink {
            span: 1,
            link: 2,
            links: 2,
        };
        assert_eq!(refusal_of(vec![change]), error);
    }
    // An added link has no number.
    let error = refusal_of(vec![add(0, 9), replace(0, 0, 8)]);
    assert_eq!(
        error,
        VerdictError::NoSuchLink {
            span: 0,
            link: 0,
            links: 0
        }
    );
}

#[test]
fn invalid_contexts() {
    let error = VerdictError::InvalidContext { span: 1 };
    assert_eq!(refusal_of(vec![edit(1, 0, Action::AddLink)]), error);
    assert_eq!(refusal_of(vec![edit(1, 0, Action::ReplaceContext)]), error);
    let mut no_trace = add(1, 9);
    no_trace.context.trace_id_high = 0;
    no_trace.context.trace_id_low = 0;
    assert_eq!(refusal_of(vec![no_trace]), error);
    let mut no_span = replace(1, 0, 9);
    no_span.context.span_id = 0;
    assert_eq!(refusal_of(vec![no_span]), error);
}

#[test]
fn half_of_a_trace_id_is_enough() {
    let mut half = add(0, 9);
    half.context.trace_id_high = 0;
    let rule = rule("half", all_spans(), move |_, _| Ok(edits(vec![half])));
    let processor = Processor::builder().rule(rule).build().unwrap();
    assert_eq!(processor.process(batch()).unwrap().faults, []);
}

#[test]
fn links_edited_twice() {
    let drop = || drop_link(1, 0, DropReason::Invalid);
    let replace = || replace(1, 0, 9);
    let more = || add_attributes(1, 0, 0, 0);
    for pair in [
        vec![drop(), drop()],
        vec![replace(), replace()],
        vec![drop(), replace()],
        vec![replace(), drop()],
        vec![more(), more()],
        vec![drop(), more()],
        vec![more(), drop()],
    ] {
        let error = VerdictError::EditedTwice { span: 1, link: 0 };
        assert_eq!(refusal_of(pair), error);
    }
}

#[test]
fn too_many_links() {
    let limit = Limits {
        max_links: 3,
        ..Limits::default()
    };
    let error = |links| VerdictError::TooManyLinks {
        span: 1,
        links,
        limit: 3,
    };
    let two_more = edits(vec![add(1, 8), add(1, 9)]);
    assert_eq!(refusal_with(two_more, limit), error(4));
    let limit = Limits {
        max_links: 1,
        ..Limits::default()
    };
    // A span that a rule touches must not leave with too many, whatever it did.
    let touched = refusal_with(edits(vec![replace(1, 0, 9)]), limit);
    assert_eq!(
        touched,
        VerdictError::TooManyLinks {
            span: 1,
            links: 2,
            limit: 1
        }
    );
}

#[test]
fn too_many_edits() {
    let limits = Limits {
        edits_per_span: 2,
        ..Limits::default()
    };
    let three = edits(vec![add(0, 7), add(1, 9), add(0, 8), add(0, 9)]);
    assert_eq!(
        refusal_with(three, limits),
        VerdictError::TooManyEdits {
            span: 0,
            edits: 3,
            limit: 2
        }
    );
}

#[test]
fn too_much_growth() {
    let limits = Limits {
        growth: 1000,
        ..Limits::default()
    };
    let mut verdict = nothing();
    push_text(&mut verdict, "large", &"a".repeat(600));
    verdict.edits = vec![
        with_attributes(add(0, 9), 0, 1),
        with_attributes(add(1, 9), 0, 1),
    ];
    assert_eq!(
        refusal_with(verdict, limits),
        VerdictError::TooMuchGrowth { limit: 1000 }
    );
}

#[test]
fn attributes() {
    let with = |push: &dyn Fn(&mut Verdict), change: Edit| {
        let mut verdict = edits(vec![change]);
        push(&mut verdict);
        refusal(verdict)
    };
    let twice = |verdict: &mut Verdict| {
        push_text(verdict, "a", "1");
        push_text(verdict, "a", "2");
    };
    let duplicate = |key: &str| VerdictError::DuplicateAttribute {
        span: 1,
        key: key.into(),
    };
    let change = with_attributes(add(1, 9), 0, 2);
    assert_eq!(with(&twice, change), duplicate("a"));
    assert_eq!(with(&twice, add_attributes(1, 0, 0, 2)), duplicate("a"));
    let own = |verdict: &mut Verdict| {
        push_text(verdict, "own", "1");
    };
    assert_eq!(with(&own, add_attributes(1, 1, 0, 1)), duplicate("own"));
    let change = with_attributes(replace(1, 1, 9), 0, 1);
    assert_eq!(with(&own, change), duplicate("own"));
    let empty = |verdict: &mut Verdict| {
        push_text(verdict, "", "1");
    };
    assert_eq!(with(&empty, add(1, 9)), VerdictError::EmptyKey);
    let many = |verdict: &mut Verdict| {
        for number in 0..129 {
            push_text(verdict, &format!("key {number}"), "");
        }
    };
    let change = with_attributes(add(1, 9), 0, 129);
    assert_eq!(
        with(&many, change),
        VerdictError::TooManyAttributes { span: 1 }
    );
    // Its own one counts.
    let change = add_attributes(1, 1, 0, 128);
    assert_eq!(
        with(&many, change),
        VerdictError::TooManyAttributes { span: 1 }
    );
}

#[test]
fn the_same_attribute_by_two_edits_of_one_link() {
    let mut verdict = nothing();
    push_text(&mut verdict, "a", "1");
    verdict.edits = vec![
        with_attributes(replace(1, 0, 9), 0, 1),
        add_attributes(1, 0, 0, 1),
    ];
    assert_eq!(
        refusal(verdict),
        VerdictError::DuplicateAttribute {
            span: 1,
            key: "a".into()
        }
    );
}

#[test]
fn ranges_and_texts() {
    let attributes = VerdictError::BadRange { list: "attributes" };
    for (first, count) in [(0, 1), (1, 1), (u32::MAX, 1), (1, u32::MAX)] {
        let change = with_attributes(add(0, 9), first, count);
        assert_eq!(refusal_of(vec![change]), attributes);
    }
    let texts = VerdictError::BadRange { list: "texts" };
    for (offset, length) in [(0, 4), (3, 1), (u32::MAX, u32::MAX)] {
        let mut change = add(0, 9);
        change.context.trace_state = Text { offset, length };
        let mut verdict = edits(vec![change]);
        verdict.texts = b"a=b".to_vec();
        assert_eq!(refusal(verdict), texts);
    }
    let mut change = replace(1, 0, 9);
    change.context.trace_state = Text {
        offset: 0,
        length: 2,
    };
    let mut verdict = edits(vec![change]);
    verdict.texts = b"\xc3\x28".to_vec();
    assert_eq!(refusal(verdict), VerdictError::BadText);
}

#[test]
fn a_range_of_nothing_may_lie_anywhere() {
    let mut nowhere = with_attributes(add(0, 9), u32::MAX, 0);
    nowhere.context.trace_state.offset = u32::MAX;
    let rule = rule("nowhere", all_spans(), move |_, _| Ok(edits(vec![nowhere])));
    let processor = Processor::builder().rule(rule).build().unwrap();
    assert_eq!(processor.process(batch()).unwrap().faults, []);
}

#[test]
fn reasons_that_are_ever_new_do_not_grow_the_counts_without_end() {
    let mut plan = all_spans();
    plan.type_attribute = "link.type".into();
    let rule = rule("reasons", plan, |_, _| {
        let mut verdict = nothing();
        for number in 0..120 {
            let place = push_text(&mut verdict, "link.type", &format!("reason {number}"));
            let change = with_attributes(add(0, 9), place, 1);
            verdict.edits.push(change);
        }
        Ok(verdict)
    });
    let processor = Processor::builder().rule(rule).build().unwrap();
    let counts = processor.process(batch()).unwrap().counts;
    assert_eq!(counts.links_typed, 120);
    assert_eq!(counts.by_link_type.values().sum::<u64>(), 120);
    assert!(counts.by_link_type.len() <= 101);
    assert!(counts.by_link_type["other"] >= 20);
}

#[test]
fn notes_are_counted() {
    let rule = rule("notes", all_spans(), |_, _| {
        let note = |kind, count| Note {
            span: 1,
            kind,
            count,
        };
        Ok(Verdict {
            notes: vec![
                note(NoteKind::Unresolved, 2),
                note(NoteKind::Ambiguous, 3),
                note(NoteKind::NoRoom, 4),
            ],
            ..nothing()
        })
    });
    let processor = Processor::builder().rule(rule).build().unwrap();
    let batch = batch();
    let mended = processor.process(batch.clone()).unwrap();
    assert_eq!(mended.traces.unwrap().as_ptr(), batch.as_ptr());
    let counts = mended.counts;
    assert_eq!((counts.unresolved, counts.ambiguous), (2, 3));
    assert_eq!((counts.links_added, counts.links_cut), (4, 4));
    assert_eq!((counts.links_in, counts.links_out), (2, 2));
}
