//! Those of the producers of a message that can be the one, and how good each
//! is.

use linkmend_rule::Producer;

use crate::producers::trace_id;
use crate::records::SpanRecord;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The span that the link is for.
    pub span: &'a SpanRecord,
    /// How far clocks may differ.
    pub skew: u64,
    /// What the link says already: 0, or the trace id.
    pub trace_id: u128,
    /// What the link says already: 0, or the span id.
    pub span_id: u64,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice<'a> {
    /// No producer that can be it.
    None,
    /// None, but some that would be if they had started earlier.
    TooLate,
    /// The producer, and whether the message alone names it: by its place in a
    /// log, or by an id that the broker gave.
    One(&'a Producer, bool),
    /// Several that can be it, the latest first.
    Several([Option<&'a Producer>; MOST], Doubt),
}

/// Why there is no way to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// They started at the same time.
    Simultaneous,
    /// Traces that never consumed the message sent it, so that these are several
    /// messages under one id; or more than are looked at.
    ReusedId,
    /// Several traces claim one place in a log, so that nobody knows it.
    ContestedOffset,
    /// Consumers of this topic name several clusters, and the producer none.
    UnknownCluster,
}

/// So many producers of a key the index gives.
pub const MOST: usize = 4;

/// Two producers that start as close together as this, in nanoseconds, can
/// not be told apart by time.
const SIMULTANEOUS: u64 = 1_000;

/// Those that can be it, the best first.
pub type Candidates<'p> = Vec<(Order, &'p Producer)>;

impl Search<'_> {
    /// Those that can be it, the best first; and whether there are others that
    /// started too late. Of a trace that created the message only who created
    /// it is one: the others send what it made.
    pub fn candidates<'p>(&self, known: &'p [Producer]) -> (Candidates<'p>, bool) {
        let mut is_late = false;
        let mut found: Candidates<'p> = Vec::new();
        for producer in known {
            match self.fit(producer) {
                Fit::InTime | Fit::WithinSkew => found.push((self.order(producer), producer)),
                Fit::TooLate => is_late = true,
                Fit::Itself | Fit::Disagrees | Fit::Effect => {}
            }
        }
        let creators: Vec<u128> = found
            .iter()
            .filter(|(_, producer)| producer.rank == 0)
            .map(|(_, producer)| trace_id(producer))
            .collect();
        let sends = |(_, producer): &(Order, &Producer)| {
            producer.rank == 0 || !creators.contains(&trace_id(producer))
        };
        found.retain(sends);
        // At most four.
        found.sort_unstable_by_key(|(order, _)| *order);
        (found, is_late)
    }

    /// Whether a producer can be the one.
    #[inline]
    pub fn fit(&self, producer: &Producer) -> Fit {
        let span = self.span;
        let trace = trace_id(producer);
        let is_own = trace == span.trace_id;
        let agrees = (self.trace_id == 0 || self.trace_id == trace)
            && (self.span_id == 0 || self.span_id == producer.span_id);
        if is_own && producer.span_id == span.span_id {
            Fit::Itself
        } else if !agrees {
            Fit::Disagrees
        } else if is_own && producer.start > span.effects_after {
            Fit::Effect
        } else if producer.start > span.limit.saturating_add(self.skew) {
            Fit::TooLate
        } else if producer.start > span.limit {
            Fit::WithinSkew
        } else {
            Fit::InTime
        }
    }

    /// How good a producer is that can be the one.
    fn order(&self, producer: &Producer) -> Order {
        Order {
            late: producer.start > self.span.limit,
            start: core::cmp::Reverse(producer.start),
            rank: producer.rank,
            identity: (trace_id(producer), producer.span_id),
        }
    }
}

/// Whether a producer can be the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It can be.
    InTime,
    /// It can be, if the clocks differ.
    WithinSkew,
    /// It is the span itself.
    Itself,
    /// The link names another one.
    Disagrees,
    /// It started after the message was received, whatever the clocks.
    TooLate,
    /// It is of the consumer's own trace, and started after the consumer: what
    /// the consumer sent on is not where its message came from.
    Effect,
}

/// The best is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// It seems to start after its consumer, by less than clocks differ.
    pub late: bool,
    start: core::cmp::Reverse<u64>,
    rank: u8,
    identity: (u128, u64),
}

/// An id that the broker, or the library, gave names one message: what was sent
/// under it several times was sent again, and the latest counts.
pub fn by_time<'p>(candidates: &Candidates<'p>, proven: bool) -> Choice<'p> {
    let Some((best_order, best)) = candidates.first() else {
        return Choice::None;
    };
    let rivals = candidates.iter().filter(|(order, producer)| {
        let apart = best.start.abs_diff(producer.start);
        let tied = apart == 0 || (trace_id(best) != trace_id(producer) && apart <= SIMULTANEOUS);
        order.late == best_order.late && producer.rank == best.rank && tied
    });
    let rivals: Vec<_> = rivals.copied().collect();
    if rivals.len() > 1 {
        Choice::Several(several(&rivals), Doubt::Simultaneous)
    } else {
        Choice::One(best, proven)
    }
}

/// The latest producer of a message whose id the application gave, where they
/// are a chain.
pub fn latest<'p>(candidates: &Candidates<'p>) -> Choice<'p> {
    by_time(candidates, false)
}

/// Candidates as a choice has them.
pub fn several<'p>(candidates: &[(Order, &'p Producer)]) -> [Option<&'p Producer>; MOST] {
    let mut several = [None; MOST];
    for (place, (_, producer)) in several.iter_mut().zip(candidates) {
        *place = Some(*producer);
    }
    several
}
