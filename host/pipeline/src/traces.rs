//! What goes through a pipeline, what takes it, and what is answered.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend_wire::{WireError, count_spans};

/// A batch: an OTLP `TracesData`, as bytes.
#[derive(Debug, Clone)]
pub struct Traces {
    bytes: Bytes,
    spans: usize,
    /// Until when its sender waits for an answer, where that is known.
    pub deadline: Option<Instant>,
}

impl Traces {
    /// Counts the spans of a batch; it does not look into them.
    ///
    /// # Errors
    ///
    /// When what is around the spans is not well-formed.
    pub fn new(bytes: Bytes) -> Result<Self, WireError> {
        let spans = count_spans(&bytes)?;
        Ok(Self {
            bytes,
            spans,
            deadline: None,
        })
    }

    /// A batch that linkmend itself has checked or made.
    pub(crate) fn checked(bytes: Bytes) -> Self {
        let spans = count_spans(&bytes).unwrap_or_default();
        Self {
            bytes,
            spans,
            deadline: None,
        }
    }

    /// The same with another deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes alone.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// How many spans it has.
    pub fn spans(&self) -> usize {
        self.spans
    }
}

/// A batch was taken: it is where it was to go, or safe on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// How many spans the receiver at the end refused for good (OTLP's partial
    /// success).
    pub rejected_spans: u64,
    /// What it said of them, or as a warning.
    pub message: String,
}

impl Accepted {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.rejected_spans = self.rejected_spans.max(other.rejected_spans);
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
pub type Taken = Result<Accepted, Refusal>;

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What takes batches: the first processor of a pipeline, the next one, an
/// exporter.
pub trait Consumer: Send + Sync {
    /// Takes a batch. `Ok` is what the sender is told: from there on the batch
    /// is not the sender's any more. Whoever drops the future before is not
    /// interested any more, and the batch may or may not have gone on.
    fn take(&self, traces: Traces) -> BoxFuture<'_, Taken>;
}
