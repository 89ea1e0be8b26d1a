//! A second reader of the wire format, for checked bytes only: what it says of
//! a batch does not rest on the code that is proved.

use std::ops::Range;

/// A field as it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a> {
    pub number: u64,
    /// Tag, length and value.
    pub whole: &'a [u8],
    /// The value, for wire type 2 without its length.
    pub body: &'a [u8],
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let end = bytes.iter().position(|byte| *byte < 0x80).unwrap();
    let (varint, rest) = bytes.split_at(end + 1);
    *bytes = rest;
    (varint.iter().rev()).fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
}

/// The fields of a message.
pub fn fields(mut bytes: &[u8]) -> Vec<Raw<'_>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let start = bytes;
        let tag = varint(&mut bytes);
        let value = bytes;
        let (body, rest) = match tag & 7 {
            0 => {
                varint(&mut bytes);
                value.split_at(value.len() - bytes.len())
            }
            1 => bytes.split_at(8),
            2 => {
                let length = varint(&mut bytes) as usize;
                bytes.split_at(length)
            }
            5 => bytes.split_at(4),
            other => panic!("wire type {other}"),
        };
        fields.push(Raw {
            number: tag >> 3,
            whole: &start[..start.len() - rest.len()],
            body,
        });
        bytes = rest;
    }
    fields
}

/// Where the spans of a batch lie, in the order of the bytes.
pub fn spans(batch: &[u8]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for resource in with_number(batch, 1) {
        for scope in with_number(resource.body, 2) {
            for span in with_number(scope.body, 2) {
                let start = span.body.as_ptr() as usize - batch.as_ptr() as usize;
                spans.push(start..start + span.body.len());
            }
        }
    }
    spans
}

fn with_number(bytes: &[u8], number: u64) -> impl Iterator<Item = Raw<'_>> {
    let fields = fields(bytes).into_iter();
    fields.filter(move |field| field.number == number)
}

/// Asserts that `after` is `before` but for the links and dropped counts of the
/// spans whose bodies begin at `edited`.
pub fn assert_only_links_differ(before: &[u8], after: &[u8], edited: &[usize]) {
    let offset_of = |body: &[u8]| body.as_ptr() as usize - before.as_ptr() as usize;
    // 1 resource_spans, 2 scope_spans, 2 spans.
    same_but(before, after, 1, &|resource, resource_after| {
        same_but(resource, resource_after, 2, &|scope, scope_after| {
            same_but(scope, scope_after, 2, &|span, span_after| {
                if !edited.contains(&offset_of(span)) {
                    return assert_eq!(span, span_after);
                }
                let others = |body| -> Vec<_> {
                    let mut others = fields(body);
                    others.retain(|field| field.number != 13 && field.number != 14);
                    others.into_iter().map(|field| field.whole).collect()
                };
                assert_eq!(others(span), others(span_after));
            });
        });
    });
}

/// Asserts that two messages have the same fields, but that those of `number`
/// need only be alike as `alike` asserts.
fn same_but(before: &[u8], after: &[u8], number: u64, alike: &dyn Fn(&[u8], &[u8])) {
    let (before, after) = (fields(before), fields(after));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.number, after.number);
        if before.number != number {
            assert_eq!(before.whole, after.whole);
        } else if before.whole != after.whole {
            alike(before.body, after.body);
        }
    }
}
