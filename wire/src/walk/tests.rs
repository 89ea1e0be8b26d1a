#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
use alloc::vec::Vec;

use super::*;
use crate::encode::{put_bytes_field, put_fixed32_field, put_fixed64_field, put_varint_field};

/// The fields of a span, each by itself.
fn fields() -> Vec<Vec<u8>> {
    let bytes = |number, value: &[u8]| {
        let mut out = Vec::new();
        put_bytes_field(&mut out, number, value);
        out
    };
    let (mut kind, mut start, mut end, mut flags) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    put_varint_field(&mut kind, span::KIND, 5);
    put_fixed64_field(&mut start, span::START_TIME_UNIX_NANO, 7);
    put_fixed64_field(&mut end, span::END_TIME_UNIX_NANO, 9);
    put_fixed32_field(&mut flags, span::FLAGS, 0x301);
    alloc::vec![
        bytes(span::TRACE_ID, &[1; 16]),
        bytes(span::SPAN_ID, &[2; 8]),
        bytes(span::TRACE_STATE, b"a=b"),
        bytes(span::PARENT_SPAN_ID, &[3; 8]),
        bytes(span::NAME, b"process"),
        kind,
        start,
        end,
        bytes(span::ATTRIBUTES, b"one"),
        bytes(span::ATTRIBUTES, &[b'x'; 300]),
        bytes(span::LINKS, b"link"),
        bytes(span::LINKS, b"other"),
        bytes(span::STATUS, &[3 << 3, 2]),
        flags,
    ]
}

fn read(body: &[u8]) -> (SpanHead<'_>, Vec<&[u8]>) {
    let mut taken = Vec::new();
    let head = SpanHead::read(body, |kind, attribute| {
        if kind == 5 {
            taken.push(attribute);
        }
        kind == 5
    });
    (head, taken)
}

/// Fields in any order, from each that may be the first one, and backwards, and without
/// any one of them.
#[test]
fn a_span_is_read_in_any_order() {
    let fields = fields();
    let (whole, taken) = {
        let body = fields.concat();
        let body: &'static [u8] = body.leak();
        read(body)
    };
    assert_eq!((whole.trace_id, whole.span_id), ([1; 16], [2; 8]));
    assert_eq!(
        (whole.parent_span_id, whole.name),
        ([3; 8], &b"process"[..])
    );
    assert_eq!((whole.kind, whole.status, whole.flags), (5, 2, 0x301));
    assert_eq!((whole.start, whole.end), (7, 9));
    assert_eq!((whole.links.count, taken.len()), (2, 2));
    for first in 0..fields.len() {
        let mut turned = fields.clone();
        turned.rotate_left(first);
        for _ in 0..2 {
            turned.reverse();
            let body = turned.concat();
            let (head, taken) = read(&body);
            let links = Walk::new(head.links.within).all(span::LINKS);
            assert_eq!(links.count(), 2);
            let left = Walk::new(head.attributes.within).all(span::ATTRIBUTES);
            assert_eq!(left.count() + taken.len(), 2);
            let without = |head: SpanHead<'_>| SpanHead {
                name: if head.name == b"process" { b"" } else { b"?" },
                links: Fields::default(),
                attributes: Fields::default(),
                ..head
            };
            // Lifetimes differ: what is borrowed was compared above.
            assert!(
                alloc::format!("{:?}", without(head)) == alloc::format!("{:?}", without(whole))
            );
        }
        let mut less = fields.clone();
        less.remove(first);
        let body = less.concat();
        let (head, _) = read(&body);
        assert_eq!(head.flags, if first == 13 { 0 } else { 0x301 });
        assert_eq!(head.end, if first == 7 { 0 } else { 9 });
        assert_eq!(head.name.is_empty(), first == 4);
    }
}

/// The last of a field that comes twice counts.
#[test]
fn the_last_of_two_counts() {
    let mut body = fields().concat();
    put_bytes_field(&mut body, span::TRACE_ID, &[9; 16]);
    put_bytes_field(&mut body, span::NAME, b"again");
    put_bytes_field(&mut body, span::SPAN_ID, &[9; 7]);
    let (head, _) = read(&body);
    assert_eq!((head.trace_id, head.name), ([9; 16], &b"again"[..]));
    assert_eq!(head.span_id, [0; 8]);
}

/// What ends in the middle is read as far as it goes.
#[test]
fn what_is_cut_off_is_read_up_to_there() {
    let body = fields().concat();
    for end in 0..body.len() {
        let (head, _) = read(body.get(..end).unwrap());
        assert!(head.links.count <= 2);
    }
    let endless = [0xff; 20];
    assert_eq!(Walk::new(&endless).next(), None);
    assert_eq!(Walk::new(&[0x0b, 0]).next(), None);
}
