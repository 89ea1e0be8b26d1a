//! Whatever a rule answers: either it is a fault and the batch goes on as it
//! came, or all guarantees hold. Native and in both worlds of the sandbox, which
//! must agree.

use std::cell::Cell;
use std::sync::LazyLock;

use bytes::Bytes;
use linkmend::interface::{
    Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note, NoteKind,
    SpanContext, Text, ValueKind, Verdict,
};
use linkmend::{CodeCache, Processor, Rule, World};
use linkmend_tests::otlp::{decode, link, spans};
use linkmend_tests::puppet;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};

use super::oracle::without_links;
use super::went::{self, Call, SPANS, Went, assert_adds_up, check, native, sent};

/// Mostly small ones, so that what they name is often there.
fn number(most: u32) -> impl Strategy<Value = u32> {
    prop_oneof![40 => 0..most, 1 => Just(most), 1 => any::<u32>()]
}

/// A range of the texts, which have 16 bytes.
fn range() -> impl Strategy<Value = Text> {
    let usual = (0u32..14, 1u32..3).prop_map(|(offset, length)| Text { offset, length });
    let any = any::<(u32, u32)>().prop_map(|(offset, length)| Text { offset, length });
    prop_oneof![30 => usual, 1 => any, 10 => Just(Text { offset: 77, length: 0 })]
}

fn id() -> impl Strategy<Value = u64> {
    prop_oneof![20 => 1u64..9, 1 => Just(0), 5 => any::<u64>()]
}

fn context() -> impl Strategy<Value = SpanContext> {
    (id(), id(), id(), range(), any::<u32>()).prop_map(
        |(trace_id_high, trace_id_low, span_id, trace_state, flags)| SpanContext {
            trace_id_high,
            trace_id_low,
            span_id,
            trace_state,
            flags,
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(vec![
        Action::AddLink,
        Action::ReplaceContext,
        Action::DropLink,
        Action::AddAttributes,
    ])
}

fn reason() -> impl Strategy<Value = DropReason> {
    prop::sample::select(vec![
        DropReason::Invalid,
        DropReason::Duplicate,
        DropReason::OverLimit,
        DropReason::Unwanted,
    ])
}

fn edit() -> impl Strategy<Value = Edit> {
    let what = (action(), reason(), context());
    (number(SPANS), number(3), what, number(4), number(3)).prop_map(
        |(span, link, (action, reason, context), first_attribute, attribute_count)| Edit {
            span,
            // An added link has no number, and spans have few links.
            link: link.min(if span == 1 { 0 } else { link }),
            action,
            reason,
            context,
            first_attribute,
            attribute_count,
        },
    )
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let kinds = [
        ValueKind::Text,
        ValueKind::Boolean,
        ValueKind::Integer,
        ValueKind::Double,
    ];
    let kind = prop::sample::select(kinds.to_vec());
    // Doubles that are not numbers are equal to nothing, not even in a test.
    let bits = prop_oneof![0u64..2, 0u64..1 << 60];
    (range(), kind, range(), bits).prop_map(|(key, kind, text, bits)| Attribute {
        key,
        kind,
        text,
        bits,
    })
}

fn note() -> impl Strategy<Value = Note> {
    let kinds = [
        NoteKind::Unresolved,
        NoteKind::TooLate,
        NoteKind::TooMany,
        NoteKind::Ambiguous,
        NoteKind::NoRoom,
        NoteKind::Incomplete,
        NoteKind::Unnamed,
    ];
    let kind = prop::sample::select(kinds.to_vec());
    (number(SPANS), kind, any::<u32>()).prop_map(|(span, kind, count)| Note { span, kind, count })
}

fn deferral() -> impl Strategy<Value = Deferral> {
    (number(SPANS), number(2), number(2)).prop_map(|(span, first_key, key_count)| Deferral {
        span,
        first_key,
        key_count,
    })
}

fn explanation() -> impl Strategy<Value = Explanation> {
    (number(SPANS), range()).prop_map(|(span, text)| Explanation { span, text })
}

/// UTF-8 most of the time.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let letters = prop::collection::vec(b'a'..=b'z', 16);
    let bytes = prop::collection::vec(any::<u8>(), 16);
    let short = prop::collection::vec(b'a'..=b'z', 0..16);
    prop_oneof![20 => letters, 1 => bytes, 1 => short]
}

pub fn any_verdict() -> impl Strategy<Value = Verdict> {
    let few = 0..4;
    (
        prop::collection::vec(edit(), few.clone()),
        prop::collection::vec(attribute(), 5..7),
        prop::collection::vec(note(), few),
        prop::collection::vec(deferral(), 0..2),
        texts(),
        prop::collection::vec(explanation(), 0..2),
    )
        .prop_map(
            |(edits, attributes, notes, deferrals, texts, explanations)| Verdict {
                edits,
                attributes,
                notes,
                deferrals,
                keys: (1..4).map(|low| MessageKey { high: 7, low }).collect(),
                texts,
                explanations,
            },
        )
}

pub fn any_call() -> impl Strategy<Value = Call> {
    prop::sample::select(vec![Call::Remember, Call::Mend, Call::Explain, Call::Hold])
}

/// Compiling takes longest.
fn cache() -> CodeCache {
    static CACHE: LazyLock<CodeCache> = LazyLock::new(|| {
        let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/code");
        CodeCache::open(path).unwrap()
    });
    CACHE.clone()
}

pub fn call(rule: Rule, asked: Call, batch: &Bytes) -> Went {
    let builder = Processor::builder().rule(rule).code_cache(cache());
    went::call(builder, asked, batch)
}

/// A chance that is the same each time, and so many cases of it.
pub fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
}

/// Not all are refused, nor all taken: the test would say nothing.
#[test]
fn any_verdict_is_a_fault_or_keeps_the_guarantees() {
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let strategy = (any_verdict(), any_call(), any::<bool>());
    let result = runner(3000).run(&strategy, |(verdict, asked, is_descending)| {
        let batch = sent(is_descending);
        let went = call(native(&verdict), asked, &batch);
        let of = if check(asked, &batch, &verdict, &went) {
            &taken
        } else {
            &refused
        };
        of.set(of.get() + 1);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(
        taken.get() > 300 && refused.get() > 300,
        "{taken:?} {refused:?}"
    );
}

/// The same answer by three ways comes to the same.
#[test]
fn both_worlds_and_no_sandbox_agree() {
    let taken = Cell::new(0);
    let strategy = (any_verdict(), any_call(), any::<bool>());
    let result = runner(150).run(&strategy, |(verdict, asked, is_descending)| {
        let batch = sent(is_descending);
        let expected = call(native(&verdict), asked, &batch);
        let memory = puppet::memory(&verdict);
        for world in [World::Field, World::Batch, World::Span] {
            let went = call(puppet::rule(world, &memory), asked, &batch);
            let reasons = |went: &Went| {
                let faults = went.mended.faults.iter();
                faults.map(|fault| fault.reason.clone()).collect::<Vec<_>>()
            };
            assert_eq!(reasons(&went), reasons(&expected), "{world}");
            assert_eq!(went.mended.traces, expected.mended.traces, "{world}");
            assert_eq!(went.mended.held, expected.mended.held, "{world}");
        }
        taken.set(taken.get() + u32::from(expected.mended.faults.is_empty()));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(taken.get() > 15, "{taken:?}");
}

/// Any memory in the place of an answer: places and lengths that lie, numbers
/// that no action has.
#[test]
fn any_memory_is_a_fault_or_keeps_the_guarantees() {
    let damage = prop::collection::vec((0usize..400, any::<u8>()), 1..4);
    let strategy = (any_verdict(), damage, any::<bool>());
    let result = runner(150).run(&strategy, |(verdict, damage, is_descending)| {
        let batch = sent(is_descending);
        let mut memory = puppet::memory(&verdict);
        for (place, byte) in damage {
            let length = memory.len();
            memory[place % length] = byte;
        }
        for world in [World::Field, World::Batch, World::Span] {
            let went = call(puppet::rule(world, &memory), Call::Mend, &batch);
            check_unknown(&batch, &went);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// What must hold of an answer that nobody knows.
fn check_unknown(batch: &Bytes, went: &Went) {
    let Went { mended, .. } = went;
    assert_adds_up(&mended.counts);
    let out = mended.traces.as_ref().unwrap();
    assert_eq!(
        without_links(out),
        without_links(batch),
        "other bytes changed"
    );
    if !mended.faults.is_empty() {
        assert_eq!(out.as_ptr(), batch.as_ptr());
    }
    let original = link(0);
    for span in spans(&decode(out)) {
        assert!(span.links.len() <= 128);
        for link in &span.links {
            // One link came in with zeros.
            let is_valid = |id: &[u8]| id.iter().any(|byte| *byte != 0);
            let is_original = link.trace_id == original.trace_id;
            assert!(is_original || is_valid(&link.trace_id) && is_valid(&link.span_id));
        }
    }
}
