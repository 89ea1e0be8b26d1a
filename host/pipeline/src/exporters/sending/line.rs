//! The way of one batch to the next hop: tries, waits, tries again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::occasion::Occasion;
use super::retry::Backoff;
use crate::config::{Id, Retry};
use crate::net::client::{Answered, Message, Unreadable};
use crate::signal::Signal;
use crate::telemetry::metrics::ExporterMetrics;
use crate::traces::{Accepted, BoxFuture, ConsumeResult, Refusal, RefusalKind, Traces};
use crate::workers::{Aside, Panicked, processors};

/// From this size on, encoding a batch is not done between other tasks.
const LARGE: usize = 64 << 10;

/// What became of one try: when it was taken, what the answer says.
pub(in crate::exporters) type Sent = Result<Answered<Accepted>, Refusal>;

/// Sends a batch once.
pub(in crate::exporters) trait Sender: Send + Sync + 'static {
    /// Whether batches are sent as they are, so that encoding them takes no time.
    fn is_verbatim(&self) -> bool;

    /// The batch as it is sent, once for all tries.
    fn encode(&self, traces: Bytes) -> Result<Message, Refusal>;

    /// Sends it; nobody waits for the answer after the deadline.
    fn send(&self, message: Message, deadline: Option<Instant>) -> BoxFuture<'_, Sent>;
}

/// Sends batches of one signal until they are taken or it is given up, and
/// counts them.
pub(super) struct Line {
    id: Id,
    signal: Signal,
    sender: Arc<dyn Sender>,
    encoding: Aside,
    retry: Retry,
    metrics: ExporterMetrics,
    retries: Occasion,
    partials: Occasion,
    unreadable: Occasion,
}

impl Line {
    pub(super) fn new(
        id: &Id,
        signal: Signal,
        sender: Arc<dyn Sender>,
        retry: &Retry,
        metrics: ExporterMetrics,
    ) -> Self {
        Self {
            id: id.clone(),
            signal,
            sender,
            encoding: Aside::new(processors()),
            retry: retry.clone(),
            metrics,
            retries: Occasion::default(),
            partials: Occasion::default(),
            unreadable: Occasion::default(),
        }
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    pub(super) fn signal(&self) -> Signal {
        self.signal
    }

    pub(super) fn metrics(&self) -> &ExporterMetrics {
        &self.metrics
    }

    /// Sends a batch. When `stop` is cancelled, it waits no more: there is one
    /// last try.
    pub(super) async fn deliver(&self, traces: Traces, stop: &CancellationToken) -> ConsumeResult {
        let (items, deadline) = (traces.items() as u64, traces.deadline);
        // What is tried is what was encoded; the batch is not kept beside it.
        let taken = match self.encode(traces.into_bytes()).await {
            Ok(message) => self.attempts(message, deadline, stop).await,
            Err(refusal) => Err(refusal),
        };
        match &taken {
            Ok(accepted) => self.count(accepted, items),
            Err(_) => self.metrics.send_failed.inc_by(items),
        }
        taken
    }

    async fn encode(&self, traces: Bytes) -> Result<Message, Refusal> {
        if traces.len() < LARGE || self.sender.is_verbatim() {
            return self.sender.encode(traces);
        }
        let sender = Arc::clone(&self.sender);
        let encoded = self.encoding.run(move || sender.encode(traces)).await;
        encoded.unwrap_or_else(|Panicked| Err(Refusal::retry("encoding failed; see the log")))
    }

    async fn attempts(
        &self,
        message: Message,
        deadline: Option<Instant>,
        stop: &CancellationToken,
    ) -> ConsumeResult {
        let mut backoff = Backoff::new(&self.retry);
        loop {
            if is_over(deadline, Duration::ZERO) {
                return Err(Refusal::retry("the sender waits no more"));
            }
            let is_last = stop.is_cancelled();
            let refusal = match self.sender.send(message.clone(), deadline).await {
                Ok(answered) => return Ok(self.read(answered)),
                Err(refusal) => refusal,
            };
            let RefusalKind::Retry(least) = refusal.kind else {
                return Err(refusal);
            };
            let Some(wait) = backoff.next(least.unwrap_or_default()) else {
                return Err(refusal);
            };
            if is_last {
                return Err(refusal);
            }
            if is_over(deadline, wait) {
                return Err(Refusal::retry_after(wait, refusal.message));
            }
            self.tell_retry(&refusal, wait);
            tokio::select! {
                () = sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// What an answer says. The batch was taken even when it says nothing: what
    /// is wrong with an answer is between this exporter and the next hop.
    fn read(&self, answered: Answered<Accepted>) -> Accepted {
        answered.unwrap_or_else(|unreadable| {
            self.metrics.unreadable_answers.inc();
            self.tell_unreadable(&unreadable);
            Accepted::default()
        })
    }

    fn tell_unreadable(&self, unreadable: &Unreadable) {
        if let Some(more) = self.unreadable.is_due() {
            tracing::error!(
                exporter = %self.id,
                error = %unreadable,
                not_told = more,
                "the next hop took a batch, and its answer cannot be read: whether it took all \
                 of it is not known"
            );
        }
    }

    fn tell_retry(&self, refusal: &Refusal, wait: Duration) {
        if let Some(more) = self.retries.is_due() {
            tracing::warn!(
                exporter = %self.id,
                error = %refusal,
                wait = ?wait,
                not_told = more,
                "a batch could not be sent; it is tried again"
            );
        }
    }

    fn count(&self, accepted: &Accepted, items: u64) {
        let rejected = accepted.rejected.min(items);
        self.metrics.sent.inc_by(items - rejected);
        self.metrics.send_failed.inc_by(rejected);
        let is_told = rejected > 0 || !accepted.message.is_empty();
        if is_told && let Some(more) = self.partials.is_due() {
            tracing::warn!(
                exporter = %self.id,
                signal = self.signal.name(),
                rejected,
                said = accepted.message,
                not_told = more,
                "the next hop took a batch, but for this (partial success)"
            );
        }
    }
}

/// Whether the deadline comes before so long is over.
fn is_over(deadline: Option<Instant>, wait: Duration) -> bool {
    deadline.is_some_and(|deadline| deadline.saturating_duration_since(Instant::now()) <= wait)
}
