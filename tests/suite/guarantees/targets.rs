//! Fuzz targets: functions of any bytes, which panic at a fault; and a bounded
//! run of them (`fuzz/README.md`).

use std::time::Instant;

use bytes::Bytes;
use linkmend::interface::{
    Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note, NoteKind,
    SpanContext, Text, ValueKind, Verdict,
};
use linkmend::{HoldOptions, ProcessOptions, Processor};
use linkmend_tests::otlp::decode;
use linkmend_tests::rules::{all_spans, nothing, rule};
use linkmend_wire::count_spans;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message as _;

use super::went::{Call, SPANS, call, check, native, sent};
use crate::shared::choices::Choices;
use crate::shared::mutate::mutate;
use crate::shared::targets::split;

/// A rule answers with any verdict: it is a fault, and the batch goes on as it
/// came, or prost's structs come to the same when the edits are done to them.
pub fn verdicts(data: &[u8]) {
    let mut choices = Choices::from_bytes(data);
    let batch = sent(choices.one_in(2));
    let asked = choices.pick(&[Call::Mend, Call::Hold, Call::Remember, Call::Explain]);
    let verdict = verdict(&mut choices);
    let builder = Processor::builder().rule(native(&verdict));
    let went = call(builder, asked, &batch);
    check(asked, &batch, &verdict, &went);
}

/// Mostly small numbers, so that what they name is often there.
fn number(choices: &mut Choices<'_>, most: usize) -> u32 {
    match choices.below(40) {
        39 => choices.u64() as u32,
        _ => choices.below(most) as u32,
    }
}

fn id(choices: &mut Choices<'_>) -> u64 {
    match choices.below(20) {
        19 => 0,
        18 => choices.u64(),
        _ => 1 + choices.below(8) as u64,
    }
}

/// A range of the texts.
fn range(choices: &mut Choices<'_>) -> Text {
    Text {
        offset: number(choices, 14),
        length: number(choices, 3),
    }
}

fn edit(choices: &mut Choices<'_>) -> Edit {
    let actions = [
        Action::AddLink,
        Action::ReplaceContext,
        Action::DropLink,
        Action::AddAttributes,
    ];
    let reasons = [
        DropReason::Invalid,
        DropReason::Duplicate,
        DropReason::OverLimit,
        DropReason::Unwanted,
    ];
    Edit {
        span: number(choices, SPANS as usize),
        link: number(choices, 3),
        action: choices.pick(&actions),
        reason: choices.pick(&reasons),
        context: SpanContext {
            trace_id_high: id(choices),
            trace_id_low: id(choices),
            span_id: id(choices),
            trace_state: range(choices),
            flags: choices.u64() as u32,
        },
        first_attribute: number(choices, 4),
        attribute_count: number(choices, 3),
    }
}

fn attribute(choices: &mut Choices<'_>) -> Attribute {
    let kinds = [
        ValueKind::Text,
        ValueKind::Boolean,
        ValueKind::Integer,
        ValueKind::Double,
    ];
    Attribute {
        key: range(choices),
        kind: choices.pick(&kinds),
        text: range(choices),
        // Doubles that are not numbers are equal to nothing.
        bits: choices.u64() >> 4,
    }
}

fn note(choices: &mut Choices<'_>) -> Note {
    let kinds = [
        NoteKind::Unresolved,
        NoteKind::TooLate,
        NoteKind::TooMany,
        NoteKind::Ambiguous,
        NoteKind::NoRoom,
        NoteKind::Incomplete,
        NoteKind::Unnamed,
    ];
    Note {
        span: number(choices, SPANS as usize),
        kind: choices.pick(&kinds),
        count: choices.u64() as u32,
    }
}

fn verdict(choices: &mut Choices<'_>) -> Verdict {
    Verdict {
        edits: choices.many(4, edit),
        attributes: choices.many(6, attribute),
        notes: choices.many(3, note),
        deferrals: choices.many(2, |choices| Deferral {
            span: number(choices, SPANS as usize),
            first_key: number(choices, 2),
            key_count: number(choices, 2),
        }),
        keys: choices.many(3, |choices| MessageKey {
            high: 7,
            low: choices.u64(),
        }),
        texts: choices.many(16, |choices| match choices.below(200) {
            199 => choices.byte(),
            letter => b'a' + (letter % 26) as u8,
        }),
        explanations: choices.many(2, |choices| Explanation {
            span: number(choices, SPANS as usize),
            text: range(choices),
        }),
    }
}

/// A record of the journal, and what becomes of it at the next start: whatever a
/// sender sent, all spans that are held are in it, in their resources and scopes,
/// and they are held again. A record that is damaged is an error, and no more.
pub fn records(data: &[u8]) {
    let (mut choices, mut batch) = split(data);
    if choices.one_in(4) {
        mutate(&mut batch, &mut choices);
    }
    let Some(record) = held(batch.clone().into()) else {
        return;
    };
    let again = held(record.clone()).expect("a record can be taken up");
    // Texts that are no UTF-8 are no business of linkmend's; prost refuses them.
    if let Ok(traces) = TracesData::decode(&batch[..]) {
        assert_same(&traces, &decode(&record));
        assert_same(&traces, &decode(&again));
    }
}

/// The record of a batch all of whose spans are held; nothing of what is no
/// batch, or has no spans.
fn held(batch: Bytes) -> Option<Bytes> {
    let deferring = rule("deferring", all_spans(), |_, traces| {
        let spans = count_spans(traces).map_err(|error| error.to_string())? as u32;
        let deferral = |span| Deferral {
            span,
            first_key: 0,
            key_count: 1,
        };
        Ok(Verdict {
            deferrals: (0..spans).map(deferral).collect(),
            keys: vec![MessageKey { high: 1, low: 1 }],
            ..nothing()
        })
    });
    let processor = Processor::builder()
        .rule(deferring)
        .hold(HoldOptions {
            give_up_after: 0,
            ..HoldOptions::default()
        })
        .build()
        .unwrap();
    let passage = ProcessOptions {
        now: Instant::now(),
        copy_held: true,
        ..ProcessOptions::default()
    };
    processor.process_with(batch, &passage).ok()?.held_copy
}

/// The same spans, each with its resource and scope. What has no spans is not
/// held; spans of unknown kinds are not selected, and go on.
fn assert_same(before: &TracesData, record: &TracesData) {
    let flat = |traces: &TracesData| -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for resource in &traces.resource_spans {
            for scope in &resource.scope_spans {
                for span in scope
                    .spans
                    .iter()
                    .filter(|span| (0..6).contains(&span.kind))
                {
                    let mut one = resource.clone();
                    let mut of = scope.clone();
                    of.spans = vec![span.clone()];
                    one.scope_spans = vec![of];
                    all.push(one.encode_to_vec());
                }
            }
        }
        all.sort();
        all
    };
    assert_eq!(flat(before), flat(record));
}

#[cfg(test)]
mod bounded {
    use super::*;

    /// How many inputs: what was `given`, or so many as take a few seconds.
    fn inputs(given: Option<&str>, usual: u64) -> u64 {
        given.and_then(|given| given.parse().ok()).unwrap_or(usual)
    }

    #[test]
    fn more_are_run_by_hand() {
        assert_eq!(inputs(Some("100000"), 2000), 100_000);
        assert_eq!(inputs(Some("many"), 2000), 2000);
        assert_eq!(inputs(None, 2000), 2000);
    }

    /// Runs a target on its inputs; on a panic, says which. More by hand:
    /// `LINKMEND_FUZZ_RUNS=100000`.
    fn run(usual: u64, target: fn(&[u8])) {
        let given = std::env::var("LINKMEND_FUZZ_RUNS").ok();
        for seed in 0..inputs(given.as_deref(), usual) {
            let mut choices = Choices::seeded(seed);
            let length = choices.below(2000);
            let mut data = choices.bytes(length);
            if let Some(first) = data.first_mut() {
                // Random bytes alone are hardly ever a batch.
                *first |= 1;
            }
            let run = std::panic::catch_unwind(|| target(&data));
            assert!(run.is_ok(), "seed {seed}");
        }
    }

    #[test]
    fn verdicts() {
        run(3000, super::verdicts);
    }

    #[test]
    fn records() {
        run(2000, super::records);
    }
}
