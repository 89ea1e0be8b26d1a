//! Deferrals that are no good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use linkmend::index::{MemoryIndex, MessageIndex as _, Producer};
use linkmend::interface::{Deferral, MessageKey, Text, Verdict};
use linkmend::{HoldOptions, Limits, Mended, OnError, ProcessError, Rule};
use linkmend_tests::otlp::{batch, spans_of};
use linkmend_tests::rules::{add, all_spans, nothing, rule, rule_with_index};

use super::chain::deferring;
use super::{SECOND, assert_empty, call, holding, numbers, send};

fn keys(count: u64) -> Vec<MessageKey> {
    (0..count).map(|low| MessageKey { high: 7, low }).collect()
}

fn deferral(span: u32, first_key: u32, key_count: u32) -> Deferral {
    Deferral {
        span,
        first_key,
        key_count,
    }
}

fn answering(verdict: Verdict) -> Rule {
    rule("hostile", all_spans(), move |_, _| Ok(verdict.clone()))
}

/// The answer is refused with this text, whatever the policy, and the batch is
/// where it belongs.
fn assert_refused(verdict: &Verdict, text: &str) {
    let text = format!("rule `hostile` failed: its answer is refused: {text}");
    let run = |on_error| {
        let rule = answering(verdict.clone()).with_on_error(on_error);
        let processor = holding([rule], HoldOptions::default());
        let mended = processor.process(batch(vec![call(1), call(2)]));
        assert_empty(&processor);
        mended
    };
    let fault = |mended: &Mended| mended.faults[0].to_string();
    let passed = run(OnError::Pass).unwrap();
    assert_eq!(fault(&passed), text);
    assert_eq!(numbers(&[passed]), [1, 2]);
    let dropped = run(OnError::Drop).unwrap();
    assert_eq!((fault(&dropped), dropped.is_dropped), (text.clone(), true));
    match run(OnError::Reject) {
        Err(ProcessError::Rejected(fault)) => assert_eq!(fault.to_string(), text),
        other => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn a_span_that_does_not_exist() {
    assert_refused(&deferring(&[2]), "it names span 2, and was given 2 spans");
    assert_refused(
        &deferring(&[u32::MAX]),
        "it names span 4294967295, and was given 2 spans",
    );
}

#[test]
fn a_span_twice() {
    assert_refused(&deferring(&[1, 0, 1]), "it defers span 1 twice");
}

#[test]
fn a_span_that_is_edited() {
    let verdict = Verdict {
        edits: vec![add(1, 9)],
        ..deferring(&[1])
    };
    assert_refused(&verdict, "it both defers and edits span 1");
}

#[test]
fn keys_past_the_end() {
    for bad in [
        deferral(0, 1, 1),
        deferral(0, 0, 2),
        deferral(0, u32::MAX, u32::MAX),
    ] {
        let verdict = Verdict {
            deferrals: vec![bad],
            ..deferring(&[])
        };
        assert_refused(&verdict, "a range of `keys` reaches past its end");
    }
}

#[test]
fn a_million_keys() {
    let verdict = Verdict {
        deferrals: vec![deferral(0, 0, 1_000_000)],
        keys: keys(1_000_000),
        ..nothing()
    };
    assert_refused(
        &verdict,
        "it lets span 0 wait for 1000000 keys, and 16384 are the most",
    );
}

#[test]
fn one_list_of_keys_for_every_span() {
    let verdict = Verdict {
        deferrals: (0..100).map(|span| deferral(span, 0, 16_384)).collect(),
        keys: keys(16_384),
        ..nothing()
    };
    let spans = || batch((1..=100).map(call).collect());
    let tight = Limits {
        output: 8 << 20,
        ..Limits::default()
    };
    let refusing = holding(
        [answering(verdict.clone()).with_limits(tight)],
        HoldOptions::default(),
    );
    let mended = refusing.process(spans()).unwrap();
    assert_eq!(
        mended.faults[0].to_string(),
        "rule `hostile` failed: its answer is refused: the keys that its deferred spans wait for are more than limits.output = 8388608 bytes, all together"
    );
    // Where that may be, the bounds of the hold are left.
    let narrow = HoldOptions {
        max_bytes: 4 << 20,
        ..HoldOptions::default()
    };
    let holding = holding([answering(verdict)], narrow);
    let mended = holding.process(spans()).unwrap();
    let stats = holding.hold_stats();
    assert!(
        (1..10).contains(&stats.held) && stats.bytes <= 4 << 20,
        "{stats:?}"
    );
    assert_eq!(
        mended
            .overflow
            .iter()
            .map(|mended| mended.faults.len())
            .sum::<usize>(),
        1
    );
    assert_eq!(numbers(&mended.overflow).len() + stats.held, 100);
}

#[test]
fn a_span_without_keys_waits_for_its_time() {
    let verdict = Verdict {
        deferrals: vec![deferral(0, 77, 0)],
        ..nothing()
    };
    let start = Instant::now();
    let processor = holding([answering(verdict)], HoldOptions::default());
    assert_eq!(send(&processor, &batch(vec![call(1)]), start).held, 1);
    assert!(processor.release(start + 5 * SECOND).is_empty());
    assert_eq!(numbers(&processor.release(start + 6 * SECOND)), [1]);
}

/// Defers whatever it is asked, and remembers the keys it waits for each time.
#[test]
fn a_rule_that_defers_for_ever_does_not_keep_a_span() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let answer = move |_, traces: &[u8], index: &dyn linkmend::index::MessageIndex| {
        let call = counted.fetch_add(1, Ordering::Relaxed) as u64;
        let verdict = deferring(&[0]);
        let producer = Producer {
            key: verdict.keys[0],
            trace_id_high: 1,
            trace_id_low: 1,
            span_id: call + 1,
            start: call,
            end: call,
            trace_state: Text {
                offset: 0,
                length: 0,
            },
            flags: 0,
            hint: 0,
            rank: 0,
        };
        index.remember(&[producer], &[]).unwrap();
        assert_eq!(spans_of(traces).len(), 1);
        Ok(verdict)
    };
    let mut plan = all_spans();
    plan.uses_index = true;
    let processor = holding(
        [rule_with_index("ever", plan, answer)],
        HoldOptions::default(),
    );
    let start = Instant::now();
    assert_eq!(send(&processor, &batch(vec![call(1)]), start).held, 1);
    for tries in 1..=30 {
        let released = processor.release(start + SECOND);
        assert_eq!(numbers(&released), [0; 0]);
        assert_eq!(calls.load(Ordering::Relaxed), 1 + tries.min(16));
    }
    assert_eq!(processor.next_release(), Some(start + 6 * SECOND));
    let released = processor.release(start + 6 * SECOND);
    assert_eq!(numbers(&released), [1]);
    assert_eq!(
        released[0].faults[0].to_string(),
        "rule `ever` failed: its answer is refused: it defers a span, which this call does not allow"
    );
    assert_empty(&processor);
}

#[test]
fn an_index_that_is_shared_is_still_the_one_that_was_given() {
    let index = Arc::new(MemoryIndex::default());
    let processor = linkmend::Processor::builder()
        .rule(Rule::builtin())
        .index(index.clone())
        .hold(HoldOptions::default())
        .build()
        .unwrap();
    let sent = batch(vec![super::producer(1, "a")]);
    processor.process(sent).unwrap();
    assert_eq!(index.stats().entries, 1);
    let unknown = index.recall(&keys(1)).unwrap();
    assert_eq!(unknown.counts, [0]);
}
