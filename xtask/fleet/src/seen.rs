//! What arrived, compared with what is true: consumer `2n + 2` is of the message that
//! producer `2n + 1` sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linkmend_hop::sink::Show;
use linkmend_tests::otlp::{consumer, producer, spans};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use parking_lot::Mutex;
use prost::Message as _;

/// Producer and consumer of a message.
pub fn pair(message: u64) -> (Span, Span) {
    let id = format!("6f1c2b7e-{message:012x}");
    (
        producer(2 * message + 1, &id),
        consumer(2 * message + 2, &id),
    )
}

/// What arrived so far.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How often each span came.
    times: HashMap<u64, u32>,
    /// By message.
    consumers: HashMap<u64, Consumer>,
}

/// A consumer, as it came the last time.
#[derive(Clone, Copy)]
pub struct Consumer {
    pub at: Instant,
    pub is_linked: bool,
    /// Links to others than its producer.
    pub wrong: u32,
}

/// How much of what is true was found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Judgement {
    pub linked: u64,
    pub missed: u64,
    pub wrong: u64,
}

impl Judgement {
    pub fn recall(&self) -> f64 {
        self.linked as f64 / (self.linked + self.missed).max(1) as f64
    }

    pub fn precision(&self) -> f64 {
        self.linked as f64 / (self.linked + self.wrong).max(1) as f64
    }
}

impl Seen {
    /// To be shown batches.
    pub fn show(&self) -> Show {
        let seen = self.clone();
        Arc::new(move |bytes| seen.add(bytes))
    }

    fn add(&self, bytes: &[u8]) {
        let Ok(batch) = TracesData::decode(bytes) else {
            return;
        };
        let at = Instant::now();
        let mut state = self.0.lock();
        for span in spans(&batch) {
            let number = number(&span.span_id);
            *state.times.entry(number).or_default() += 1;
            if span.kind != 5 {
                continue;
            }
            let to: Vec<_> = span
                .links
                .iter()
                .map(|link| self::number(&link.span_id))
                .collect();
            let right = to.iter().filter(|to| **to + 1 == number).count();
            let consumer = Consumer {
                at,
                is_linked: right > 0,
                wrong: (to.len() - right) as u32,
            };
            state.consumers.insert((number - 2) / 2, consumer);
        }
    }

    /// The messages whose producers came.
    pub fn producers(&self) -> std::collections::HashSet<u64> {
        let state = self.0.lock();
        let producers = state.times.keys().filter(|number| *number % 2 == 1);
        producers.map(|number| number / 2).collect()
    }

    /// Different spans.
    pub fn count(&self) -> u64 {
        self.0.lock().times.len() as u64
    }

    /// Spans that came more than once.
    pub fn repeated(&self) -> u64 {
        let state = self.0.lock();
        state.times.values().filter(|times| **times > 1).count() as u64
    }

    pub fn consumer(&self, message: u64) -> Option<Consumer> {
        self.0.lock().consumers.get(&message).copied()
    }

    /// Of these messages; a consumer that did not come has no link.
    pub fn judge(&self, messages: impl Iterator<Item = u64>) -> Judgement {
        let state = self.0.lock();
        let mut judgement = Judgement::default();
        for message in messages {
            match state.consumers.get(&message) {
                Some(consumer) => {
                    judgement.linked += u64::from(consumer.is_linked);
                    judgement.missed += u64::from(!consumer.is_linked);
                    judgement.wrong += u64::from(consumer.wrong);
                }
                None => judgement.missed += 1,
            }
        }
        judgement
    }

    /// Until so many spans have come, or so much time is over.
    pub async fn wait(&self, spans: u64, within: Duration) {
        let begun = Instant::now();
        while self.count() < spans && begun.elapsed() < within {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn number(id: &[u8]) -> u64 {
    id.try_into().map_or(0, u64::from_be_bytes)
}

/// The value that so many of a hundred are below.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (share * values.len() as f64) as usize;
    let place = place.min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or(f64::NAN)
}
