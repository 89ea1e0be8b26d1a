//! How deep messages may lie in each other.

use linkmend_wire::scan::MAX_DEPTH;
use linkmend_wire::{ErrorKind, field_path};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::bytes::{batch_of, field, scan};

/// A batch with `depth` messages in each other, the innermost an `AnyValue` or
/// an `ArrayValue` with `inner` in it.
fn nested(depth: u32, inner: &[u8]) -> Vec<u8> {
    // ResourceSpans, ScopeSpans, Span, KeyValue; then AnyValue and ArrayValue
    // in turns.
    let mut value = inner.to_vec();
    for level in (5..=depth).rev() {
        value = field(
            if level == 5 {
                2
            } else if level % 2 == 0 {
                5
            } else {
                1
            },
            &value,
        );
    }
    batch_of(&field(9, &value))
}

#[test]
fn a_hundred_messages_may_lie_in_each_other() {
    assert_eq!(MAX_DEPTH, 100);
    for depth in [5, 6, 50, 99, 100] {
        let bytes = nested(depth, b"");
        assert!(scan(&bytes).is_ok(), "{depth}");
        TracesData::decode(bytes.as_slice()).unwrap();
    }
}

#[test]
fn a_hundred_and_one_may_not() {
    for depth in [101, 102, 5000] {
        let bytes = nested(depth, b"");
        let error = scan(&bytes).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooDeep);
        TracesData::decode(bytes.as_slice()).unwrap_err();
        let path = field_path(&bytes, error.offset);
        assert!(path.ends_with("array_value.values[0]"), "{path}");
        // The field that holds one message too many, and its 100 parents.
        assert_eq!(path.split('.').count(), 101);
    }
}

#[test]
fn bytes_that_are_no_messages_do_not_count() {
    let bytes = nested(100, &field(7, &nested(100, b"")));
    assert!(scan(&bytes).is_ok());
}

/// A batch with this attribute somewhere.
type Place = fn(&[u8]) -> Vec<u8>;

#[test]
fn every_place_for_nested_values_is_bounded() {
    let value = |levels: u32| {
        (0..levels).fold(Vec::new(), |value, _| {
            field(6, &field(1, &field(2, &value)))
        })
    };
    let deep = field(2, &value(200));
    let shallow = field(2, &value(10));
    let places: [Place; 5] = [
        |attribute| batch_of(&field(9, attribute)),
        |attribute| batch_of(&field(11, &field(3, attribute))),
        |attribute| batch_of(&field(13, &field(4, attribute))),
        |attribute| field(1, &field(1, &field(1, attribute))),
        |attribute| field(1, &field(2, &field(1, &field(3, attribute)))),
    ];
    for place in places {
        assert!(scan(&place(&shallow)).is_ok());
        assert_eq!(scan(&place(&deep)).unwrap_err().kind, ErrorKind::TooDeep);
    }
}
