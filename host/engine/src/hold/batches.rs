//! Batches of held spans, to be shown to the rules again.

use std::collections::HashMap;

use bytes::Bytes;

use super::Terms;
use super::cut::{Origin, compose};
use super::state::Held;

/// How large a batch is made: what a receiver takes without a thought, and a
/// rule within its time.
const MOST_SPANS: usize = 1024;
const MOST_BYTES: usize = 1 << 20;

/// Spans that one rule deferred.
#[derive(Debug)]
pub(crate) struct HeldBatch {
    pub(crate) rule: usize,
    pub(crate) traces: Bytes,
    /// Of each span, in their order in the batch.
    pub(crate) terms: Terms,
}

/// Makes batches of held spans, which keep their order but for the origins
/// that they share.
pub(crate) fn batches(mut held: Vec<Held>) -> Vec<HeldBatch> {
    // Stable.
    held.sort_by_key(|held| held.rule);
    let mut batches = Vec::new();
    for of_rule in held.chunk_by(|a, b| a.rule == b.rule) {
        let mut rest = of_rule;
        while let Some(first) = rest.first() {
            let (now, later) = rest.split_at(fitting(rest));
            batches.push(batch(first.rule, now));
            rest = later;
        }
    }
    batches
}

/// Held spans as one batch, whatever its size.
pub(crate) fn copy(held: &[Held]) -> Bytes {
    batch(0, held).traces
}

/// How many of the spans go into one batch; one at least.
fn fitting(held: &[Held]) -> usize {
    let mut bytes = 0;
    let mut last: Option<&Origin> = None;
    for (number, held) in held.iter().enumerate().take(MOST_SPANS) {
        let origin = &*held.piece.origin;
        if !last.is_some_and(|last| last.is_same(origin)) {
            bytes += origin.len();
        }
        last = Some(origin);
        bytes += held.piece.span.len();
        if bytes > MOST_BYTES && number > 0 {
            return number;
        }
    }
    held.len().min(MOST_SPANS)
}

fn batch(rule: usize, held: &[Held]) -> HeldBatch {
    let mut groups: Vec<(&Origin, Vec<&Held>)> = Vec::new();
    let mut by_origin = HashMap::<(&[u8], &[u8]), usize>::new();
    for held in held {
        let origin = &*held.piece.origin;
        let key = (&*origin.resource, &*origin.scope);
        let place = match groups.last() {
            Some((last, _)) if std::ptr::eq(*last, origin) => groups.len() - 1,
            _ => *by_origin.entry(key).or_insert(groups.len()),
        };
        match groups.get_mut(place) {
            Some((_, spans)) => spans.push(held),
            None => groups.push((origin, vec![held])),
        }
    }
    let terms = groups
        .iter()
        .flat_map(|(_, spans)| spans.iter().map(|held| held.term.tried()))
        .collect();
    let mut of_bytes: Vec<(&Origin, Vec<&[u8]>)> = Vec::with_capacity(groups.len());
    for (origin, held) in groups {
        let spans = held.into_iter().map(|held| &*held.piece.span);
        of_bytes.push((origin, spans.collect()));
    }
    HeldBatch {
        rule,
        traces: compose(&of_bytes).into(),
        terms: Terms::Each(terms),
    }
}
