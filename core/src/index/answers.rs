//! Answers, as [`MessageIndex`](super::MessageIndex) wants them, out of whatever is
//! known.

use super::shard::{Found, GIVEN, KeyHasher, Shard};
use crate::interface::{Producer, Recalled, Text};

/// The count that says that there were more producers than are given.
const MORE: u8 = 5;

/// Makes the answer to [`MessageIndex::recall_before`](super::MessageIndex) for an
/// index that is not in memory: whatever producers are known of a key go in, in any
/// order and any of them twice, and what the contract wants comes out.
///
/// See [`MessageIndex`](super::MessageIndex) for an example.
#[derive(Debug)]
pub struct Answers {
    hasher: KeyHasher,
    recalled: Recalled,
}

impl Answers {
    /// For so many keys.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        Self {
            hasher: KeyHasher::fixed(),
            recalled: Recalled {
                counts: Vec::with_capacity(keys),
                producers: Vec::with_capacity(keys),
                texts: Vec::new(),
            },
        }
    }

    /// The answer for the next key, of which these producers are known, each with
    /// its trace state. `before` is when its consumer had the message; `more` says
    /// that there were others, which are not known any more.
    pub fn add<'p>(
        &mut self,
        before: Option<u64>,
        more: bool,
        producers: impl IntoIterator<Item = (Producer, &'p [u8])>,
    ) {
        let mut producers = producers.into_iter();
        let Some((first, trace_state)) = producers.next() else {
            self.recalled.counts.push(0);
            return;
        };
        // Nearly always there is one, known here and there: nothing has to be compared.
        let others = producers.find(|(other, _)| !is_same(other, &first));
        let Some(other) = others else {
            let only = Found {
                producer: first,
                trace_state,
            };
            self.push(&[Some(only), None, None, None], more);
            return;
        };
        let mut known = Shard::new(usize::MAX, None, self.hasher);
        let key = first.key;
        let all = [(first, trace_state), other].into_iter().chain(producers);
        for (producer, trace_state) in all {
            known.insert(&Producer { key, ..producer }, trace_state, 0);
        }
        let (found, even_more) = known.find(key, before, 0);
        self.push(&found, more || even_more);
    }

    /// The answer for the next key: those that were found, and whether there were
    /// more.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "of the index in memory it is the innermost loop: a call costs a percent"
    )]
    pub(super) fn push(&mut self, found: &[Option<Found<'_>>; GIVEN], more: bool) {
        let recalled = &mut self.recalled;
        for Found {
            producer,
            trace_state,
        } in found.iter().flatten()
        {
            let range = Text {
                offset: recalled.texts.len() as u32,
                length: trace_state.len() as u32,
            };
            recalled.texts.extend_from_slice(trace_state);
            recalled.producers.push(Producer {
                trace_state: range,
                ..*producer
            });
        }
        let count = found.iter().flatten().count();
        // Some of the four may have gone since there were more: the count then says
        // how many follow.
        let more = more && count == GIVEN;
        recalled.counts.push(if more { MORE } else { count as u8 });
    }

    /// All of them.
    #[must_use]
    pub fn end(self) -> Recalled {
        self.recalled
    }
}

/// The same span.
fn is_same(one: &Producer, other: &Producer) -> bool {
    let span = |producer: &Producer| {
        let Producer {
            trace_id_high,
            trace_id_low,
            span_id,
            ..
        } = *producer;
        (trace_id_high, trace_id_low, span_id)
    };
    span(one) == span(other)
}

/// Whether a count says so, and how many producers follow.
pub(super) fn read_count(count: u8) -> (bool, usize) {
    (count == MORE, usize::from(count).min(GIVEN))
}
