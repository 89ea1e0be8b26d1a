//! What goes through a pipeline, what takes it, and what is answered.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use linkmend_wire::WireError;

use crate::items::{self, Count};
use crate::signal::Signal;

/// A batch of one signal: an OTLP `TracesData`, `MetricsData`, …, as bytes.
#[derive(Debug, Clone)]
pub struct Traces {
    signal: Signal,
    bytes: Bytes,
    count: Count,
    /// Until when its sender waits for an answer, where that is known.
    pub deadline: Option<Instant>,
    /// What came with the request, if that is to be known.
    metadata: Option<Arc<HeaderMap>>,
}

impl Traces {
    /// Counts the spans of a batch; it does not look into them.
    ///
    /// # Errors
    ///
    /// When what is around the spans is not well-formed.
    pub fn new(bytes: Bytes) -> Result<Self, WireError> {
        Self::of(Signal::Traces, bytes)
    }

    /// Counts what a batch of a signal has; it does not look into that.
    ///
    /// # Errors
    ///
    /// When what is around it is not well-formed.
    pub fn of(signal: Signal, bytes: Bytes) -> Result<Self, WireError> {
        let count = items::count(signal, &bytes)?;
        Ok(Self {
            signal,
            bytes,
            count,
            deadline: None,
            metadata: None,
        })
    }

    /// A batch that linkmend itself has checked or made.
    pub(crate) fn checked(signal: Signal, bytes: Bytes) -> Self {
        let count = items::count(signal, &bytes).unwrap_or_default();
        Self {
            signal,
            bytes,
            count,
            deadline: None,
            metadata: None,
        }
    }

    /// The same with another deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same with what came with the request, or without it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Option<Arc<HeaderMap>>) -> Self {
        self.metadata = metadata;
        self
    }

    /// What came with the request; `None`: that is not known.
    pub fn metadata(&self) -> Option<&HeaderMap> {
        self.metadata.as_deref()
    }

    /// The same, for another batch.
    pub(crate) fn shared_metadata(&self) -> Option<Arc<HeaderMap>> {
        self.metadata.clone()
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it is of.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// How many items it has: spans, points of metrics, records of logs, samples
    /// of profiles.
    pub fn items(&self) -> usize {
        self.count.items
    }

    /// It says nothing, but perhaps of resources and scopes.
    pub fn is_empty(&self) -> bool {
        self.count.leaves == 0
    }

    /// The bytes alone.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

/// A batch was taken: it is where it was to go, or safe on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// How many items the receiver at the end refused for good (OTLP's partial
    /// success).
    pub rejected: u64,
    /// What it said of them, or as a warning.
    pub message: String,
}

impl Accepted {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.rejected = self.rejected.max(other.rejected);
        if !other.message.is_empty() && self.message != other.message {
            if !self.message.is_empty() {
                self.message.push_str("; ");
            }
            self.message.push_str(&other.message);
        }
        self
    }
}

/// A batch was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the sender may do.
    pub kind: RefusalKind,
    /// Why, for people.
    pub message: String,
}

/// What the sender of a batch that was not taken may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Send it again, after so long if that is known.
    Retry(Option<Duration>),
    /// Nothing: it is not well-formed.
    Malformed,
    /// Nothing: what it was sent on to will never take it.
    Permanent,
}

impl Refusal {
    /// To be sent again.
    pub fn retry(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Retry(None), message)
    }

    /// To be sent again after so long.
    pub fn retry_after(after: Duration, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Retry(Some(after)), message)
    }

    /// Not well-formed.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Malformed, message)
    }

    /// Never to be taken.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Permanent, message)
    }

    fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Sending it again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, RefusalKind::Retry(_))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// What became of a batch.
pub type ConsumeResult = Result<Accepted, Refusal>;

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the batches of each signal go to.
#[derive(Clone, Default)]
pub struct NextConsumers([Option<Arc<dyn Consumer>>; Signal::ALL.len()]);

impl NextConsumers {
    /// Sends those of a signal to a consumer.
    #[must_use]
    pub fn with(mut self, signal: Signal, consumer: Arc<dyn Consumer>) -> Self {
        if let Some(head) = self.0.get_mut(signal as usize) {
            *head = Some(consumer);
        }
        self
    }

    /// The consumer for a signal, if any takes it.
    pub fn of(&self, signal: Signal) -> Option<&Arc<dyn Consumer>> {
        self.0.get(signal as usize)?.as_ref()
    }

    /// The signals that are taken.
    pub fn signals(&self) -> impl Iterator<Item = Signal> {
        let signals = Signal::ALL.into_iter();
        signals.filter(|signal| self.of(*signal).is_some())
    }
}

/// What takes batches: the first processor of a pipeline, the next one, an
/// exporter.
pub trait Consumer: Send + Sync {
    /// Takes a batch. `Ok` is what the sender is told: from there on the batch
    /// is not the sender's any more. Whoever drops the future before is not
    /// interested any more, and the batch may or may not have gone on.
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult>;
}
