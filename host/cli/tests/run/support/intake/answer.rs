//! What the intake answers.

use std::time::Duration;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It is taken.
    Take,
    /// It is taken after a while.
    TakeAfter(Duration),
    /// Partial success: so many spans were rejected, and why.
    Partial(i64, String),
    /// Refused for now: 503 and `Retry-After`, or UNAVAILABLE and `RetryInfo`.
    Unavailable(Option<Duration>),
    /// Too much for now: 429 and `Retry-After`, or `RESOURCE_EXHAUSTED`
    /// and `RetryInfo`.
    Throttle(Option<Duration>),
    /// Refused for ever: the status of HTTP, or the code of gRPC.
    Refuse { http: u16, grpc: i32 },
    /// The request is read, and never answered.
    Hang,
    /// The connection ends, and nothing is kept.
    Drop,
    /// The spans are kept, and the connection ends before that is said: what
    /// comes twice.
    TakeAndDrop,
}

impl Answer {
    /// Whether the spans of the request are kept.
    pub fn keeps(&self) -> bool {
        match self {
            Self::Take | Self::TakeAfter(_) | Self::Partial(..) | Self::TakeAndDrop => true,
            Self::Unavailable(_)
            | Self::Throttle(_)
            | Self::Refuse { .. }
            | Self::Hang
            | Self::Drop => false,
        }
    }
}
