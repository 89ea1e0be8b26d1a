//! Spans that leave a batch.

use super::cut;
use super::held::Held;
use super::term::Terms;
use crate::interface::MessageKey;

/// A span that is to be taken out of a batch.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// Among all spans of the batch.
    pub(crate) place: usize,
    pub(crate) links: u64,
    /// What it waits for.
    pub(crate) keys: Box<[MessageKey]>,
}

/// Takes spans, which are in their order, out of a batch for a rule: what is
/// left of the batch, and the spans.
pub(crate) fn take_out(
    batch: &[u8],
    rule: usize,
    leaving: Vec<Leaving>,
    terms: &mut Terms,
) -> (Vec<u8>, Vec<Held>) {
    let places: Vec<usize> = leaving.iter().map(|leaving| leaving.place).collect();
    let (rest, pieces) = cut::cut(batch, &places);
    let terms = terms.take(&places);
    let held = pieces.into_iter().zip(leaving).zip(terms);
    let held = held.map(|((piece, leaving), term)| Held {
        rule,
        term,
        piece,
        links: leaving.links,
        keys: leaving.keys,
    });
    (rest, held.collect())
}
