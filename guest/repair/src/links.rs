//! What becomes of the links that a span came with.
//!
//! The order is fixed: repair in place, drop what is invalid, drop
//! duplicates, append, cut to the limit, classify.

use linkmend_rule::{Context, DropReason};

use crate::batch::{Batch, LinkRecord, SpanRecord};

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

/// Drops links that say what another one of the span says. Returned lists are
/// used again by the caller: `order` holds nothing of use afterwards.
pub fn drop_duplicates(
    batch: &Batch,
    span: &SpanRecord,
    fates: &mut [Fate<'_>],
    order: &mut Vec<Candidate>,
) {
    order.clear();
    for (number, (link, fate)) in span.links.of(&batch.links).iter().zip(&*fates).enumerate() {
        if let Some(target) = target(link, fate) {
            order.push(Candidate {
                target,
                statement: statement(batch, link),
                is_repaired: matches!(fate, Fate::Repair(_)),
                type_digest: link.type_digest,
                number,
            });
        }
    }
    if order.len() < 2 {
        return;
    }
    order.sort_unstable();
    let mut rest = order.as_slice();
    while let Some(first) = rest.first() {
        let same = |other: &&Candidate| first.says_as(other);
        let (group, others) = rest.split_at(rest.iter().take_while(same).count());
        for number in surplus(group) {
            if let Some(fate) = fates.get_mut(number) {
                *fate = Fate::Drop(DropReason::Duplicate);
            }
        }
        rest = others;
    }
}

/// A link that may be another's duplicate. The order puts those that say the
/// same next to each other, the one to keep first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    target: (u128, u64),
    statement: Statement,
    /// An original is not dropped for one that linkmend repaired.
    is_repaired: bool,
    number: usize,
    type_digest: Option<u64>,
}

impl Candidate {
    fn says_as(&self, other: &Self) -> bool {
        (self.target, self.statement) == (other.target, other.statement)
    }
}

/// What a link says besides its target: which message it is for, or without
/// one, its attributes. Links to one span for several of its messages are
/// legitimate (semconv, "batch publishing").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Statement {
    Message(u64, u64),
    Attributes(u64),
}

fn statement(batch: &Batch, link: &LinkRecord) -> Statement {
    match keys(batch, link).first() {
        Some(key) => Statement::Message(key.high, key.low),
        None => Statement::Attributes(link.digest),
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
fn surplus(group: &[Candidate]) -> impl Iterator<Item = usize> {
    let is_surplus = |(place, link): &(usize, &Candidate)| {
        let before = group.get(..*place).unwrap_or_default();
        match (link.statement, link.type_digest) {
            (Statement::Message(..), _) => *place > 0,
            (_, Some(_)) => before
                .iter()
                .any(|other| other.type_digest == link.type_digest),
            (_, None) => *place > 0 || group.iter().any(|other| other.type_digest.is_some()),
        }
    };
    group
        .iter()
        .enumerate()
        .filter(is_surplus)
        .map(|(_, link)| link.number)
}

/// Cuts the tail of what is left to `max` links, and answers how many are
/// left. The first ones stay, as in the SDKs that keep the first.
pub fn cut(fates: &mut [Fate<'_>], max: usize) -> usize {
    let mut left = 0;
    for fate in fates.iter_mut().filter(|fate| fate.stays()) {
        if left < max {
            left += 1;
        } else {
            *fate = Fate::Drop(DropReason::OverLimit);
        }
    }
    left
}
