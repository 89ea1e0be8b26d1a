//! What no SDK sends, and somebody will.

use linkmend_wire::otlp::span_kind::CONSUMER;
use linkmend_wire::otlp::{any_value, key_value, resource, span};
use linkmend_workload::order::salted;

use super::make::{
    Message, START, attribute, batch, batch_of, integer, link, link_to, span, span_id, string,
    text, trace_id,
};
use super::{Keys, Trace};

/// Not UTF-8: a lone continuation byte, an overlong zero, a half surrogate.
const NOT_UTF8: &[u8] = b"\x80a\xc0\x80\xed\xa0\x80\xff";

/// Texts that are not UTF-8, everywhere.
pub(super) fn texts(keys: &Keys) -> Trace {
    let attributes = keys.iter().map(|key| text(key, NOT_UTF8));
    let broken = span(1, CONSUMER)
        .attributes(attributes)
        .attributes([text(NOT_UTF8, NOT_UTF8), text("", "no key")])
        .bytes(span::NAME, NOT_UTF8)
        .bytes(span::TRACE_STATE, NOT_UTF8)
        .links([link(9)
            .bytes(3, NOT_UTF8)
            .message(4, text(NOT_UTF8, NOT_UTF8))]);
    let service = text("service.name", NOT_UTF8);
    let resource = Message::default().message(resource::ATTRIBUTES, service);
    Trace::new(
        "invalid-utf8",
        "texts that are not UTF-8: keys, values, names, trace states, the service's name",
        vec![batch_of(resource, [broken])],
    )
}

/// Ids of wrong lengths, of zeros, and none.
pub(super) fn ids(keys: &Keys) -> Trace {
    let ids: [(&[u8], &[u8]); 6] = [
        (&[], &[]),
        (&[0; 16], &[0; 8]),
        (&[7; 8], &[7; 4]),
        (&[7; 17], &[7; 9]),
        (&[7; 16], &[0; 8]),
        (&[0; 16], &[7; 8]),
    ];
    let own = ids
        .into_iter()
        .enumerate()
        .flat_map(|(number, (trace, id))| {
            [4, CONSUMER].map(|kind| {
                span(number as u64, kind)
                    .attributes(keys.of_message(number as u64, kind == CONSUMER))
                    .bytes(span::TRACE_ID, trace)
                    .bytes(span::SPAN_ID, id)
                    .bytes(span::PARENT_SPAN_ID, id)
            })
        });
    let linked = span(100, CONSUMER)
        .attributes(keys.of_message(100, true))
        .links(ids.map(|(trace, id)| link_to(trace, id)))
        .links([Message::default(), link_to(trace_id(100), span_id(100))]);
    Trace::new(
        "invalid-ids",
        "ids of wrong lengths, of zeros and none, of spans and of links, and a link to the span itself",
        vec![batch(own.chain([linked]))],
    )
}

/// Fields of numbers that nobody knows, before every field of every message.
pub(super) fn unknown(keys: &Keys) -> Trace {
    let spans = [4, CONSUMER].map(|kind| {
        span(kind, kind)
            .attributes(keys.of_message(1, kind == CONSUMER))
            .links([link(9), link(9)])
    });
    let mut turn = 0_u64;
    let mut next = || {
        turn += 1;
        let field = Message::default();
        match turn % 4 {
            0 => field.varint(5_000, u64::MAX),
            1 => field.bytes(536_870_911, "a field of a later version"),
            2 => field.fixed64(1_000, turn),
            _ => field.fixed32(2_000, 7),
        }
        .0
    };
    Trace::new(
        "unknown-fields",
        "unknown fields of all wire types, in every message",
        vec![salted(&batch(spans), &mut next)],
    )
}

/// Fields that may be there once, twice, and keys that are there twice.
pub(super) fn repeated(keys: &Keys) -> Trace {
    let twice = span(1, 4)
        .attributes(keys.of_message(1, true))
        .attributes(keys.of_message(2, true))
        .attributes(keys.iter().map(|key| attribute(key, integer(3))))
        .bytes(span::TRACE_ID, trace_id(2))
        .bytes(span::SPAN_ID, span_id(2))
        .bytes(span::NAME, "the last name wins")
        .varint(span::KIND, CONSUMER)
        .fixed64(span::START_TIME_UNIX_NANO, START + 9)
        .varint(span::DROPPED_LINKS_COUNT, 1)
        .varint(span::DROPPED_LINKS_COUNT, u64::from(u32::MAX))
        .links([
            link(8).bytes(1, trace_id(9)).bytes(2, span_id(9)),
            link(9),
            link(9),
        ]);
    // Values that are several: of a oneof, the last wins.
    let several = keys.iter().map(|key| {
        let value = string("first").bytes(any_value::BYTES, "last");
        attribute(key, value)
            .bytes(key_value::KEY, key)
            .message(key_value::VALUE, string("last"))
    });
    let values = span(3, CONSUMER).attributes(several);
    Trace::new(
        "repeated-fields",
        "fields that come twice (the last one holds), and attribute keys that come several times",
        vec![batch([twice, values])],
    )
}
