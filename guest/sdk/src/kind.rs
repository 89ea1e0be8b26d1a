//! Span kinds.

use linkmend_wire::otlp::span_kind;

use crate::interface::SpanKinds;

/// What a span says of its place between services
/// (opentelemetry.proto.trace.v1.Span.SpanKind).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not told; may be read as internal.
    #[default]
    Unspecified,
    /// Inside an application.
    Internal,
    /// Answers a request.
    Server,
    /// Sends a request.
    Client,
    /// Makes or sends a message.
    Producer,
    /// Receives or works off a message.
    Consumer,
    /// A number that OTLP does not have.
    Other(u64),
}

impl Kind {
    /// The kind with this number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        match number {
            span_kind::UNSPECIFIED => Self::Unspecified,
            span_kind::INTERNAL => Self::Internal,
            span_kind::SERVER => Self::Server,
            span_kind::CLIENT => Self::Client,
            span_kind::PRODUCER => Self::Producer,
            span_kind::CONSUMER => Self::Consumer,
            other => Self::Other(other),
        }
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Unspecified => span_kind::UNSPECIFIED,
            Self::Internal => span_kind::INTERNAL,
            Self::Server => span_kind::SERVER,
            Self::Client => span_kind::CLIENT,
            Self::Producer => span_kind::PRODUCER,
            Self::Consumer => span_kind::CONSUMER,
            Self::Other(number) => number,
        }
    }

    /// The kind of this name, as configurations write it: `internal`,
    /// `server`, `client`, `producer`, `consumer` or `unspecified`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "unspecified" => Self::Unspecified,
            "internal" => Self::Internal,
            "server" => Self::Server,
            "client" => Self::Client,
            "producer" => Self::Producer,
            "consumer" => Self::Consumer,
            _ => return None,
        })
    }

    /// The flag that selects the spans of this kind; none does for a number
    /// that OTLP does not have.
    pub(crate) fn flag(self) -> SpanKinds {
        match self {
            Self::Unspecified => SpanKinds::UNSPECIFIED,
            Self::Internal => SpanKinds::INTERNAL,
            Self::Server => SpanKinds::SERVER,
            Self::Client => SpanKinds::CLIENT,
            Self::Producer => SpanKinds::PRODUCER,
            Self::Consumer => SpanKinds::CONSUMER,
            Self::Other(_) => SpanKinds::empty(),
        }
    }
}
