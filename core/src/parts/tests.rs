//! Batches of more spans than a call takes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use super::*;
use crate::interface::{
    Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note, NoteKind,
    SpanContext, ValueKind,
};

/// The calls for so many spans.
fn calls(spans: usize, tasks: Tasks) -> Vec<(Tasks, Range<usize>)> {
    let mut calls = Vec::new();
    let verdict = in_parts(spans, tasks, usize::MAX, |tasks, part| {
        calls.push((tasks, part));
        Ok(Verdict::default())
    });
    assert!(verdict.is_ok());
    calls
}

#[test]
fn a_batch_that_fits_is_one_call() {
    let both = Tasks::REMEMBER | Tasks::MEND;
    assert_eq!(calls(1024, both), [(both, 0..1024)]);
}

#[test]
fn all_parts_remember_before_the_first_one_mends() {
    let both = Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER;
    let rest = Tasks::MEND | Tasks::DEFER;
    let parts = |tasks| [(tasks, 0..1024), (tasks, 1024..2048), (tasks, 2048..2500)];
    assert_eq!(
        calls(2500, both),
        [parts(Tasks::REMEMBER), parts(rest)].concat()
    );
    assert_eq!(calls(2500, Tasks::MEND), parts(Tasks::MEND));
    assert_eq!(calls(2500, Tasks::REMEMBER), parts(Tasks::REMEMBER));
}

/// A verdict that has one of everything, about the last of `spans`.
fn verdict(spans: u32, word: &str) -> Verdict {
    let length = word.len() as u32;
    let all = Text { offset: 0, length };
    let span = spans - 1;
    let context = SpanContext {
        trace_id_high: 1,
        trace_id_low: 2,
        span_id: 3,
        trace_state: all,
        flags: 0,
    };
    Verdict {
        edits: vec![Edit {
            span,
            link: 0,
            action: Action::AddLink,
            reason: DropReason::Invalid,
            context,
            first_attribute: 0,
            attribute_count: 1,
        }],
        attributes: vec![Attribute {
            key: all,
            kind: ValueKind::Text,
            text: all,
            bits: 0,
        }],
        notes: vec![Note {
            span,
            kind: NoteKind::Unresolved,
            count: 1,
        }],
        deferrals: vec![Deferral {
            span,
            first_key: 0,
            key_count: 1,
        }],
        keys: vec![MessageKey { high: 1, low: 2 }],
        texts: word.into(),
        explanations: vec![Explanation { span, text: all }],
    }
}

#[test]
fn answers_are_joined_with_all_their_ranges() {
    let mut all = Verdict::default();
    assert!(append(&mut all, verdict(1024, "one"), 0, 1024).is_ok());
    assert!(append(&mut all, verdict(10, "second"), 1024, 10).is_ok());
    let spans: Vec<u32> = all.edits.iter().map(|edit| edit.span).collect();
    assert_eq!(spans, [1023, 1033]);
    let second = Text {
        offset: 3,
        length: 6,
    };
    assert_eq!(all.edits[1].context.trace_state, second);
    assert_eq!(all.edits[1].first_attribute, 1);
    assert_eq!(
        (all.attributes[1].key, all.attributes[1].text),
        (second, second)
    );
    assert_eq!(all.notes[1].span, 1033);
    assert_eq!(
        (all.deferrals[1].span, all.deferrals[1].first_key),
        (1033, 1)
    );
    assert_eq!(
        all.explanations[1],
        Explanation {
            span: 1033,
            text: second
        }
    );
    assert_eq!(all.texts, b"onesecond");
}

/// What one part names past its own end must not become another part's.
#[test]
fn what_a_part_does_not_have_is_refused() {
    let refusal = |spoil: fn(&mut Verdict)| {
        let mut part = verdict(10, "word");
        spoil(&mut part);
        match append(&mut Verdict::default(), part, 1024, 10) {
            Err(FaultReason::Verdict(error)) => error.to_string(),
            _ => "taken".into(),
        }
    };
    assert_eq!(refusal(|_| ()), "taken");
    assert_eq!(
        refusal(|part| part.edits[0].span = 10),
        "it names span 10, and was given 10 spans"
    );
    assert_eq!(
        refusal(|part| part.attributes[0].key.length = 5),
        "a range of `texts` reaches past its end"
    );
    assert_eq!(
        refusal(|part| part.edits[0].attribute_count = 2),
        "a range of `attributes` reaches past its end"
    );
    assert_eq!(
        refusal(|part| part.deferrals[0].first_key = u32::MAX),
        "a range of `keys` reaches past its end"
    );
}

#[test]
fn the_answers_to_all_parts_share_the_limit_of_one() {
    let answer = |most| {
        in_parts(3000, Tasks::MEND, most, |_, part| {
            Ok(verdict(part.len() as u32, &"x".repeat(1000)))
        })
    };
    assert!(answer(10_000).is_ok());
    assert!(matches!(
        answer(2000),
        Err(FaultReason::Output { limit: 2000 })
    ));
}
