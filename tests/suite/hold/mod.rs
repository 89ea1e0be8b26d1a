//! Spans that wait for their producers.

mod acknowledgements;
mod bounds;
pub mod chain;
mod contexts;
mod emitters;
mod hostile;
mod lost;
mod threads;
mod waiting;

use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::{Counts, HoldOptions, Mended, Processor, Rule};
use linkmend_tests::arms::Engine;
use linkmend_tests::otlp::{consumer, kind, message, producer, span, spans_of, text};
use opentelemetry_proto::tonic::trace::v1::Span;

const SECOND: Duration = Duration::from_secs(1);

fn holding(rules: impl IntoIterator<Item = Rule>, options: HoldOptions) -> Processor {
    let mut builder = Processor::builder().hold(options);
    for rule in rules {
        builder = builder.rule(rule);
    }
    builder.build().unwrap()
}

fn call(number: u64) -> Span {
    span(number, kind::SERVER, "call", vec![text("http.route", "/")])
}

/// Sends a batch in that nobody has a fault on.
fn send(processor: &(impl Engine + ?Sized), batch: &Bytes, now: Instant) -> Mended {
    let mended = processor.process_at(batch.clone(), now).unwrap();
    assert_eq!(mended.faults, []);
    mended
}

/// All batches that went on, those beside others too.
fn flat(mended: impl IntoIterator<Item = Mended>) -> Vec<Mended> {
    let mut all = Vec::new();
    for mut one in mended {
        all.append(&mut one.overflow);
        all.push(one);
    }
    all
}

/// The spans that went on.
fn spans_out(mended: &[Mended]) -> Vec<Span> {
    let traces = mended.iter().filter_map(|mended| mended.traces.as_ref());
    traces.flat_map(|traces| spans_of(traces)).collect()
}

/// The numbers of the spans that went on.
fn numbers(mended: &[Mended]) -> Vec<u64> {
    spans_out(mended).iter().map(number).collect()
}

fn number(span: &Span) -> u64 {
    u64::from_be_bytes(span.span_id[..].try_into().unwrap())
}

fn counts<'m>(mended: impl IntoIterator<Item = &'m Mended>) -> Counts {
    let mut sum = Counts::default();
    for mended in mended {
        assert_adds_up(&mended.counts);
        sum += &mended.counts;
    }
    sum
}

fn assert_adds_up(counts: &Counts) {
    assert_eq!(
        counts.links_in + counts.links_added + counts.links_released,
        counts.links_out
            + counts.links_dropped_invalid
            + counts.links_dropped_duplicate
            + counts.links_cut
            + counts.links_held,
        "{counts:?}"
    );
}

/// Each span that was held went out for one reason, and none is left.
fn assert_empty(processor: &(impl Engine + ?Sized)) {
    let stats = processor.hold_stats();
    assert_eq!((stats.held, stats.bytes), (0, 0), "{stats:?}");
    assert_eq!(processor.next_release(), None);
    let released = stats.released_ready
        + stats.released_due
        + stats.released_overflow
        + stats.released_drained;
    assert_eq!(stats.held_total, released, "{stats:?}");
}
