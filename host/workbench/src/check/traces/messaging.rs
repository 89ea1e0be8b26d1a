//! Spans that produce messages and spans that consume them.

use linkmend_wire::otlp::span_kind::{CONSUMER, INTERNAL, PRODUCER, SERVER};

use super::make::{Message, batch, link, span};
use super::{Keys, Trace};

/// So many spans the Collector's `batch` processor sends at once.
const LARGE: u64 = 8192;

/// Four spans of one message: by turns a producer, a consumer, a server and
/// something internal.
fn spans(keys: &Keys, number: u64) -> Message {
    let kind = match number % 4 {
        0 => PRODUCER,
        1 => CONSUMER,
        2 => SERVER,
        _ => INTERNAL,
    };
    span(number + 1, kind).attributes(keys.of_message(number / 4, number % 4 == 1))
}

/// Messages whose producers come before their consumers.
pub(super) fn pairs(keys: &Keys) -> Trace {
    let spans = (0..256).map(|number| spans(keys, number));
    Trace::new(
        "messages",
        "64 messages: producers, consumers and other spans with the attributes that the rule asks for",
        vec![batch(spans)],
    )
}

/// Consumers in a batch before that of their producers, and one that nobody
/// produces for.
pub(super) fn late(keys: &Keys) -> Trace {
    let of_kind = |kind: u64| (0..64).map(move |pair| pair * 4 + kind);
    let consumers = of_kind(1).map(|number| {
        let link_to_other = (number % 8 == 1).then(|| link(900_000 + number));
        spans(keys, number).links(link_to_other)
    });
    let producers = of_kind(0).map(|number| spans(keys, number));
    let alone = span(7_001, CONSUMER).attributes(keys.of_message(7_000, true));
    Trace::new(
        "late-producers",
        "consumers that come before their producers, some with another link, and one whose producer never comes",
        vec![batch(consumers.chain([alone])), batch(producers)],
    )
}

/// A batch as large as the Collector sends.
pub(super) fn large(keys: &Keys) -> Trace {
    let keys = Keys(keys.0.iter().take(8).cloned().collect());
    let spans = (0..LARGE).map(|number| spans(&keys, number));
    Trace::new(
        "large-batch",
        "8,192 spans in one batch, each with up to 8 of the attributes that the rule asks for",
        vec![batch(spans)],
    )
}
