//! Flows of what passes: producers are kept for a while, and consumers wait for
//! theirs.

use std::time::{Duration, Instant};

use super::candidate::{Candidate, Candidates, Claim, end_of};
use super::outside::Outside;
use super::producers::{Producer, Producers};
use super::seen::{Hashes, Millis, Seen};
use super::waiting::Waiting;
use crate::flow::{Context, End, FlowRef, ToldEnd};
use crate::read::{Reader, Role, SpanFacts};
use crate::sites::Sites;
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
    /// Whether flows have the ids of their messages.
    pub message_ids: bool,
    /// How the rules call what they write on links.
    pub words: LinkWords,
    /// Whether what concerns other hosts is kept for [`Passing::outside`].
    pub shares: bool,
}

impl Default for PassingOptions {
    fn default() -> Self {
        Self {
            max_spans: 100_000,
            time_to_live: Duration::from_mins(15),
            message_ids: true,
            words: LinkWords::default(),
            shares: false,
        }
    }
}

/// Finds flows in batches as they pass.
#[derive(Debug)]
pub struct Passing {
    reader: Reader,
    /// Those of a batch.
    consumers: Candidates,
    sites: Sites,
    known: Known,
}

/// What was seen, and waits.
#[derive(Debug)]
struct Known {
    options: PassingOptions,
    hashes: Hashes,
    producers: Producers,
    waiting: Waiting,
    told: Told,
    outside: Outside,
    begun: Instant,
    aged: Millis,
}

/// What was told, so that nothing is counted twice.
#[derive(Debug)]
struct Told {
    hashes: Hashes,
    deliveries: Seen,
    messages: Seen,
    pairs: Seen,
}

impl Passing {
    /// Nothing is known at `now`.
    #[must_use]
    pub fn new(options: PassingOptions, now: Instant) -> Self {
        let hashes = Hashes::new();
        Self {
            reader: Reader::new(&options.words),
            consumers: Candidates::new(hashes, options.message_ids),
            sites: Sites::new(MOST_NAMES),
            known: Known::new(options, hashes, now),
        }
    }

    /// Takes a batch that was mended, and gives `found` its flows: those whose
    /// consumers are in it, and those whose producers are. With each it is told
    /// whether its message was received for the first time.
    pub fn take(&mut self, batch: &[u8], now: Instant, found: impl FnMut(FlowRef<'_>, bool)) {
        self.take_of(batch, |_| 0, now, found);
    }

    /// The same of senders with scopes: `scope` says that of each `ResourceSpans`, by its
    /// number from 0 on, as a part of a hash. Only what has the same is joined.
    pub fn take_of(
        &mut self,
        batch: &[u8],
        scope: impl Fn(u32) -> u64,
        now: Instant,
        mut found: impl FnMut(FlowRef<'_>, bool),
    ) {
        let Self {
            reader,
            consumers,
            sites,
            known,
        } = self;
        let now = known.since(now);
        known.forget(now);
        reader.spans(batch, scope, |span| {
            let role = span.role();
            if role == Role::Producer {
                known.produce(span, sites, now, true, &mut found);
            } else if role == Role::Consumer || span.has_links() {
                consumers.add(span, role, || end_of(span, sites));
            }
        });
        for (candidate, claims) in consumers.iter() {
            known.consume(candidate, claims, now, &mut found);
        }
        consumers.clear();
    }

    /// What of the batches since the last time concerns other hosts, where that is kept.
    pub fn outside(&mut self) -> Outside {
        std::mem::take(&mut self.known.outside)
    }

    /// A consumer of this scope waits for this producer.
    #[must_use]
    pub fn awaits(&self, producer: &Context, scope: u64) -> bool {
        let hash = self.known.hashes.of(producer, scope);
        self.known.waiting.is_for(hash)
    }

    /// Takes producers that passed other hosts as if they had passed here, and gives
    /// `found` the flows of those that wait for them.
    pub fn learn<'a>(
        &mut self,
        ends: impl IntoIterator<Item = ToldEnd<'a>>,
        now: Instant,
        mut found: impl FnMut(FlowRef<'_>, bool),
    ) {
        let Self {
            reader,
            sites,
            known,
            ..
        } = self;
        let now = known.since(now);
        known.forget(now);
        for end in ends {
            let span = reader.told(&end);
            known.produce(&span, sites, now, false, &mut found);
        }
    }

    /// How many producers are kept, and how many claims wait.
    #[must_use]
    pub fn kept(&self) -> (usize, usize) {
        (self.known.producers.len(), self.known.waiting.len())
    }
}

impl Known {
    fn new(options: PassingOptions, hashes: Hashes, now: Instant) -> Self {
        Self {
            hashes,
            producers: Producers::default(),
            waiting: Waiting::default(),
            told: Told {
                hashes,
                deliveries: Seen::new(options.max_spans),
                messages: Seen::new(options.max_spans),
                pairs: Seen::new(options.max_spans),
            },
            outside: Outside::default(),
            begun: now,
            aged: Millis(0),
            options,
        }
    }

    fn produce(
        &mut self,
        span: &SpanFacts<'_>,
        sites: &mut Sites,
        now: Millis,
        is_here: bool,
        found: &mut impl FnMut(FlowRef<'_>, bool),
    ) {
        let hash = self.hashes.of(&span.context(), span.service.scope);
        let most = self.options.max_spans;
        // Sent again by a client that had no answer.
        let is_new = self.producers.add(hash, now, most, || end_of(span, sites));
        if !is_new {
            return;
        }
        if is_here
            && self.options.shares
            && let Some(producer) = self.producers.get(hash)
        {
            let told = (span.service.resource, producer.end.clone());
            self.outside.produced.push(told);
        }
        let Some(waiter) = self.waiting.take(hash) else {
            return;
        };
        if let Some(producer) = self.producers.get(hash) {
            for (candidate, claim) in waiter.all() {
                self.told.tell(producer, &candidate, &claim, found);
            }
        }
    }

    fn consume(
        &mut self,
        candidate: &Candidate,
        claims: &[Claim],
        now: Millis,
        found: &mut impl FnMut(FlowRef<'_>, bool),
    ) {
        for (place, claim) in claims.iter().enumerate() {
            // A parent is the last claim.
            let mut linked = claims.iter().take(place);
            if claim.is_parent() && linked.any(|link| link.target.trace == claim.target.trace) {
                continue;
            }
            let hash = self.hashes.of(&claim.target, candidate.scope);
            if let Some(producer) = self.producers.get(hash) {
                self.told.tell(producer, candidate, claim, found);
            } else if claim.may_come() {
                let most = self.options.max_spans;
                self.waiting.add(hash, (candidate, claim), now, most);
                if self.options.shares {
                    let asked = (candidate.resource, claim.target);
                    self.outside.missed.push(asked);
                }
            }
        }
    }

    fn since(&self, now: Instant) -> Millis {
        let passed = now.saturating_duration_since(self.begun).as_millis();
        Millis(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    fn forget(&mut self, now: Millis) {
        let live = self.options.time_to_live.as_millis();
        let is_old = |at: Millis| u128::from(now.0.saturating_sub(at.0)) > live;
        self.producers.forget(is_old);
        self.waiting.forget(is_old);
        if is_old(self.aged) {
            self.aged = now;
            self.told.age();
        }
    }
}

impl Told {
    /// Tells of a flow, if it is one and was not told.
    fn tell(
        &mut self,
        producer: &mut Producer,
        candidate: &Candidate,
        claim: &Claim,
        found: &mut impl FnMut(FlowRef<'_>, bool),
    ) {
        let Some(joined) = candidate.joined(claim, &producer.end, Role::Producer) else {
            return;
        };
        let id = candidate.message(claim).map(|message| message.hash);
        let message = Hashes::message(producer.hash, id);
        let pair = Hashes::pair(message, &candidate.end.context);
        // Sent again by a client that had no answer.
        if !is_first(&mut producer.pair, &mut self.pairs, pair) {
            return;
        }
        let is_again = self.is_again(&producer.end, candidate);
        let is_new = !is_again && is_first(&mut producer.message, &mut self.messages, message);
        let mut flow = candidate.flow(claim, &producer.end, joined);
        flow.is_again = is_again;
        found(flow, is_new);
    }

    /// Another span of the consumer's service told of it otherwise.
    fn is_again(&mut self, producer: &End, candidate: &Candidate) -> bool {
        let is_receiving = candidate.is_receiving;
        let delivery = self.hashes.delivery(producer, &candidate.end);
        let before = self.deliveries.note(delivery, is_receiving);
        before.is_some_and(|before| before != is_receiving)
    }

    fn age(&mut self) {
        self.deliveries.age();
        self.messages.age();
        self.pairs.age();
    }
}

/// Whether it was not seen before. The first of a producer is kept with it, and only
/// others take room of their own.
fn is_first(first: &mut Option<u64>, others: &mut Seen, what: u64) -> bool {
    match first {
        None => {
            *first = Some(what);
            true
        }
        Some(first) => *first != what && others.note(what, true).is_none(),
    }
}
