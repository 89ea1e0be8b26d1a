//! What becomes of the links that a span came with.
//!
//! The order is fixed: repair in place, drop what is invalid, drop
//! duplicates, append, cut to the limit, classify.

use linkmend_rule::{Context, DropReason};

use crate::batch::Batch;
use crate::config::KeepLinks;
use crate::records::{LinkRecord, SpanRecord};

/// What becomes of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fate<'b> {
    /// It stays: it is valid.
    Keep,
    /// It stays as it is, though its context is invalid.
    Tolerate,
    /// It gets this context.
    Repair(Context<'b>),
    /// It goes.
    Drop(DropReason),
}

impl Fate<'_> {
    /// The link is not dropped.
    pub fn stays(&self) -> bool {
        !matches!(self, Self::Drop(_))
    }
}

/// What a link points at in the end, when that is valid.
pub fn target(link: &LinkRecord, fate: &Fate<'_>) -> Option<(u128, u64)> {
    match fate {
        Fate::Keep => Some((link.trace_id, link.span_id)),
        Fate::Repair(context) => Some((context.trace_id, context.span_id)),
        Fate::Tolerate | Fate::Drop(_) => None,
    }
}

/// Drops links that say what another one of the span says. `order` is used
/// again from span to span, and holds nothing of use afterwards.
pub fn drop_duplicates(
    batch: &Batch,
    span: &SpanRecord,
    fates: &mut [Fate<'_>],
    order: &mut Vec<Row>,
) {
    order.clear();
    let links = span.links.of(&batch.links);
    for ((number, link), fate) in (0..).zip(links).zip(&*fates) {
        if let Some(target) = target(link, fate) {
            let is_repaired = matches!(fate, Fate::Repair(_));
            let place = u64::from(is_repaired) << 62 | number;
            order.push(row(target, statement(batch, link), place));
        }
    }
    if order.len() < 2 {
        return;
    }
    order.sort_unstable();
    let what = |[high, low, span_id, said, ..]: &Row| [*high, *low, *span_id, *said];
    for group in order.chunk_by(|one, other| what(one) == what(other)) {
        for number in surplus(group) {
            if let Some(fate) = fates.get_mut(number) {
                *fate = Fate::Drop(DropReason::Duplicate);
            }
        }
    }
}

/// What sorts: everything that is sorted in this crate is made of these, since
/// every type that is sorted costs the component 10 kB.
pub type Row = [u64; 6];

/// A link that may be another's duplicate. The order puts those that say the
/// same next to each other, those of one type among them too, and of these the
/// one to keep first: an original is not dropped for one that linkmend repaired.
fn row(target: (u128, u64), (said, kind): (u64, u64), place: u64) -> Row {
    let (high, low) = ((target.0 >> 64) as u64, target.0 as u64);
    [high, low, target.1, said, kind, place]
}

fn number([.., place]: &Row) -> usize {
    (place & u64::from(u32::MAX)) as usize
}

const UNTYPED: u64 = 0;

/// What a link says besides its target: which message it is for, or without
/// one, its attributes, and its type or [`UNTYPED`]. Links to one span for
/// several of its messages are legitimate (semconv, "batch publishing").
fn statement(batch: &Batch, link: &LinkRecord) -> (u64, u64) {
    match keys(batch, link).first() {
        Some(key) => (key.high, key.low | 1),
        None => (
            link.digest,
            link.type_digest.map_or(UNTYPED, |digest| digest | 1),
        ),
    }
}

/// The keys of the message that a link is for.
pub fn keys<'b>(batch: &'b Batch, link: &LinkRecord) -> &'b [linkmend_rule::MessageKey] {
    let keys = if link.keys_are_wanted {
        &batch.wanted
    } else {
        &batch.link_keys
    };
    link.slot.keys.of(keys)
}

/// The links of a group to drop. Of links for a message the first stays. Of
/// others the first of each type stays; one without a type goes when there is
/// one with a type: it would be given one next, and say less for sure.
fn surplus(group: &[Row]) -> impl Iterator<Item = usize> {
    let kind = |[.., kind, _]: &Row| *kind;
    // Those without a type come first.
    let is_typed = group.last().is_some_and(|row| kind(row) != UNTYPED);
    let of_kind = group.chunk_by(move |one, other| kind(one) == kind(other));
    let surplus = of_kind.flat_map(move |group| {
        let goes = group.first().is_some_and(|row| kind(row) == UNTYPED) && is_typed;
        group.get(usize::from(!goes)..).unwrap_or_default()
    });
    surplus.map(number)
}

/// Cuts what is left to `max` links, and answers how many are left.
pub fn cut(fates: &mut [Fate<'_>], max: usize, keep: KeepLinks) -> usize {
    let mut left = 0;
    let mut visit = |fate: &mut Fate<'_>| {
        if !fate.stays() {
        } else if left < max {
            left += 1;
        } else {
            *fate = Fate::Drop(DropReason::OverLimit);
        }
    };
    match keep {
        KeepLinks::First => fates.iter_mut().for_each(&mut visit),
        KeepLinks::Last => fates.iter_mut().rev().for_each(&mut visit),
    }
    left
}

/// Drops all links to a span but one, whatever they say.
pub fn merge(
    batch: &Batch,
    span: &SpanRecord,
    fates: &mut [Fate<'_>],
    order: &mut Vec<Row>,
    keep: KeepLinks,
) {
    order.clear();
    let links = span.links.of(&batch.links);
    for ((number, link), fate) in (0..).zip(links).zip(&*fates) {
        if let Some((trace_id, span_id)) = target(link, fate) {
            let place = match keep {
                KeepLinks::First => number,
                KeepLinks::Last => u64::MAX - number,
            };
            let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
            order.push([high, low, span_id, place, number, 0]);
        }
    }
    order.sort_unstable();
    let one_target = |[a, b, c, ..]: &Row, [x, y, z, ..]: &Row| (a, b, c) == (x, y, z);
    for group in order.chunk_by(one_target) {
        for [.., number, _] in group.iter().skip(1) {
            if let Some(fate) = fates.get_mut(*number as usize) {
                *fate = Fate::Drop(DropReason::Duplicate);
            }
        }
    }
}
