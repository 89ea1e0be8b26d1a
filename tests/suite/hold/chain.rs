//! Several rules, and faults on held spans.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use linkmend::interface::{Deferral, MessageKey, Note, NoteKind, Tasks, Verdict};
use linkmend::{HoldOptions, OnError, ProcessError, Rule};
use linkmend_tests::otlp::{batch, link, spans_of};
use linkmend_tests::rules::{add, all_spans, edits, nothing, rule};

use super::{SECOND, assert_empty, call, counts, holding, number, numbers, send, spans_out};

/// Defers these spans.
pub fn deferring(spans: &[u32]) -> Verdict {
    let deferrals = spans.iter().map(|span| Deferral {
        span: *span,
        first_key: 0,
        key_count: 1,
    });
    Verdict {
        deferrals: deferrals.collect(),
        keys: vec![MessageKey { high: 1, low: 2 }],
        ..nothing()
    }
}

type Seen = Arc<Mutex<Vec<(Tasks, Vec<u64>)>>>;

/// A rule that keeps what it is asked, and answers by it.
fn spying<F>(name: &str, answer: F) -> (Rule, Seen)
where
    F: Fn(Tasks, &[u64]) -> Result<Verdict, String> + Send + Sync + 'static,
{
    let seen = Seen::default();
    let into = Arc::clone(&seen);
    let process = move |tasks, traces: &[u8]| {
        let numbers: Vec<u64> = spans_of(traces).iter().map(number).collect();
        let answer = answer(tasks, &numbers);
        into.lock().unwrap().push((tasks, numbers));
        answer
    };
    (rule(name, all_spans(), process), seen)
}

/// Adds a link to each span.
fn adding(to: u64) -> impl Fn(Tasks, &[u64]) -> Result<Verdict, String> {
    move |_, numbers| {
        Ok(edits(
            (0..numbers.len() as u32)
                .map(|span| add(span, to))
                .collect(),
        ))
    }
}

/// Defers the spans of these numbers where it may.
fn waiting(wanted: &'static [u64]) -> impl Fn(Tasks, &[u64]) -> Result<Verdict, String> {
    move |tasks, numbers| {
        let found = (0..).zip(numbers).filter(|(_, n)| wanted.contains(n));
        let found: Vec<u32> = found.map(|(place, _)| place).collect();
        Ok(if tasks.contains(Tasks::DEFER) {
            deferring(&found)
        } else {
            nothing()
        })
    }
}

/// What is asked of a batch that comes the first time.
fn first_time() -> Tasks {
    Tasks::REMEMBER | Tasks::MEND | Tasks::DEFER
}

#[test]
fn a_span_goes_on_with_the_rule_that_deferred_it() {
    let (first, seen_first) = spying("first", adding(100));
    let (second, seen_second) = spying("second", waiting(&[2, 3]));
    let (third, seen_third) = spying("third", adding(101));
    let processor = holding([first, second, third], HoldOptions::default());
    let start = Instant::now();
    let sent = batch(vec![call(1), call(2), call(3), call(4)]);
    let mended = send(&processor, &sent, start);
    assert_eq!(numbers(std::slice::from_ref(&mended)), [1, 4]);
    let released = processor.release(start + 6 * SECOND);
    assert_eq!(numbers(&released), [2, 3]);

    assert_eq!(
        *seen_first.lock().unwrap(),
        [(first_time(), vec![1, 2, 3, 4])]
    );
    let last = (Tasks::MEND, vec![2, 3]);
    assert_eq!(
        *seen_second.lock().unwrap(),
        [(first_time(), vec![1, 2, 3, 4]), last]
    );
    // It sees them for the first time.
    let first = (Tasks::REMEMBER | Tasks::MEND, vec![2, 3]);
    assert_eq!(
        *seen_third.lock().unwrap(),
        [(first_time(), vec![1, 4]), first]
    );
    for span in spans_out(&released)
        .iter()
        .chain(&spans_of(mended.traces.as_ref().unwrap()))
    {
        assert_eq!(span.links, [link(100), link(101)], "span {}", number(span));
    }
    let counts = counts(std::iter::once(&mended).chain(&released));
    assert_eq!((counts.links_added, counts.links_out), (8, 8));
    assert_eq!((counts.links_held, counts.links_released), (2, 2));
    assert_empty(&processor);
}

#[test]
fn two_rules_may_defer_spans_of_one_batch() {
    let (first, _) = spying("first", waiting(&[2, 5]));
    let (second, seen) = spying("second", waiting(&[1, 4]));
    let processor = holding([first, second], HoldOptions::default());
    let start = Instant::now();
    let sent = batch((1..=5).map(call).collect());
    let mended = send(&processor, &sent, start);
    assert_eq!((mended.held, numbers(&[mended])), (4, vec![3]));
    let released = processor.release(start + 6 * SECOND);
    assert_eq!(released.len(), 2, "one batch for each rule");
    assert_eq!(numbers(&released), [2, 5, 1, 4]);
    let seen: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(_, spans)| spans.clone())
        .collect();
    assert_eq!(seen, [vec![1, 3, 4], vec![2, 5], vec![1, 4]]);
    assert_empty(&processor);
}

#[test]
fn edits_and_deferrals_of_one_answer_do_not_meet() {
    let answer = |_, traces: &[u8]| {
        let is_new = spans_of(traces).len() == 3;
        Ok(if is_new {
            // The edited span before the deferred one moves it.
            Verdict {
                edits: vec![add(0, 9), add(2, 9)],
                ..deferring(&[1])
            }
        } else {
            nothing()
        })
    };
    let processor = holding([rule("both", all_spans(), answer)], HoldOptions::default());
    let mut waits = call(2);
    waits.links = vec![link(50)];
    let sent = batch(vec![call(1), waits.clone(), call(3)]);
    let mended = send(&processor, &sent, Instant::now());
    let out = spans_of(mended.traces.as_ref().unwrap());
    assert_eq!(
        (out[0].links.len(), out[1].links.len(), out.len()),
        (1, 1, 2)
    );
    let released = processor.drain();
    assert_eq!(spans_out(&released), [waits]);
    let counts = counts(std::iter::once(&mended).chain(&released));
    assert_eq!(
        (counts.links_in, counts.links_added, counts.links_out),
        (1, 2, 3)
    );
}

#[test]
fn notes_count_when_a_span_goes() {
    let answer = |tasks: Tasks, _: &[u8]| {
        let note = Note {
            span: 0,
            kind: NoteKind::Unresolved,
            count: 5,
        };
        let verdict = if tasks.contains(Tasks::DEFER) {
            deferring(&[0])
        } else {
            nothing()
        };
        Ok(Verdict {
            notes: vec![note],
            ..verdict
        })
    };
    let processor = holding([rule("notes", all_spans(), answer)], HoldOptions::default());
    let mended = send(&processor, &batch(vec![call(1)]), Instant::now());
    assert_eq!(mended.counts.unresolved, 0);
    assert_eq!(counts(&processor.drain()).unresolved, 5);
}

/// Defers the first time, fails the second.
fn failing_later(on_error: OnError) -> Rule {
    let answer = |tasks: Tasks, _: &[u8]| {
        let may_wait = tasks.contains(Tasks::DEFER);
        may_wait.then(|| deferring(&[0])).ok_or("no".into())
    };
    rule("failing", all_spans(), answer).with_on_error(on_error)
}

#[test]
fn a_fault_on_held_spans_takes_the_way_of_its_policy() {
    for (on_error, expected) in [
        (OnError::Pass, &[1u64][..]),
        (OnError::Drop, &[]),
        // There is nobody to send it again.
        (OnError::Reject, &[1]),
    ] {
        let processor = holding([failing_later(on_error)], HoldOptions::default());
        let mut span = call(1);
        span.links = vec![link(2), link(3)];
        let mended = send(&processor, &batch(vec![span]), Instant::now());
        assert_eq!((mended.counts.links_in, mended.counts.links_held), (2, 2));
        let released = processor.drain();
        assert_eq!(numbers(&released), expected, "{on_error:?}");
        assert_eq!(
            released[0].faults[0].to_string(),
            "rule `failing` failed: it says: no"
        );
        assert_eq!(released[0].is_dropped, on_error == OnError::Drop);
        assert_eq!(counts(&released).rule_faults, 1);
        assert_empty(&processor);
    }
}

/// The second rule fails on what the first has left.
fn half_failing(on_error: OnError) -> [Rule; 2] {
    let fail = |tasks: Tasks, _: &[u64]| {
        let is_last = !tasks.contains(Tasks::DEFER);
        is_last.then(nothing).ok_or("no".into())
    };
    let (first, _) = spying("first", waiting(&[2]));
    let (second, _) = spying("second", fail);
    [first, second.with_on_error(on_error)]
}

#[test]
fn nothing_is_held_of_a_batch_that_is_rejected() {
    let processor = holding(half_failing(OnError::Reject), HoldOptions::default());
    let error = processor
        .process(batch(vec![call(1), call(2)]))
        .unwrap_err();
    assert!(matches!(error, ProcessError::Rejected(_)));
    // Its sender has all of it.
    assert_empty(&processor);
}

#[test]
fn what_was_taken_out_of_a_batch_is_not_dropped_with_it() {
    let processor = holding(half_failing(OnError::Drop), HoldOptions::default());
    let mut spans = vec![call(1), call(2)];
    spans[0].links = vec![link(7)];
    spans[1].links = vec![link(7), link(8)];
    let mended = processor.process(batch(spans)).unwrap();
    assert_eq!(
        (mended.traces.as_ref(), mended.is_dropped, mended.held),
        (None, true, 1)
    );
    let released = processor.drain();
    assert_eq!(numbers(&released), [2]);
    let counts = counts(std::iter::once(&mended).chain(&released));
    assert_eq!((counts.links_in, counts.links_out), (2, 2));
    assert_empty(&processor);
}
