//! What the index knows of the keys of a batch, and the choice among several
//! producers of one message.

use linkmend_rule::{IndexError, Producer, Recalled, Text};

use crate::records::{Run, SpanRecord};

/// What the index knows of the keys of a batch.
#[derive(Debug, Default)]
pub struct Producers {
    known: Vec<Producer>,
    texts: Vec<u8>,
    counts: Vec<u8>,
    /// Where the producers of a key begin, and of the last one end.
    starts: Vec<u32>,
}

/// More producers were seen than the index keeps.
const MORE: u8 = 5;

impl Producers {
    /// Takes the answer of the index for `wanted` keys.
    ///
    /// # Errors
    ///
    /// An answer that does not fit the question.
    pub fn take(&mut self, recalled: Recalled, wanted: usize) -> Result<(), IndexError> {
        self.starts.clear();
        self.starts.push(0);
        let mut end = 0;
        for &count in &recalled.counts {
            end += u32::from(count.min(MORE - 1));
            self.starts.push(end);
        }
        self.known = recalled.producers;
        self.texts = recalled.texts;
        self.counts = recalled.counts;
        if self.counts.len() == wanted && self.known.len() == end as usize {
            Ok(())
        } else {
            Err(IndexError::Malformed)
        }
    }

    /// The producers of one key, and whether there were more.
    pub fn of(&self, key: usize) -> (&[Producer], bool) {
        let at = |key: usize| self.starts.get(key).copied().unwrap_or_default() as usize;
        let producers = self.known.get(at(key)..at(key + 1));
        let more = self.counts.get(key).is_some_and(|&count| count >= MORE);
        (producers.unwrap_or_default(), more)
    }

    /// The producers of all of `keys`.
    pub fn all(&self, keys: Run) -> impl Iterator<Item = &Producer> {
        keys.places().flat_map(|key| self.of(key).0)
    }

    /// A text of a producer.
    pub fn text(&self, text: Text) -> &[u8] {
        let start = text.offset as usize;
        self.texts
            .get(start..start + text.length as usize)
            .unwrap_or_default()
    }

    /// Chooses the producer of the message with these `keys` for a span: of
    /// the first key that leads to one.
    pub fn choose(&self, keys: Run, client_assigned: bool, search: &Search<'_>) -> Choice<'_> {
        let mut best = Choice::None;
        for key in keys.places() {
            let (producers, more) = self.of(key);
            match search.choose(producers, more && client_assigned) {
                Choice::None => {}
                Choice::TooLate => best = Choice::TooLate,
                found => return found,
            }
        }
        best
    }
}

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
    /// The producer.
    One(&'a Producer),
    /// Several that can be it, the latest first.
    Several([Option<&'a Producer>; 4]),
}

/// Two producers that start as close together as this, in nanoseconds, can
/// not be told apart by time.
const SIMULTANEOUS: u64 = 1_000;

impl Search<'_> {
    fn choose<'p>(&self, producers: &'p [Producer], too_many: bool) -> Choice<'p> {
        let mut found: [Option<(Order, &'p Producer)>; 4] = [None; 4];
        let mut count = 0;
        let mut is_late = false;
        for producer in producers {
            let order = match self.order(producer) {
                Fit::Fits(order) => order,
                Fit::TooLate => {
                    is_late = true;
                    continue;
                }
                Fit::Itself | Fit::Disagrees => continue,
            };
            if count < found.len() {
                // At most four: each goes to its place at once.
                let better = |entry: &&Option<(Order, _)>| entry.is_some_and(|(o, _)| o < order);
                let place = found.iter().take_while(better).count();
                if let Some(from) = found.get_mut(place..=count) {
                    from.rotate_right(1);
                }
                if let Some(entry) = found.get_mut(place) {
                    *entry = Some((order, producer));
                }
                count += 1;
            }
        }
        let [Some((best_order, best)), ..] = found else {
            return if is_late {
                Choice::TooLate
            } else {
                Choice::None
            };
        };
        let rivals = |(order, producer): (Order, &Producer)| {
            let apart = best.start.abs_diff(producer.start);
            let tied =
                apart == 0 || (trace_id(best) != trace_id(producer) && apart <= SIMULTANEOUS);
            too_many || order.before_time() == best_order.before_time() && tied
        };
        let mut several = [None; 4];
        let tied = found
            .iter()
            .flatten()
            .copied()
            .filter(|entry| rivals(*entry));
        let mut count = 0;
        for (place, (_, producer)) in several.iter_mut().zip(tied) {
            *place = Some(producer);
            count += 1;
        }
        if count == 1 && !too_many {
            Choice::One(best)
        } else {
            Choice::Several(several)
        }
    }

    /// How good a producer is.
    pub fn order(&self, producer: &Producer) -> Fit {
        let span = self.span;
        let trace = trace_id(producer);
        let is_itself = trace == span.trace_id && producer.span_id == span.span_id;
        let agrees = (self.trace_id == 0 || self.trace_id == trace)
            && (self.span_id == 0 || self.span_id == producer.span_id);
        if is_itself {
            return Fit::Itself;
        }
        if !agrees {
            return Fit::Disagrees;
        }
        if producer.start > span.limit.saturating_add(self.skew) {
            return Fit::TooLate;
        }
        // Within the skew of clocks a later one can be it, but one that
        // really went before is nearer: a task that is tried again is sent
        // anew, under the same id, by the very span that looks for its
        // producer. What that sends is in its own trace and after its start.
        let bound = if trace == span.trace_id {
            span.start
        } else {
            span.limit
        };
        Fit::Fits(Order {
            late: producer.start > bound,
            elsewhere: span.destination != 0 && producer.hint != span.destination,
            rank: producer.rank,
            start: core::cmp::Reverse(producer.start),
            identity: (trace, producer.span_id),
        })
    }
}

/// Whether a producer can be the one.
#[derive(Debug, Clone, Copy)]
pub enum Fit {
    /// It can be.
    Fits(Order),
    /// It is the span itself.
    Itself,
    /// The link names another one.
    Disagrees,
    /// It started after the message was received, whatever the clocks.
    TooLate,
}

/// The best is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// It seems to start after its consumer, by less than clocks differ.
    pub late: bool,
    /// It sent to another destination than the one that the message comes from.
    /// That alone is common (topic and subscription, exchange and queue); but
    /// who sent to the same one goes before one who published the message
    /// again, under the same id, to another.
    elsewhere: bool,
    rank: u8,
    start: core::cmp::Reverse<u64>,
    identity: (u128, u64),
}

impl Order {
    /// What goes before time.
    fn before_time(self) -> (bool, bool, u8) {
        (self.late, self.elsewhere, self.rank)
    }
}

/// The trace id of a producer.
#[inline]
pub fn trace_id(producer: &Producer) -> u128 {
    u128::from(producer.trace_id_high) << 64 | u128::from(producer.trace_id_low)
}
