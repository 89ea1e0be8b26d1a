//! Fields that are empty, at their limits, and of every type.

use linkmend_wire::otlp::span_kind::CONSUMER;
use linkmend_wire::otlp::{link, resource_spans, scope_spans, span, traces_data};

use super::make::{
    Message, array, attribute, batch, every_value, integer, key_values, link, span, string, text,
};
use super::{Keys, Trace};

/// Nothing at all, and nothing in something.
pub(super) fn empty() -> Trace {
    let message = Message::default;
    let empty_resource = message().message(traces_data::RESOURCE_SPANS, message());
    let empty_scope = message().message(resource_spans::SCOPE_SPANS, message());
    let empty_scope = message().message(traces_data::RESOURCE_SPANS, empty_scope);
    let empty_span = message().message(scope_spans::SPANS, message());
    let empty_span = message().message(resource_spans::SCOPE_SPANS, empty_span);
    let empty_span = message().message(traces_data::RESOURCE_SPANS, empty_span);
    Trace::new(
        "empty",
        "an empty batch, an empty resource, an empty scope, an empty span",
        vec![Vec::new(), empty_resource.0, empty_scope.0, empty_span.0],
    )
}

/// All kinds of spans, and one that is not known yet.
pub(super) fn kinds(keys: &Keys) -> Trace {
    let kinds = (0..=5).chain([77, u64::MAX]);
    let spans = (1..).zip(kinds).flat_map(|(number, kind)| {
        let with = span(number, kind).attributes(keys.of_message(number, kind == CONSUMER));
        [with, span(number + 100, kind)]
    });
    Trace::new(
        "span-kinds",
        "spans of every kind and of unknown kinds, with and without the attributes that the rule asks for",
        vec![batch(spans)],
    )
}

/// 128 attributes and 128 links: what an SDK sends at most by default.
pub(super) fn at_limits(keys: &Keys) -> Trace {
    let rest = 128_usize.saturating_sub(keys.0.len());
    let filler = (0..rest).map(|number| text(format!("filler.{number}"), "x"));
    let full = span(1, CONSUMER)
        .attributes(keys.of_message(1, true))
        .attributes(filler)
        .links((100..228).map(with_attributes));
    let almost = span(2, CONSUMER)
        .attributes(keys.of_message(2, true))
        .links((100..227).map(link));
    let producers = [1, 2].map(|pair| span(pair + 10, 4).attributes(keys.of_message(pair, false)));
    Trace::new(
        "fields-at-limits",
        "spans with 128 attributes and with 127 and 128 links, which have 128 attributes",
        vec![batch(producers.into_iter().chain([full, almost]))],
    )
}

fn with_attributes(number: u64) -> Message {
    // One such link is enough.
    let count = if number == 100 { 128 } else { 0 };
    (0..count).fold(link(number), |link, key| {
        link.message(link::ATTRIBUTES, text(format!("key.{key}"), "value"))
    })
}

/// More links than a span may leave with.
pub(super) fn many_links(keys: &Keys) -> Trace {
    let different = span(1, CONSUMER)
        .attributes(keys.of_message(1, true))
        .links((100..1_100).map(link));
    let equal = span(2, CONSUMER)
        .attributes(keys.of_message(2, true))
        .links((0..1_000).map(|_| link(100)));
    Trace::new(
        "thousand-links",
        "spans with 1,000 links, more than they may leave with once the rule edits them: all different, all equal",
        vec![batch([different, equal])],
    )
}

/// Long texts, and deep values.
pub(super) fn long(keys: &Keys) -> Trace {
    let mebibyte = "m".repeat(1 << 20);
    let first = keys.iter().next().unwrap_or_default();
    let large =
        span(1, CONSUMER).attributes([text(first, &mebibyte), text("check.large", &mebibyte)]);
    let name = span(2, CONSUMER)
        .attributes(keys.of_message(2, true))
        .bytes(span::NAME, "n".repeat(1 << 16))
        .bytes(span::TRACE_STATE, format!("a={}", "s".repeat(600)));
    // Deeper than anybody writes, and not as deep as protobuf libraries refuse.
    let arrays = (0..40).fold(string("bottom"), |inner, _| array([inner]));
    let lists = (0..25).fold(string("bottom"), |inner, _| {
        key_values([attribute("deeper", inner)])
    });
    let wide = array((0..10_000).map(integer));
    let deep = span(3, CONSUMER).attributes([
        attribute(first, arrays),
        attribute("check.lists", lists),
        attribute("check.wide", wide),
    ]);
    Trace::new(
        "long-and-deep",
        "attributes of 1 MiB, a name of 64 KiB, a trace state over 512 bytes, values nested 40 deep, an array of 10,000",
        vec![batch([large, name, deep])],
    )
}

/// Every type of value under every key.
pub(super) fn values(keys: &Keys) -> Trace {
    let values = every_value().into_iter();
    let spans = (1..).zip(values).map(|(number, value)| {
        let attributes = keys.iter().map(|key| attribute(key, value.clone()));
        span(number, 1 + number % 5).attributes(attributes)
    });
    Trace::new(
        "value-types",
        "values of every type and arrays of every type under the keys that the rule asks for",
        vec![batch(spans)],
    )
}

/// The first and the last times.
pub(super) fn times(keys: &Keys) -> Trace {
    let times = [(0, 0), (u64::MAX, u64::MAX), (u64::MAX, 0), (0, u64::MAX)];
    let spans = (1..).zip(times).flat_map(|(number, (start, end))| {
        [4, CONSUMER].map(|kind| {
            span(number * 10 + kind, kind)
                .attributes(keys.of_message(number % 2, kind == CONSUMER))
                .fixed64(span::START_TIME_UNIX_NANO, start)
                .fixed64(span::END_TIME_UNIX_NANO, end)
        })
    });
    Trace::new(
        "times",
        "times of 0 and of 18,446,744,073,709,551,615 (the last), and ends before starts",
        vec![batch(spans)],
    )
}
