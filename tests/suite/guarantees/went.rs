//! What becomes of a batch that a rule answers on, held against what the answer
//! says, on prost's structs. The fuzz target (`fuzz/`) shares it.

use std::time::Instant;

use bytes::Bytes;
use linkmend::interface::{Action, SpanContext, Verdict};
use linkmend::{Asked, Counts, HoldOptions, Mended, ProcessorBuilder, Rule};
use linkmend_tests::order;
use linkmend_tests::otlp::{batch, decode, kind, link, links, span, spans, text};
use linkmend_tests::rules::{all_spans, rule};
use opentelemetry_proto::tonic::trace::v1::Span;

use super::oracle::{apply, without_links};

/// Of the batch that is sent.
pub const SPANS: u32 = 3;

/// Three spans with 0, 1 and 3 links, the first with a long name.
pub fn sent(is_descending: bool) -> Bytes {
    let spans = (0..SPANS).zip([0, 1, 3]).map(|(number, links)| {
        let name = if number == 0 {
            "n".repeat(1100)
        } else {
            "short".into()
        };
        let mut span = span(u64::from(number) + 10, kind::CONSUMER, &name, Vec::new());
        span.links = (0..links).map(link).collect();
        if let Some(link) = span.links.last_mut() {
            link.attributes.push(text("own", "attribute"));
        }
        span
    });
    let batch = batch(spans.collect());
    if is_descending {
        order::descending(&batch).into()
    } else {
        batch
    }
}

/// What is asked of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Remember,
    Mend,
    Explain,
    Hold,
}

/// What became of a batch, and of what was held of it.
pub struct Went {
    pub mended: Mended,
    drained: Vec<Span>,
}

/// Asks the rules of a processor.
pub fn call(mut builder: ProcessorBuilder, call: Call, batch: &Bytes) -> Went {
    if call == Call::Hold {
        builder = builder.hold(HoldOptions::default());
    }
    let processor = builder.build().unwrap();
    let batch = batch.clone();
    let mended = match call {
        Call::Remember => processor.remember(batch),
        Call::Mend => processor.mend(batch),
        Call::Explain => processor.explain(batch, &Asked::all()),
        Call::Hold => processor.process_at(batch, Instant::now()),
    };
    let drained = processor.drain();
    let drained = drained.iter().filter_map(|mended| mended.traces.as_ref());
    Went {
        mended: mended.unwrap(),
        drained: drained
            .flat_map(|traces| spans(&decode(traces)).cloned().collect::<Vec<_>>())
            .collect(),
    }
}

/// A rule that answers this, and uses the index so that it is asked to remember.
pub fn native(verdict: &Verdict) -> Rule {
    let answer = verdict.clone();
    let mut plan = all_spans();
    plan.uses_index = true;
    rule("random", plan, move |_, _| Ok(answer.clone()))
}

/// Either a fault, and all is as it came; or all that is guaranteed holds. Says
/// which.
pub fn check(asked: Call, batch: &Bytes, verdict: &Verdict, went: &Went) -> bool {
    let Went { mended, drained } = went;
    assert_adds_up(&mended.counts);
    if !mended.faults.is_empty() {
        check_fault(batch, went);
        return false;
    }
    if asked == Call::Remember {
        assert_eq!((verdict.edits.len(), verdict.deferrals.len()), (0, 0));
    }
    let is_deferred = |number: usize| {
        let mut deferrals = verdict.deferrals.iter();
        deferrals.any(|deferral| deferral.span as usize == number)
    };
    let mut expected = decode(batch);
    apply(&mut expected, verdict);
    let numbered: Vec<_> = spans(&expected).cloned().enumerate().collect();
    let (held, left): (Vec<_>, Vec<_>) = numbered
        .into_iter()
        .partition(|(number, _)| is_deferred(*number));
    let without_numbers = |spans: Vec<(usize, Span)>| -> Vec<Span> {
        spans.into_iter().map(|(_, span)| span).collect()
    };
    assert_eq!(mended.held, held.len());
    assert_eq!(*drained, without_numbers(held), "a held span was changed");
    let out = mended.traces.clone().unwrap_or_default();
    let out_spans: Vec<Span> = spans(&decode(&out)).cloned().collect();
    assert_eq!(out_spans, without_numbers(left));
    if verdict.deferrals.is_empty() {
        assert_eq!(
            without_links(&out),
            without_links(batch),
            "other bytes changed"
        );
    }
    assert!(out_spans.iter().all(|span| span.links.len() <= 128));
    let new = verdict
        .edits
        .iter()
        .filter(|edit| matches!(edit.action, Action::AddLink | Action::ReplaceContext));
    for SpanContext {
        trace_id_high: high,
        trace_id_low: low,
        span_id,
        ..
    } in new.map(|edit| edit.context)
    {
        assert!((high, low) != (0, 0) && span_id != 0, "an invalid context");
    }
    true
}

fn check_fault(batch: &Bytes, went: &Went) {
    let Went { mended, drained } = went;
    let traces = mended.traces.as_ref().unwrap();
    assert_eq!(traces.as_ptr(), batch.as_ptr(), "not the same bytes");
    assert_eq!((mended.held, drained.len()), (0, 0));
    assert_eq!(
        mended
            .explanations
            .iter()
            .map(|e| e.rules.len())
            .sum::<usize>(),
        0
    );
    let counts = &mended.counts;
    assert_eq!((counts.rule_faults, counts.spans), (1, u64::from(SPANS)));
    let unchanged = links(batch) as u64;
    assert_eq!((counts.links_in, counts.links_out), (unchanged, unchanged));
    let done = counts.links_added + counts.links_repaired + counts.links_typed;
    assert_eq!(
        (done, counts.unresolved),
        (0, 0),
        "what was not done is counted"
    );
}

/// Nothing is counted twice, or not at all.
pub fn assert_adds_up(counts: &Counts) {
    let gone = counts.links_dropped_invalid
        + counts.links_dropped_duplicate
        + counts.links_dropped_unwanted
        + counts.links_cut;
    let come = counts.links_in + counts.links_added + counts.links_released;
    assert_eq!(
        come,
        counts.links_out + gone + counts.links_held,
        "{counts:?}"
    );
}
