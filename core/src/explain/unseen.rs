//! Why a rule was not given a span.

use linkmend_wire::otlp::span_kind;

use crate::interface::{Selector, SpanKinds};

/// So many of the attributes that a rule looks for are named.
const MOST_KEYS: usize = 5;

const KINDS: [(SpanKinds, u64, &str); 6] = [
    (
        SpanKinds::UNSPECIFIED,
        span_kind::UNSPECIFIED,
        "UNSPECIFIED",
    ),
    (SpanKinds::INTERNAL, span_kind::INTERNAL, "INTERNAL"),
    (SpanKinds::SERVER, span_kind::SERVER, "SERVER"),
    (SpanKinds::CLIENT, span_kind::CLIENT, "CLIENT"),
    (SpanKinds::PRODUCER, span_kind::PRODUCER, "PRODUCER"),
    (SpanKinds::CONSUMER, span_kind::CONSUMER, "CONSUMER"),
];

/// A span kind as OTLP calls it.
pub(super) fn kind_name(kind: u32) -> &'static str {
    let found = KINDS
        .iter()
        .find(|(_, number, _)| *number == u64::from(kind));
    found.map_or("of unknown kind", |(_, _, name)| name)
}

/// Why a rule with this selector was not given a span of this kind and with so
/// many links.
pub(super) fn why(selector: &Selector, kind: u32, links: usize) -> String {
    let mut reasons = Vec::new();
    if selector.kinds != SpanKinds::empty() {
        reasons.push(format!(
            "it is {}, and the rule looks at {}",
            kind_name(kind),
            list(selector.kinds)
        ));
    }
    if selector.with_links && links == 0 {
        reasons.push("it has no links".into());
    }
    if let Some(names) = names(selector) {
        reasons.push(format!(
            "it has none of the attributes that the rule looks for ({names})"
        ));
    }
    if reasons.is_empty() {
        return "It did not look at the span: it looks at none.".into();
    }
    format!("It did not look at the span: {}.", reasons.join("; "))
}

fn list(kinds: SpanKinds) -> String {
    let named = KINDS.iter().filter(|(kind, _, _)| kinds.contains(*kind));
    let names: Vec<&str> = named.map(|(_, _, name)| *name).collect();
    names.join(", ")
}

/// Some of the attributes that the rule looks for; none when it looks for none.
fn names(selector: &Selector) -> Option<String> {
    let prefixes = selector.attribute_prefixes.iter();
    let prefixes = prefixes.map(|prefix| format!("`{prefix}*`"));
    let keys = selector.attribute_keys.iter().map(|key| format!("`{key}`"));
    let mut names: Vec<String> = prefixes.chain(keys).collect();
    let more = names.len().saturating_sub(MOST_KEYS);
    names.truncate(MOST_KEYS);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}
