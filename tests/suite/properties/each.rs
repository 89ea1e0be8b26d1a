//! What holds for every span by itself: each is mended in a batch of its own,
//! so that what the host counts is that span's.

use std::collections::BTreeSet;

use linkmend::Counts;
use linkmend_emitters::SpanContext;
use linkmend_tests::arms::Order;
use linkmend_tests::otlp::spans_of;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

use super::bench::{Bench, encoded, one_by_one};
use super::config::Config;
use super::role::{self, Role};

/// See the module.
pub fn check(bench: &Bench, batches: &[TracesData], order: Order) {
    let inputs = encoded(&one_by_one(batches), order);
    let outputs = bench.mend(&inputs);
    for (input, (output, counts)) in inputs.iter().zip(&outputs) {
        let (before, after) = (one_span(input), one_span(output));
        let added = check_counts(&bench.config, &before, &after, counts);
        check_rest(&before, &after);
        check_links(&bench.config, &before, &after, added);
        if before == after {
            assert_eq!(input, output, "not edited, but other bytes");
        } else {
            check_edited(&bench.config, &before, &after);
        }
    }
}

fn one_span(batch: &[u8]) -> Span {
    let mut spans = spans_of(batch);
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

/// The books balance, the dropped count grows by the original links that were
/// cut, and by nothing else. Answers how many links were added.
fn check_counts(config: &Config, before: &Span, after: &Span, counts: &Counts) -> usize {
    let (came, left) = (before.links.len(), after.links.len());
    assert_eq!(
        (counts.links_in, counts.links_out),
        (came as u64, left as u64)
    );
    let is_valid = |link: &&Link| SpanContext::linked(link).is_valid();
    let valid: BTreeSet<_> = before
        .links
        .iter()
        .filter(is_valid)
        .map(SpanContext::linked)
        .collect();
    let invalid = before.links.iter().filter(|link| !is_valid(link)).count();
    assert!(counts.links_dropped_invalid <= invalid as u64);
    assert!(counts.links_dropped_duplicate <= (came - valid.len()) as u64);
    let dropped = counts.links_dropped_invalid + counts.links_dropped_duplicate;
    let gone = dropped + counts.links_cut;
    assert_eq!(
        counts.links_in + counts.links_added,
        counts.links_out + gone
    );
    let good = came - dropped as usize;
    let cut = good.saturating_sub(config.max_links);
    let told = if config.counts_all {
        cut as u64 + dropped
    } else {
        cut as u64
    };
    let told = before.dropped_links_count.saturating_add(told as u32);
    assert_eq!(after.dropped_links_count, told, "cut {cut}");
    // Links that were made and found no room are added, and cut, too.
    let unfit = counts.links_cut - cut as u64;
    (counts.links_added - unfit) as usize
}

/// Nothing else of the span is other than it was.
fn check_rest(before: &Span, after: &Span) {
    let rest = |span: &Span| Span {
        links: Vec::new(),
        dropped_links_count: 0,
        ..span.clone()
    };
    assert_eq!(rest(before), rest(after));
}

/// What an edit leaves behind.
fn check_edited(config: &Config, before: &Span, after: &Span) {
    assert!(
        SpanContext::of(before).is_valid() || after.links.len() <= before.links.len(),
        "a span without ids got a link"
    );
    assert!(after.links.len() <= config.max_links, "over the limit");
    let is_valid = |link: &Link| SpanContext::linked(link).is_valid();
    if config.drops_invalid {
        assert!(after.links.iter().all(is_valid), "an invalid link stayed");
    }
}

fn check_links(config: &Config, before: &Span, after: &Span, added: usize) {
    let (kept, new) = after.links.split_at(after.links.len() - added);
    let mut rest = before.links.iter();
    for link in kept {
        // In their order: each is found behind the one before.
        let found = rest.any(|original| is_from(link, original));
        assert!(found, "out of order, or from nowhere: {link:?}");
    }
    for link in new {
        let context = SpanContext::linked(link);
        assert!(context.is_valid());
        assert_ne!(context, SpanContext::of(before), "a link to itself");
        assert_eq!(link.flags & !0xff, 0x300, "remote, and nothing else");
    }
    assert!(
        added == 0 || role::role(before) == Role::Other,
        "added to a producer"
    );
    let each = if config.links_all { 4 } else { 1 };
    assert!(
        added <= role::names(before) * each,
        "more links than messages"
    );
    let mut unique: Vec<_> = new.iter().map(Statement::of).collect();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), new.len(), "made twice");
}

/// A link is another one, or that one repaired: it may have more attributes,
/// and ids where it had none.
fn is_from(link: &Link, original: &Link) -> bool {
    let is_valid = SpanContext::linked(original).is_valid();
    let more = link.attributes.strip_prefix(original.attributes.as_slice());
    let same_context = (&link.trace_id, &link.span_id, &link.trace_state, link.flags)
        == (
            &original.trace_id,
            &original.span_id,
            &original.trace_state,
            original.flags,
        );
    let repaired = !is_valid
        && SpanContext::linked(link).is_valid()
        && (original.trace_state.is_empty() || link.trace_state == original.trace_state)
        && agrees(&link.trace_id, &original.trace_id, 16)
        && agrees(&link.span_id, &original.span_id, 8);
    more.is_some_and(|more| more.len() <= 2)
        && link.dropped_attributes_count == original.dropped_attributes_count
        && (same_context || repaired)
}

/// A half of a context that was good stays.
fn agrees(id: &[u8], original: &[u8], length: usize) -> bool {
    let was_good = original.len() == length && original.iter().any(|&byte| byte != 0);
    !was_good || id == original
}

/// What a link says.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Statement(SpanContext, String);

impl Statement {
    fn of(link: &Link) -> Self {
        Self(SpanContext::linked(link), format!("{:?}", link.attributes))
    }
}
