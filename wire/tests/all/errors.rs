//! What is refused, where, and what the error says of it.

use linkmend_wire::{ErrorKind, WireError, field_path};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::bytes::{attribute, batch_of, field, levels, number, padded, scan, tag};
use super::shared::choices::Choices;
use super::shared::encode::UNKNOWN;
use super::shared::select::Wanted;
use super::shared::{batch, checks};

fn error(batch: &[u8]) -> WireError {
    scan(batch).unwrap_err()
}

fn path(batch: &[u8]) -> String {
    field_path(batch, error(batch).offset)
}

/// Asserts that `inner` is refused in every message, with this kind.
fn refused_everywhere(inner: &[u8], kind: ErrorKind) {
    for (level, batch) in levels(inner) {
        let error = error(&batch);
        assert_eq!(error.kind, kind, "{inner:x?} in {level}");
        assert!(error.offset >= batch.len() - inner.len(), "{level}");
    }
}

#[test]
fn groups_are_refused_at_every_level() {
    for number in UNKNOWN {
        let group = [tag(number, 3), tag(number, 4)].concat();
        refused_everywhere(&group, ErrorKind::Group);
        refused_everywhere(&tag(number, 4), ErrorKind::Group);
        // prost skips a group of a number that it does not know.
        for (_, batch) in levels(&group) {
            TracesData::decode(batch.as_slice()).unwrap();
        }
    }
}

#[test]
fn impossible_tags_are_refused_at_every_level() {
    refused_everywhere(&tag(17, 6), ErrorKind::BadWireType);
    refused_everywhere(&tag(17, 7), ErrorKind::BadWireType);
    refused_everywhere(&[0, 0], ErrorKind::BadTag);
    refused_everywhere(&[5, 0], ErrorKind::BadTag);
    refused_everywhere(&padded(1 << 32, 10), ErrorKind::BadTag);
}

#[test]
fn varints_of_more_than_64_bits_are_refused_at_every_level() {
    let mut overlong = padded(u64::MAX, 10);
    overlong[9] = 2;
    let eleven = padded(0, 11);
    for varint in [overlong, eleven] {
        refused_everywhere(&varint, ErrorKind::VarintTooLong);
        refused_everywhere(
            &[tag(17, 0), varint.clone()].concat(),
            ErrorKind::VarintTooLong,
        );
        refused_everywhere(&[tag(17, 2), varint].concat(), ErrorKind::VarintTooLong);
    }
}

#[test]
fn lengths_past_the_end_are_refused_at_every_level() {
    for length in [1, 127, 128, u64::from(u32::MAX), u64::MAX] {
        let field = [tag(17, 2), padded(length, 1)].concat();
        refused_everywhere(&field, ErrorKind::LengthPastEnd);
    }
    // The bytes are there, but belong to the next message.
    let short = [vec![0x0a, 2, 0x0a, 1], field(1, b"")].concat();
    assert_eq!(error(&short).kind, ErrorKind::LengthPastEnd);
    assert_eq!(path(&short), "resource_spans[0].resource");
}

#[test]
fn lengths_of_an_attribute_must_agree_with_each_other() {
    // Key, value, string, each with its length; the string has four bytes.
    let attribute = |value: u8, string: u8| {
        let bytes = [0x0a, 1, b'k', 0x12, value, 0x0a, string, 0x28, 1, 0x28, 1];
        batch_of(&field(9, &bytes))
    };
    assert!(scan(&attribute(6, 4)).is_ok());
    for (value, string) in [(2, 4), (3, 4), (5, 4), (7, 4), (0x7f, 4), (6, 5), (6, 0x7f)] {
        let batch = attribute(value, string);
        assert_eq!(error(&batch).kind, ErrorKind::LengthPastEnd);
        TracesData::decode(batch.as_slice()).unwrap_err();
    }
    // What follows a shorter string is fields of the value, and what follows a
    // shorter value those of the attribute: here unknown ones.
    for (value, string) in [(6, 2), (6, 0), (4, 2), (2, 0)] {
        let batch = attribute(value, string);
        let ours = scan(&batch).map(|_| ());
        assert_eq!(ours.is_ok(), TracesData::decode(batch.as_slice()).is_ok());
    }
}

#[test]
fn an_unfinished_number_in_a_plain_attribute_is_refused() {
    for kind in [0x10, 0x18] {
        let batch = batch_of(&field(9, &[0x0a, 1, b'k', 0x12, 2, kind, 0x80]));
        assert_eq!(error(&batch).kind, ErrorKind::Truncated);
    }
}

#[test]
fn missing_values_are_refused_at_every_level() {
    for wire_type in [0, 1, 2, 5] {
        refused_everywhere(&tag(17, wire_type), ErrorKind::Truncated);
    }
    refused_everywhere(&[tag(17, 0), vec![0x80]].concat(), ErrorKind::Truncated);
    refused_everywhere(&[tag(17, 1), vec![0; 7]].concat(), ErrorKind::Truncated);
    refused_everywhere(&[tag(17, 5), vec![0; 3]].concat(), ErrorKind::Truncated);
    refused_everywhere(&[0x80], ErrorKind::Truncated);
}

/// The known fields of each message: number and wire type.
fn known(level: &str) -> &'static [(u32, u32)] {
    match level {
        "TracesData" | "ArrayValue" | "KeyValueList" => &[(1, 2)],
        "ResourceSpans" | "ScopeSpans" => &[(1, 2), (2, 2), (3, 2)],
        "Resource" => &[(1, 2), (2, 0), (3, 2)],
        "EntityRef" => &[(1, 2), (2, 2), (3, 2), (4, 2)],
        "Scope" => &[(1, 2), (2, 2), (3, 2), (4, 0)],
        "Span" => &[
            (1, 2),
            (2, 2),
            (3, 2),
            (4, 2),
            (5, 2),
            (6, 0),
            (7, 1),
            (8, 1),
            (9, 2),
            (10, 0),
            (11, 2),
            (12, 0),
            (13, 2),
            (14, 0),
            (15, 2),
            (16, 5),
        ],
        "Event" => &[(1, 1), (2, 2), (3, 2), (4, 0)],
        "Link" => &[(1, 2), (2, 2), (3, 2), (4, 2), (5, 0), (6, 5)],
        "Status" => &[(2, 2), (3, 0)],
        "AnyValue" | "a nested AnyValue" => &[
            (1, 2),
            (2, 0),
            (3, 0),
            (4, 1),
            (5, 2),
            (6, 2),
            (7, 2),
            (8, 0),
        ],
        _ => &[(1, 2), (2, 2), (3, 0)],
    }
}

#[test]
fn known_fields_have_their_wire_type_and_no_other() {
    for (level, _) in levels(b"") {
        for &(number, wire_type) in known(level) {
            for other in [0, 1, 2, 3, 4, 5, 6, 7] {
                // Fit for every wire type: a varint, a length, fixed bytes.
                let inner = [tag(number, other), vec![0x80; 7], vec![0]].concat();
                let inner = match other {
                    0 | 2 => [tag(number, other), vec![0]].concat(),
                    5 => inner[..inner.len() - 4].to_vec(),
                    _ => inner,
                };
                let batches = levels(&inner);
                let (_, batch) = batches.iter().find(|(name, _)| *name == level).unwrap();
                let context = format!("{level}: field {number}, wire type {other}");
                if other == wire_type {
                    assert!(scan(batch).is_ok(), "{context}");
                    TracesData::decode(batch.as_slice()).expect(&context);
                } else {
                    assert_eq!(error(batch).kind, ErrorKind::WrongWireType, "{context}");
                    TracesData::decode(batch.as_slice()).expect_err(&context);
                }
            }
        }
    }
}

#[test]
fn a_batch_cut_off_anywhere_is_an_error_or_a_valid_prefix() {
    let batch = batch::traces(&mut Choices::seeded(12));
    let mut bytes = batch.encode_to_vec();
    bytes.truncate(20_000);
    assert!(bytes.len() > 500);
    let mut prefixes = 0;
    for end in 0..bytes.len() {
        // Compares with prost.
        prefixes += usize::from(checks::walk(&bytes[..end], &Wanted::everything()).is_ok());
    }
    // Only where a `ResourceSpans` ends.
    assert!(prefixes <= 1 + batch.resource_spans.len(), "{prefixes}");
}

#[test]
fn paths_name_the_field_at_fault() {
    let wrong = number(1, 5);
    assert_eq!(path(&wrong), "resource_spans[0]");
    let after_one = [field(1, b""), wrong.clone()].concat();
    assert_eq!(path(&after_one), "resource_spans[1]");
    assert_eq!(
        path(&field(1, &field(2, &number(1, 0)))),
        "resource_spans[0].scope_spans[0].scope"
    );
    let spans = [field(2, b""), field(2, b""), field(2, &number(13, 1))].concat();
    let deep = [
        field(1, b""),
        field(1, &[field(2, b""), field(2, &spans)].concat()),
    ]
    .concat();
    assert_eq!(
        path(&deep),
        "resource_spans[1].scope_spans[1].spans[2].links[0]"
    );
    let value = field(
        6,
        &field(1, &[field(1, b"k"), field(2, &number(4, 1))].concat()),
    );
    let attributes = [
        field(9, &attribute("a", "b")),
        number(6, 5),
        field(9, &field(2, &value)),
    ];
    assert_eq!(
        path(&batch_of(&attributes.concat())),
        "resource_spans[0].scope_spans[0].spans[0].attributes[1].value.kvlist_value.values[0]\
         .value.double_value"
    );
}

#[test]
fn paths_end_at_the_last_known_message() {
    let unknown = [tag(1000, 3)].concat();
    assert_eq!(path(&unknown), "");
    let span = "resource_spans[0].scope_spans[0].spans[0]";
    assert_eq!(path(&batch_of(&unknown)), span);
    assert_eq!(path(&batch_of(&[0])), span);
    assert_eq!(path(&batch_of(&[0x80])), span);
}

#[test]
fn a_fault_at_the_end_of_a_message_is_not_that_of_the_next() {
    // Nothing follows these tags, so that the offset after them is where the
    // next message begins.
    let faults = [tag(13, 2), tag(7, 1), tag(13, 0), tag(13, 4), tag(16, 5)];
    for fault in faults {
        let spans = [field(2, &fault), field(2, b"")].concat();
        let batch = [field(1, &field(2, &spans)), field(1, b"")].concat();
        let path = path(&batch);
        let field = path.strip_prefix("resource_spans[0].scope_spans[0].spans[0].");
        assert!(
            matches!(field, Some("links[0]" | "start_time_unix_nano" | "flags")),
            "{path}"
        );
    }
}

#[test]
fn paths_are_of_any_offset() {
    let link = field(13, &field(1, b"id"));
    let batch = batch_of(&[field(5, b"name"), link].concat());
    let at = |offset| field_path(&batch, offset);
    assert_eq!(at(0), "resource_spans[0]");
    assert_eq!(at(2), "resource_spans[0].scope_spans[0]");
    assert_eq!(at(6), "resource_spans[0].scope_spans[0].spans[0].name");
    let last = batch.len() - 1;
    assert_eq!(
        at(last),
        "resource_spans[0].scope_spans[0].spans[0].links[0].trace_id"
    );
    assert_eq!(at(batch.len()), "");
    // A fault further in is none of its concern.
    assert_eq!(field_path(&field(1, &[0x0a, 9]), 0), "resource_spans[0]");
    assert_eq!(at(usize::MAX), "");
}

#[test]
fn errors_say_what_and_where() {
    assert_eq!(
        error(&[0x0a, 5]).to_string(),
        "a length reaches past the end of its message (at byte 1)"
    );
    assert_eq!(
        error(&[0x0a]).to_string(),
        "the bytes end inside a value (at byte 0)"
    );
}

/// Two bytes each: what is known of them took thirty times as much.
#[test]
fn more_resources_scopes_and_spans_than_there_may_be_are_refused() {
    use linkmend_wire::scan::MAX_PARTS;
    type Shape<'s> = &'s dyn Fn(usize) -> Vec<u8>;
    let of = |bytes: &[u8], parts: usize| bytes.repeat(parts);
    let within = |inner: Vec<u8>| field(1, &field(2, &inner));
    let shapes: [(Shape<'_>, usize); 3] = [
        (&|parts| of(&[0x0a, 0], parts), 0),
        (&|parts| field(1, &of(&[0x12, 0], parts)), 1),
        (&|parts| within(of(&[0x12, 0], parts)), 2),
    ];
    for (shape, around) in shapes {
        scan(&shape(MAX_PARTS - around)).unwrap();
        let too_many = shape(MAX_PARTS - around + 1);
        let error = error(&too_many);
        assert_eq!(error.kind, ErrorKind::TooManyParts);
        assert_eq!(error.offset, too_many.len() - 1);
        assert!(path(&too_many).contains("[52428"), "{}", path(&too_many));
    }
}
