//! What comes of a batch.

use std::fmt::Write as _;

use linkmend_wire::links::{span_id, trace_id};

use crate::{AnyValue, Link, NoteKind, Span, Traces};

/// A batch that a rule looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Mended {
    pub(super) traces: Vec<u8>,
    pub(super) deferred: Vec<u64>,
    pub(super) notes: Vec<(u64, NoteKind, u32)>,
    pub(super) explanations: Vec<(u64, String)>,
}

impl Mended {
    /// The batch, an OTLP `TracesData` message.
    #[must_use]
    pub fn traces(&self) -> &[u8] {
        &self.traces
    }

    /// The span with this number.
    ///
    /// # Panics
    ///
    /// When the batch has no such span.
    #[must_use]
    #[track_caller]
    pub fn span(&self, number: u64) -> Span<'_> {
        let found = Traces::new(&self.traces)
            .spans()
            .find(|span| span_number(span) == number);
        found.unwrap_or_else(|| panic!("the batch has no span {number}"))
    }

    /// The links of the span with this number, each in a line: the number that
    /// it leads to (`trace/span` where the trace has another number), then its
    /// attributes.
    ///
    /// # Panics
    ///
    /// When the batch has no such span.
    #[must_use]
    #[track_caller]
    pub fn links(&self, number: u64) -> Vec<String> {
        let links = self.span(number).links();
        links.map(|link| line(&link)).collect()
    }

    /// The numbers of the spans that the rule wants to have kept back.
    #[must_use]
    pub fn deferred(&self) -> &[u64] {
        &self.deferred
    }

    /// How much the rule noted of this kind.
    #[must_use]
    pub fn noted(&self, kind: NoteKind) -> u32 {
        let of_kind = self.notes.iter().filter(|(_, other, _)| *other == kind);
        of_kind.map(|(_, _, count)| count).sum()
    }

    /// What the rule said of the span with this number.
    #[must_use]
    pub fn explanation(&self, number: u64) -> String {
        let of_span = self.explanations.iter().filter(|(span, _)| *span == number);
        let lines: Vec<&str> = of_span.map(|(_, text)| &**text).collect();
        lines.join("\n")
    }
}

/// The number that a span was built from; 0 when its id is not valid.
pub(super) fn span_number(span: &Span<'_>) -> u64 {
    span_id(span.span_id).unwrap_or(0)
}

fn line(link: &Link<'_>) -> String {
    let trace = trace_id(link.trace_id).unwrap_or(0);
    let span = span_id(link.span_id).unwrap_or(0);
    let mut line = if trace == u128::from(span) {
        span.to_string()
    } else {
        format!("{trace}/{span}")
    };
    for attribute in link.attributes() {
        let key = String::from_utf8_lossy(attribute.key);
        // A `String` takes all that is written to it.
        let _ = write!(line, " {key}={}", text(attribute.value));
    }
    line
}

fn text(value: AnyValue<'_>) -> String {
    match value {
        AnyValue::String(text) => String::from_utf8_lossy(text).into_owned(),
        AnyValue::Bool(value) => value.to_string(),
        AnyValue::Int(value) => value.to_string(),
        AnyValue::Double(value) => value.to_string(),
        AnyValue::Bytes(bytes) => format!("{bytes:02x?}"),
        AnyValue::Array(array) => {
            let elements: Vec<String> = array.iter().map(text).collect();
            format!("[{}]", elements.join(","))
        }
        AnyValue::Empty => "-".into(),
        AnyValue::KvList => "{..}".into(),
    }
}
