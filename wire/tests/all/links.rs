//! Reading and rewriting the links of one span.

use linkmend_wire::links::{Context, Link, Rewrite, span_id, trace_id};
use linkmend_wire::value::{AnyValue, Attribute};
use linkmend_wire::{Fate, SpanLinks};

use super::bytes::{attribute, field, number, padded, tag};

const TRACE_ID: [u8; 16] = [7; 16];
const SPAN_ID: [u8; 8] = [9; 8];

fn links_of(span: &[u8]) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.read(span, 0..span.len());
    links
}

fn rewrite(span: &[u8], fates: &[Fate], added: &[&[u8]], dropped: Option<u32>) -> Vec<u8> {
    let fresh = added.concat();
    let mut start = 0;
    let added: Vec<_> = (added.iter())
        .map(|link| {
            start += link.len();
            start - link.len()..start
        })
        .collect();
    let rewrite = Rewrite {
        fates,
        added: &added,
        fresh: &fresh,
        dropped,
    };
    let mut out = Vec::new();
    let kept = links_of(span).rewrite(span, 0..span.len(), rewrite, &mut out);
    [&span[kept], &out].concat()
}

#[test]
fn of_repeated_fields_the_last_wins() {
    let message = [
        field(1, b"old"),
        field(2, b"old"),
        field(3, b"old"),
        [tag(6, 5), vec![1, 0, 0, 0]].concat(),
        field(1, &TRACE_ID),
        field(2, &SPAN_ID),
        field(3, b"a=b"),
        [tag(6, 5), vec![0, 1, 0, 0]].concat(),
    ]
    .concat();
    let link = Link::read(&message);
    assert_eq!(link.trace_id, TRACE_ID);
    assert_eq!(link.span_id, SPAN_ID);
    assert_eq!(link.trace_state, b"a=b");
    assert_eq!(link.flags, 0x100);
    assert!(link.is_valid());
    let emptied = [message, field(1, b"")].concat();
    assert!(!Link::read(&emptied).is_valid());
}

#[test]
fn ids_are_valid_when_they_have_their_length_and_are_not_zero() {
    assert_eq!(trace_id(&TRACE_ID), Some(u128::from_be_bytes(TRACE_ID)));
    assert_eq!(span_id(&SPAN_ID), Some(u64::from_be_bytes(SPAN_ID)));
    for bad in [&[][..], &[0; 16], &[1; 15], &[1; 17], &[1; 32]] {
        assert_eq!(trace_id(bad), None);
    }
    for bad in [&[][..], &[0; 8], &[1; 7], &[1; 9], &[1; 16]] {
        assert_eq!(span_id(bad), None);
    }
    let last = 1u128.to_be_bytes();
    assert_eq!(trace_id(&last), Some(1));
}

#[test]
fn of_a_repeated_value_the_last_wins_and_an_empty_one_says_nothing() {
    let key = field(1, b"k");
    let text = field(2, &field(1, b"text"));
    let other = field(2, &number(3, 7));
    let read = |fields: &[&[u8]]| format!("{:?}", Attribute::read(&fields.concat()).value);
    assert_eq!(read(&[&key, &text, &other]), "Int(7)");
    assert_eq!(
        read(&[&other, &key, &text]),
        format!("{:?}", AnyValue::String(b"text"))
    );
    assert_eq!(read(&[&other, &field(2, b"")]), "Int(7)");
    assert_eq!(read(&[&field(2, &field(20, b"new")), &key]), "Empty");
    // An index into a table of strings that traces do not have.
    assert_eq!(read(&[&text, &field(2, &number(8, 1))]), "Empty");
    let keys = [field(1, b"a"), field(1, b"b")].concat();
    assert_eq!(Attribute::read(&keys).key, b"b");
}

#[test]
fn of_an_array_in_pieces_the_last_is_read() {
    let piece = |value| field(5, &field(1, &number(3, value)));
    let message = [piece(1), piece(2)].concat();
    let AnyValue::Array(array) = AnyValue::read(&message) else {
        panic!("no array");
    };
    let elements: Vec<_> = array.iter().map(|value| format!("{value:?}")).collect();
    assert_eq!(elements, ["Int(2)"]);
}

#[test]
fn a_rewrite_without_a_change_is_a_copy() {
    let span = [
        [padded(13 << 3 | 2, 4), padded(0, 3)].concat(),
        number(14, 3),
        field(13, &field(1, b"")),
        number(14, 4),
        field(1000, b"x"),
    ]
    .concat();
    let links = links_of(&span);
    assert_eq!(links.len(), 2);
    assert_eq!(links.dropped_links_count(), 4);
    assert_eq!(rewrite(&span, &[], &[], None), span);
    assert_eq!(rewrite(&span, &[Fate::Keep, Fate::Keep], &[], None), span);
}

#[test]
fn the_last_dropped_count_is_the_one_that_changes() {
    let span = [
        number(14, 3),
        field(13, b""),
        number(14, 4),
        field(5, b"name"),
    ]
    .concat();
    let expected = [
        number(14, 3),
        field(13, b""),
        number(14, 300),
        field(5, b"name"),
    ]
    .concat();
    assert_eq!(rewrite(&span, &[], &[], Some(300)), expected);
}

#[test]
fn the_dropped_count_is_found_before_between_and_after_links() {
    let link = field(13, b"");
    let added = field(1, &TRACE_ID);
    let new = field(13, &added);
    for place in 0..=2 {
        let mut fields = vec![link.clone(), link.clone()];
        fields.insert(place, number(14, 1));
        let mut expected = vec![link.clone(), new.clone()];
        // The first link goes; the added one follows the second.
        let expected_place = [0, 0, 2][place];
        expected.insert(expected_place, number(14, 2));
        let out = rewrite(
            &fields.concat(),
            &[Fate::Drop, Fate::Keep],
            &[&added],
            Some(2),
        );
        assert_eq!(out, expected.concat(), "{place}");
    }
}

#[test]
fn a_span_without_links_or_count_gets_them_at_the_end() {
    let span = field(5, b"name");
    let added = field(1, &TRACE_ID);
    let expected = [span.clone(), field(13, &added), number(14, 1)].concat();
    assert_eq!(rewrite(&span, &[], &[&added], Some(1)), expected);
    assert_eq!(rewrite(b"", &[], &[], Some(0)), number(14, 0));
    assert!(links_of(b"").is_empty());
}

#[test]
fn a_dropped_count_of_more_than_32_bits_is_read_by_its_low_ones() {
    assert_eq!(
        links_of(&number(14, (1 << 32) + 9)).dropped_links_count(),
        9
    );
}

#[test]
fn a_new_context_takes_the_place_of_the_old_and_of_nothing_else() {
    let context = Context {
        trace_id: u128::from_be_bytes(TRACE_ID),
        span_id: u64::from_be_bytes(SPAN_ID),
        trace_state: b"",
        flags: 0x301,
    };
    assert!(context.is_valid());
    let ids = [field(1, &TRACE_ID), field(2, &SPAN_ID)].concat();
    let flags = [tag(6, 5), vec![1, 3, 0, 0]].concat();
    let kept = [
        field(1000, b"unknown"),
        field(3, b"a=b"),
        field(4, &attribute("k", "v")),
        number(5, 2),
    ]
    .concat();
    let old_flags = [tag(6, 5), vec![9; 4]].concat();
    let original = [old_flags, field(2, b""), kept.clone(), field(1, &[0; 16])].concat();
    let mut out = Vec::new();
    context.put_over(&original, &mut out);
    assert_eq!(out, [ids.clone(), kept, flags.clone()].concat());
    out.clear();
    context.put(&mut out);
    assert_eq!(out, [ids.clone(), flags].concat());
    let with_state = Context {
        trace_state: b"c=d",
        flags: 0,
        ..context
    };
    out.clear();
    with_state.put_over(&original, &mut out);
    let link = Link::read(&out);
    assert_eq!((link.trace_state, link.flags), (&b"c=d"[..], 0));
    assert_eq!(link.attributes().count(), 1);
    out.clear();
    with_state.put(&mut out);
    assert_eq!(out, [ids, field(3, b"c=d")].concat());
}

#[test]
fn links_that_are_not_there_are_empty() {
    let span = field(13, b"body");
    let links = links_of(&span);
    assert_eq!(links.link(&span, 0), b"body");
    assert_eq!(links.link(&span, 1), b"");
    assert_eq!(links.link(b"", 0), b"");
}
