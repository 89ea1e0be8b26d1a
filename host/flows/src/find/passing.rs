//! Flows of what passes: producers are kept for a while, and consumers wait for
//! theirs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::candidate::{Candidate, Claim, NamedBy, claims_of, end_of};
use super::seen::{ByHash, Hashes, Seen};
use crate::flow::{End, Flow};
use crate::names::Names;
use crate::read::{Reader, Role, SpanFacts};
use crate::words::LinkWords;

/// Different names that are kept before they are begun anew.
const MOST_NAMES: usize = 65_536;

/// How much is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassingOptions {
    /// How many producers are kept, and how many claims of consumers wait.
    pub max_spans: usize,
    /// For how long.
    pub time_to_live: Duration,
    /// How the rules call what they write on links.
    pub words: LinkWords,
}

impl Default for PassingOptions {
    fn default() -> Self {
        Self {
            max_spans: 100_000,
            time_to_live: Duration::from_mins(15),
            words: LinkWords::default(),
        }
    }
}

/// Finds flows in batches as they pass.
#[derive(Debug)]
pub struct Passing {
    reader: Reader,
    known: Known,
}

/// What was seen, and waits.
#[derive(Debug)]
struct Known {
    options: PassingOptions,
    names: Names,
    hashes: Hashes,
    producers: ByHash<Arc<End>>,
    /// In the order in which they came.
    produced: VecDeque<(Instant, u64)>,
    waiting: ByHash<Vec<(Arc<Candidate>, usize)>>,
    waited: VecDeque<(Instant, u64)>,
    deliveries: Seen,
    messages: Seen,
    pairs: Seen,
    aged: Instant,
}

impl Passing {
    /// Nothing is known at `now`.
    #[must_use]
    pub fn new(options: PassingOptions, now: Instant) -> Self {
        Self {
            reader: Reader::of_messages(&options.words),
            known: Known::new(options, now),
        }
    }

    /// Takes a batch that was mended, and gives `found` its flows: those whose
    /// consumers are in it, and those whose producers are. With each it is told
    /// whether its message was received for the first time.
    pub fn take(&mut self, batch: &[u8], now: Instant, mut found: impl FnMut(Flow, bool)) {
        let Self { reader, known } = self;
        known.forget(now);
        let mut consumers = Vec::new();
        reader.spans(batch, |span| {
            let role = span.role();
            if role == Role::Producer {
                known.produce(span, now, &mut found);
            } else if role == Role::Consumer || span.has_links() {
                let claims = claims_of(span, role);
                if !claims.is_empty() {
                    let end = Arc::new(end_of(span, &mut known.names));
                    consumers.push(Candidate::new(span, end, claims, role));
                }
            }
        });
        for candidate in consumers {
            known.consume(candidate, now, &mut found);
        }
    }

    /// How many producers are kept, and how many claims wait.
    #[must_use]
    pub fn kept(&self) -> (usize, usize) {
        (self.known.producers.len(), self.known.waited.len())
    }
}

impl Known {
    fn new(options: PassingOptions, now: Instant) -> Self {
        Self {
            names: Names::new(MOST_NAMES),
            hashes: Hashes::new(),
            producers: ByHash::default(),
            produced: VecDeque::new(),
            waiting: ByHash::default(),
            waited: VecDeque::new(),
            deliveries: Seen::new(options.max_spans),
            messages: Seen::new(options.max_spans),
            pairs: Seen::new(options.max_spans),
            aged: now,
            options,
        }
    }

    fn produce(&mut self, span: &SpanFacts<'_>, now: Instant, found: &mut impl FnMut(Flow, bool)) {
        let hash = self.hashes.context(&span.context);
        if self.producers.contains_key(&hash) {
            return;
        }
        let end = Arc::new(end_of(span, &mut self.names));
        for (candidate, place) in self.waiting.remove(&hash).unwrap_or_default() {
            let claim = candidate.claims.get(place);
            let flow = claim.and_then(|claim| candidate.joined(claim, &end, Role::Producer));
            if let Some(flow) = flow {
                self.tell(&candidate, flow, found);
            }
        }
        if self.producers.len() >= self.options.max_spans
            && let Some((_, oldest)) = self.produced.pop_front()
        {
            self.producers.remove(&oldest);
        }
        self.producers.insert(hash, end);
        self.produced.push_back((now, hash));
    }

    fn consume(&mut self, candidate: Candidate, now: Instant, found: &mut impl FnMut(Flow, bool)) {
        let candidate = Arc::new(candidate);
        let mut linked: Vec<[u8; 16]> = Vec::new();
        for (place, claim) in candidate.claims.iter().enumerate() {
            let is_told = claim.is_parent() && linked.contains(&claim.target.trace);
            if is_told {
                continue;
            }
            let hash = self.hashes.context(&claim.target);
            if let Some(end) = self.producers.get(&hash) {
                if let Some(flow) = candidate.joined(claim, end, Role::Producer) {
                    self.tell(&candidate, flow, found);
                }
            } else if claim.may_come() {
                self.wait(&candidate, place, hash, now);
            }
            linked.push(claim.target.trace);
        }
    }

    fn wait(&mut self, candidate: &Arc<Candidate>, place: usize, target: u64, now: Instant) {
        if self.waited.len() >= self.options.max_spans
            && let Some((_, oldest)) = self.waited.pop_front()
        {
            self.waiting.remove(&oldest);
        }
        let waiting = self.waiting.entry(target).or_default();
        waiting.push((Arc::clone(candidate), place));
        self.waited.push_back((now, target));
    }

    fn tell(&mut self, candidate: &Candidate, flow: Flow, found: &mut impl FnMut(Flow, bool)) {
        // Sent again by a client that had no answer.
        if self.pairs.note(self.hashes.pair(&flow), true).is_some() {
            return;
        }
        let is_receiving = candidate.is_receiving();
        let before = self
            .deliveries
            .note(self.hashes.delivery(&flow), is_receiving);
        let is_again = before.is_some_and(|before| before != is_receiving);
        let is_new = !is_again
            && self
                .messages
                .note(self.hashes.message(&flow), true)
                .is_none();
        found(Flow { is_again, ..flow }, is_new);
    }

    fn forget(&mut self, now: Instant) {
        let live = self.options.time_to_live;
        let is_old = |at: Instant| now.saturating_duration_since(at) > live;
        while let Some((at, hash)) = self.produced.front().copied()
            && is_old(at)
        {
            self.produced.pop_front();
            self.producers.remove(&hash);
        }
        while let Some((at, hash)) = self.waited.front().copied()
            && is_old(at)
        {
            self.waited.pop_front();
            self.waiting.remove(&hash);
        }
        if is_old(self.aged) {
            self.aged = now;
            self.deliveries.age();
            self.messages.age();
            self.pairs.age();
        }
    }
}

impl Claim {
    fn is_parent(&self) -> bool {
        matches!(self.named_by, NamedBy::Parent { .. })
    }

    /// A parent in the consumer's own process that is a producer is rare, and
    /// most parents are none: nobody waits for it.
    fn may_come(&self) -> bool {
        !matches!(self.named_by, NamedBy::Parent { is_local: true, .. })
    }
}
