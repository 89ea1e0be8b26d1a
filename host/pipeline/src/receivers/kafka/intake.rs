//! A message becomes a batch, and the batch is handed on until it is taken.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use linkmend_kafka::{Acknowledgement, BoxFuture, Event, Handler, Message};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::{Id, KafkaEncoding, KafkaReceiver, MessageMarking, Retry};
use crate::json;
use crate::signal::Signal;
use crate::telemetry::logs::Throttle;
use crate::telemetry::metrics::{KafkaReceiverMetrics, ReceiverMetrics};
use crate::telemetry::traces::ComponentSpan;
use crate::traces::{ConsumeResult, NextConsumers, Refusal, RefusalKind, Traces};
use crate::workers::{Aside, Panicked, processors};

/// The first wait before a batch is handed on again, and the longest, where nothing is
/// said of them.
const WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(30)];
/// How long a batch may still take that is on its way when all is to end.
const GRACE: Duration = Duration::from_secs(5);
/// From this size on, a message is not read between other tasks.
const LARGE: usize = 256 << 10;

/// Takes the messages of a receiver.
pub(super) struct Intake(pub(super) Arc<Shared>);

/// What all messages have in common.
pub(super) struct Shared {
    id: Id,
    by_topic: HashMap<String, (Signal, KafkaEncoding)>,
    consumers: NextConsumers,
    marking: MessageMarking,
    backoff: Option<Retry>,
    include_metadata: bool,
    metrics: ReceiverMetrics,
    offsets: KafkaReceiverMetrics,
    reading: Aside,
    stop: CancellationToken,
    said_bad: Throttle,
    said_refused: Throttle,
    said_again: Throttle,
    said_trouble: Throttle,
}

/// Where a message stands, for people.
struct Place<'m>(&'m Message);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message {
            topic,
            partition,
            offset,
            ..
        } = self.0;
        write!(f, "topic {topic}, partition {partition}, offset {offset}")
    }
}

impl Shared {
    pub(super) fn new(
        id: Id,
        config: &KafkaReceiver,
        by_topic: HashMap<String, (Signal, KafkaEncoding)>,
        consumers: NextConsumers,
        (metrics, offsets): (ReceiverMetrics, KafkaReceiverMetrics),
        stop: CancellationToken,
    ) -> Self {
        Self {
            id,
            by_topic,
            consumers,
            marking: config.marking,
            backoff: config.backoff.clone(),
            include_metadata: config.include_metadata,
            metrics,
            offsets,
            reading: Aside::new(processors()),
            stop,
            said_bad: Throttle::default(),
            said_refused: Throttle::default(),
            said_again: Throttle::default(),
            said_trouble: Throttle::default(),
        }
    }

    async fn message(&self, message: Message) -> Acknowledgement {
        // Topics are those that were subscribed to.
        let Some((signal, encoding)) = self.by_topic.get(&*message.topic).copied() else {
            return Acknowledgement::Commit;
        };
        // One that only says that a key has gone.
        if message.value.is_empty() {
            return Acknowledgement::Commit;
        }
        let acknowledgement = match self.read(signal, encoding, message.value.clone()).await {
            Ok(batch) if batch.is_empty() => Acknowledgement::Commit,
            Ok(batch) => {
                let metadata = self.include_metadata.then(|| Arc::new(headers(&message)));
                self.batch(batch.with_metadata(metadata), &message).await
            }
            Err(text) => self.unreadable(signal, &text, &message),
        };
        let (bytes, is_taken) = (
            message.value.len(),
            acknowledgement == Acknowledgement::Commit,
        );
        self.offsets
            .record(&message.topic, message.partition, bytes, is_taken);
        acknowledgement
    }

    async fn read(
        &self,
        signal: Signal,
        encoding: KafkaEncoding,
        value: Bytes,
    ) -> Result<Traces, String> {
        let is_large = value.len() >= LARGE;
        let read = move || {
            let batch = match encoding {
                KafkaEncoding::OtlpProto => value,
                KafkaEncoding::OtlpJson => json::decode(signal, &value)?,
            };
            Traces::of(signal, batch).map_err(|error| error.to_string())
        };
        if !is_large {
            return read();
        }
        let read = self.reading.run(read).await;
        read.unwrap_or_else(|Panicked| Err("it cannot be read; see linkmend's log".into()))
    }

    fn unreadable(&self, signal: Signal, text: &str, message: &Message) -> Acknowledgement {
        self.metrics.failed();
        self.offsets
            .unreadable(signal, &message.topic, message.partition);
        let acknowledgement = self.for_good();
        let what = what_then(acknowledgement);
        self.said_bad.tell(|more| {
            let place = Place(message);
            tracing::error!(receiver = %self.id, "{place}: it is no OTLP {signal}: {text}; {what}{more}");
        });
        acknowledgement
    }

    /// What becomes of a message that will never be taken.
    fn for_good(&self) -> Acknowledgement {
        if self.marking.blocks() {
            Acknowledgement::Hold
        } else {
            Acknowledgement::Commit
        }
    }

    async fn batch(&self, batch: Traces, message: &Message) -> Acknowledgement {
        let (signal, items) = (batch.signal(), batch.items());
        let taken = self.until_taken(batch, message).await;
        let Some(taken) = taken else {
            // It is read again by whoever has the partition next.
            return Acknowledgement::Hold;
        };
        self.metrics.taken(signal, items, &taken);
        let place = Place(message);
        match taken {
            Ok(accepted) => {
                if accepted.rejected > 0 {
                    self.said_refused.tell(|more| {
                        let (count, text) = (accepted.rejected, accepted.message);
                        let items = signal.items();
                        tracing::warn!(receiver = %self.id, "{place}: {count} {items} were refused: {text}{more}");
                    });
                }
                Acknowledgement::Commit
            }
            Err(refusal) => {
                if refusal.kind == RefusalKind::Malformed {
                    self.offsets
                        .unreadable(signal, &message.topic, message.partition);
                }
                let acknowledgement = if !refusal.is_retryable() {
                    self.for_good()
                } else if self.marking.after && !self.marking.on_error {
                    Acknowledgement::Hold
                } else {
                    Acknowledgement::Commit
                };
                let what = what_then(acknowledgement);
                self.said_refused.tell(|more| {
                    tracing::error!(receiver = %self.id, "{place}: it was not taken: {refusal}; {what}{more}");
                });
                acknowledgement
            }
        }
    }

    /// Hands a batch on until it is taken, or refused for good, or tried for long enough;
    /// `None` if all ends before.
    async fn until_taken(&self, batch: Traces, message: &Message) -> Option<ConsumeResult> {
        let signal = batch.signal();
        let Some(next) = self.consumers.of(signal) else {
            return Some(Err(Refusal::permanent(format!(
                "no pipeline takes {signal}"
            ))));
        };
        let mut waits = Waits::new(self.backoff.as_ref());
        loop {
            let headers = batch.metadata();
            let stage = ComponentSpan::receiver(&self.id, signal, "kafka", headers);
            let taking = stage.run(batch.items(), next.take(batch.clone()));
            let mut taking = std::pin::pin!(taking);
            // When all is to end, what is on its way has a little time left.
            let taken = tokio::select! {
                taken = &mut taking => taken,
                () = self.stop.cancelled() => timeout(GRACE, taking).await.ok()?,
            };
            let Err(refusal) = &taken else {
                return Some(taken);
            };
            let RefusalKind::Retry(least) = refusal.kind else {
                return Some(taken);
            };
            let Some(pause) = waits.next(least) else {
                return Some(taken);
            };
            self.said_again.tell(|more| {
                let place = Place(message);
                tracing::warn!(receiver = %self.id, "{place}: it is handed on again in {pause:?}: {refusal}{more}");
            });
            self.stop.run_until_cancelled(sleep(pause)).await?;
        }
    }
}

fn what_then(acknowledgement: Acknowledgement) -> &'static str {
    match acknowledgement {
        Acknowledgement::Commit => "it is skipped",
        Acknowledgement::Hold => {
            "its partition goes on when linkmend starts again (`message_marking`)"
        }
    }
}

impl Handler for Intake {
    fn take(&self, message: Message) -> BoxFuture<'static, Acknowledgement> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { shared.message(message).await })
    }

    fn told(&self, event: Event) {
        let Shared {
            id,
            offsets,
            said_trouble,
            ..
        } = &*self.0;
        match event {
            Event::Given(topic, partition) => {
                offsets.given();
                tracing::info!(receiver = %id, topic, partition, "a partition is read here from now on");
            }
            Event::Gone(topic, partition) => {
                offsets.gone(&topic, partition);
                tracing::info!(receiver = %id, topic, partition, "a partition is not read here any more");
            }
            Event::Position(topic, partition, offset, lag) => {
                offsets.position(&topic, partition, offset, lag);
            }
            Event::Trouble(text) => said_trouble.tell(|more| {
                tracing::error!(receiver = %id, "Kafka: {text}; it is tried again{more}");
            }),
            Event::Works => tracing::info!(receiver = %id, "messages of Kafka are read"),
        }
    }
}

/// The waits of one batch: as they are configured, or longer and longer without an end.
struct Waits<'r> {
    retry: Option<&'r Retry>,
    begun: Instant,
    next: Duration,
}

impl<'r> Waits<'r> {
    fn new(retry: Option<&'r Retry>) -> Self {
        Self {
            retry,
            begun: Instant::now(),
            next: retry.map_or(WAITS[0], |retry| retry.initial_interval),
        }
    }

    fn next(&mut self, least: Option<Duration>) -> Option<Duration> {
        let (longest, factor, chance) = self.retry.map_or((WAITS[1], 2.0, 0.0), |retry| {
            (
                retry.max_interval,
                retry.multiplier,
                retry.randomization_factor,
            )
        });
        let by_chance = 1.0 + chance * (fastrand::f64() * 2.0 - 1.0);
        let wait = self.next.min(longest).as_secs_f64() * by_chance;
        let wait = Duration::try_from_secs_f64(wait).unwrap_or(longest);
        let wait = wait.max(least.unwrap_or_default());
        let grown = self.next.as_secs_f64() * factor;
        self.next =
            Duration::try_from_secs_f64(grown.min(longest.as_secs_f64())).unwrap_or(longest);
        let most = self.retry.map(|retry| retry.max_elapsed_time);
        let is_over =
            most.is_some_and(|most| !most.is_zero() && self.begun.elapsed() + wait > most);
        (!is_over).then_some(wait)
    }
}

/// The headers of a message, as those of a request. Names and values that such cannot have
/// are left out.
fn headers(message: &Message) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &message.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = value.as_ref().map(|value| HeaderValue::from_bytes(value));
        if let (Ok(name), Some(Ok(value))) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}
