//! Span contexts, in a form that compares.

use std::fmt;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;

use crate::random::Random;

/// A trace id and a span id.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanContext {
    /// The trace; 0: invalid.
    pub trace_id: u128,
    /// The span; 0: invalid. No two spans of a world have the same.
    pub span_id: u64,
}

impl fmt::Debug for SpanContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.traceparent())
    }
}

impl SpanContext {
    /// Neither id is 0.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }

    /// Of a span.
    #[must_use]
    pub fn of(span: &Span) -> Self {
        Self::read(&span.trace_id, &span.span_id)
    }

    /// What a link leads to; ids of the wrong length are 0.
    #[must_use]
    pub fn linked(link: &Link) -> Self {
        Self::read(&link.trace_id, &link.span_id)
    }

    fn read(trace_id: &[u8], span_id: &[u8]) -> Self {
        let trace_id = trace_id.try_into().map(u128::from_be_bytes);
        let span_id = span_id.try_into().map(u64::from_be_bytes);
        Self {
            trace_id: trace_id.unwrap_or_default(),
            span_id: span_id.unwrap_or_default(),
        }
    }

    /// The header that carries it (W3C Trace Context).
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!("00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }

    /// A link that leads there, as an SDK makes it of an extracted context:
    /// sampled, remote, and known to be so.
    #[must_use]
    pub fn link(&self) -> Link {
        Link {
            trace_id: self.trace_id.to_be_bytes().to_vec(),
            span_id: self.span_id.to_be_bytes().to_vec(),
            flags: 0x301,
            ..Link::default()
        }
    }

    /// A new trace, and a new span in it.
    pub fn random(random: &mut Random) -> Self {
        Self::default().child(random)
    }

    /// A new span in the trace, or in a new one.
    #[must_use]
    pub fn child(&self, random: &mut Random) -> Self {
        let new = u128::from(random.number()) << 64 | u128::from(random.number() | 1);
        Self {
            trace_id: if self.trace_id == 0 {
                new
            } else {
                self.trace_id
            },
            span_id: random.number() | 1,
        }
    }
}
