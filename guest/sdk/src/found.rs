//! What is known of the messages that a span awaits.

use std::ops::Range;

use linkmend_wire::links::Context;

use crate::interface::{IndexError, MessageKey, Producer, Recalled};
use crate::keys::Keys;
use crate::traces::Span;

/// By how much the clocks of two machines may differ, in nanoseconds: a
/// producer may seem to start so much after its consumer.
pub const CLOCK_SKEW: u64 = 5_000_000_000;

/// A link's flags say that its context is remote (bit 9), and that this is
/// known (bit 8).
const IS_REMOTE: u32 = 0x300;
/// The flags that W3C Trace Context has.
const TRACE_FLAGS: u32 = 0xff;

/// A span that produced a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerSpan<'a> {
    /// W3C trace id, big-endian. Not 0.
    pub trace_id: u128,
    /// W3C span id, big-endian. Not 0.
    pub span_id: u64,
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// OTLP flags of the span.
    pub flags: u32,
    /// Nanoseconds since the Unix epoch.
    pub start: u64,
    /// Nanoseconds since the Unix epoch.
    pub end: u64,
    /// What was remembered with it ([`Keys::set_hint`]).
    pub hint: u16,
    /// How good a producer it is: 0 is best.
    pub rank: u8,
}

impl<'a> From<ProducerSpan<'a>> for Context<'a> {
    /// What a link to the producer points at. The flags of a span are about its
    /// parent, those of a link about what it points at: another process.
    fn from(producer: ProducerSpan<'a>) -> Self {
        Self {
            trace_id: producer.trace_id,
            span_id: producer.span_id,
            trace_state: producer.trace_state,
            flags: producer.flags & TRACE_FLAGS | IS_REMOTE,
        }
    }
}

/// What is known of the messages that a span awaits: one [`Awaited`] for each
/// key, in the order in which the rule named them.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    batch: &'a Answer,
    keys: Range<usize>,
    /// The span itself.
    own: (u128, u64),
}

/// What is known of one message.
#[derive(Debug, Clone, Copy)]
pub struct Awaited<'a> {
    /// The last part of its key: the id that tells it from the others.
    pub id: &'a str,
    /// Its key.
    pub key: MessageKey,
    producers: &'a [Producer],
    texts: &'a [u8],
    own: (u128, u64),
}

impl<'a> Found<'a> {
    /// The messages, in the order in which the rule named them.
    pub fn iter(&self) -> impl Iterator<Item = Awaited<'a>> + use<'a> {
        let (batch, own) = (self.batch, self.own);
        self.keys
            .clone()
            .map(move |number| batch.awaited(number, own))
    }

    /// How many messages the span awaits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The span awaits nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Of each message that has producers, the nearest one to the span: see
    /// [`Awaited::nearest`].
    pub fn nearest(&self, span: &Span<'_>) -> impl Iterator<Item = ProducerSpan<'a>> + use<'a> {
        let start = span.start;
        self.iter()
            .filter_map(move |awaited| awaited.started_by(start))
    }
}

impl<'a> Awaited<'a> {
    /// Its producers, at most 4: by rank, then the latest start first. The span
    /// itself is never among them.
    pub fn producers(&self) -> impl Iterator<Item = ProducerSpan<'a>> + use<'a> {
        let (texts, own) = (self.texts, self.own);
        self.producers
            .iter()
            .map(move |producer| view(producer, texts))
            .filter(move |producer| (producer.trace_id, producer.span_id) != own)
    }

    /// A producer is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.producers().next().is_some()
    }

    /// The producer that is nearest to the span: of the best rank, the one with
    /// the latest start that is not after the span's own, [`CLOCK_SKEW`] apart.
    #[must_use]
    pub fn nearest(&self, span: &Span<'_>) -> Option<ProducerSpan<'a>> {
        self.started_by(span.start)
    }

    fn started_by(&self, start: u64) -> Option<ProducerSpan<'a>> {
        let latest = start.saturating_add(CLOCK_SKEW);
        self.producers().find(|producer| producer.start <= latest)
    }
}

fn view<'a>(producer: &Producer, texts: &'a [u8]) -> ProducerSpan<'a> {
    let start = producer.trace_state.offset as usize;
    let range = start..start.saturating_add(producer.trace_state.length as usize);
    ProducerSpan {
        trace_id: u128::from(producer.trace_id_high) << 64 | u128::from(producer.trace_id_low),
        span_id: producer.span_id,
        trace_state: texts.get(range).unwrap_or_default(),
        flags: producer.flags,
        start: producer.start,
        end: producer.end,
        hint: producer.hint,
        rank: producer.rank,
    }
}

/// What the index answered for a batch.
#[derive(Debug)]
pub(crate) struct Answer {
    keys: Keys,
    producers: Vec<Producer>,
    texts: Vec<u8>,
    /// By key: where its producers begin. One more at the end.
    starts: Vec<usize>,
}

impl Answer {
    /// An answer to nothing yet; `keys` are those that are to be looked up.
    pub(crate) fn to(keys: Keys) -> Self {
        Self {
            keys,
            producers: Vec::new(),
            texts: Vec::new(),
            starts: vec![0],
        }
    }

    /// Takes in what is known of the next `asked` keys.
    pub(crate) fn take(&mut self, asked: usize, recalled: Recalled) -> Result<(), IndexError> {
        if recalled.counts.len() != asked {
            return Err(IndexError::Malformed);
        }
        let before = self.texts.len() as u32;
        let mut end = self.producers.len();
        for count in &recalled.counts {
            // 5 says that there were more than the 4 that are given.
            end += usize::from(*count).min(4);
            self.starts.push(end);
        }
        self.texts.extend_from_slice(&recalled.texts);
        for mut producer in recalled.producers {
            producer.trace_state.offset = producer.trace_state.offset.saturating_add(before);
            self.producers.push(producer);
        }
        if end == self.producers.len() {
            Ok(())
        } else {
            Err(IndexError::Malformed)
        }
    }

    /// What is known of those of the keys that `span` awaits.
    pub(crate) fn found(&self, keys: Range<usize>, span: &Span<'_>) -> Found<'_> {
        let own = span.context();
        Found {
            batch: self,
            keys,
            own: own.map_or((0, 0), |own| (own.trace_id, own.span_id)),
        }
    }

    fn awaited(&self, number: usize, own: (u128, u64)) -> Awaited<'_> {
        let start_of = |number| self.starts.get(number).copied().unwrap_or_default();
        let producers = self.producers.get(start_of(number)..start_of(number + 1));
        let key = self.keys.all().get(number).map(|named| named.key);
        Awaited {
            id: self.keys.id(number),
            key: key.unwrap_or(MessageKey { high: 0, low: 0 }),
            producers: producers.unwrap_or_default(),
            texts: &self.texts,
            own,
        }
    }
}
