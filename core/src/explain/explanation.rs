//! What people are told of a span.

use super::unseen;

/// Why a span was or was not mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// As it came; 16 bytes when it is valid.
    pub trace_id: Vec<u8>,
    /// As it came; 8 bytes when it is valid.
    pub span_id: Vec<u8>,
    /// The span's name.
    pub name: String,
    /// The number of the span's kind, of OTLP's `SpanKind`.
    pub kind: u32,
    /// `service.name` of its resource; empty when there is none.
    pub service: String,
    /// What there is to say, in the order of the rules.
    pub rules: Vec<RuleExplanation>,
}

/// What one rule says of a span, or what the host says of that rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleExplanation {
    /// The rule's name.
    pub rule: String,
    /// Lines, the last one without its end.
    pub text: String,
}

impl Explanation {
    /// The trace id in hex, as OTLP/JSON writes it.
    #[must_use]
    pub fn trace_id_hex(&self) -> String {
        hex(&self.trace_id)
    }

    /// The span id in hex, as OTLP/JSON writes it.
    #[must_use]
    pub fn span_id_hex(&self) -> String {
        hex(&self.span_id)
    }

    /// The kind as OTLP calls it.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        unseen::kind_name(self.kind)
    }
}

/// Bytes of an id in hex, as OTLP/JSON writes them.
pub(super) fn hex(id: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    id.iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
