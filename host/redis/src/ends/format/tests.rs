#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
use linkmend::Scope;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const KEY: SpanKey = SpanKey {
    scope: None,
    trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes(),
    span: 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes(),
};

fn end() -> End<'static> {
    End {
        start: 1_764_192_600_000_000_000,
        end: 1_764_192_600_001_500_000,
        flags: 0x101,
        kind: 4,
        status: 0,
        service: "api",
        namespace: "",
        name: "orders publish",
        operation: "publish",
        system: "rabbitmq",
        destination: "orders",
    }
}

fn hex(bytes: &[u8]) -> String {
    let byte = |hex: String, byte: &u8| format!("{hex}{byte:02x}");
    bytes.iter().fold(String::new(), byte)
}

/// The page holds what other programs are written after.
#[test]
fn the_example_of_the_page_is_what_is_written() {
    let page = include_str!("../../../../../docs/index-format.md");
    for bytes in [key("linkmend", &KEY), value(&end())] {
        let bytes = hex(&bytes);
        assert!(page.contains(&bytes), "{bytes}");
    }
}

#[test]
fn scopes_are_a_part_of_keys() {
    let scoped = SpanKey {
        scope: Some(Scope::from_bytes([7; 16])),
        ..KEY
    };
    let (key, with) = (key("p", &KEY), key("p", &scoped));
    assert_eq!(key.len() + 16, with.len());
    let (name, rest) = key.split_at(5);
    assert_eq!(with, [name, &[7; 16], rest].concat());
}

/// Hosts of tomorrow may write more than those of today read.
#[test]
fn what_stands_behind_is_passed_over_and_what_is_cut_off_is_none() {
    let whole = value(&end());
    for length in 0..whole.len() {
        let (short, _) = whole.split_at(length);
        assert_eq!(read(short), None, "{length}");
    }
    let more = [&whole[..], b"more"].concat();
    assert_eq!(read(&more), Some(end()));
}

#[test]
fn a_value_is_bounded() {
    fn longest(text: &str) -> End<'_> {
        End {
            start: u64::MAX,
            end: u64::MAX - 1,
            flags: u32::MAX,
            kind: 255,
            status: 255,
            service: text,
            namespace: text,
            name: text,
            operation: text,
            system: text,
            destination: text,
        }
    }
    let (most, more) = ("x".repeat(768), "x".repeat(769));
    let written = value(&longest(&most));
    assert_eq!(written.len(), LONGEST);
    assert_eq!(read(&written), Some(longest(&most)));
    let written = value(&longest(&more));
    assert_eq!(read(&written), Some(longest("")));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        start: u64, end: u64, flags: u32, kind: u8, status: u8,
        texts in vec(".{0,40}", 6),
    ) {
        let [service, namespace, name, operation, system, destination] = &texts[..] else {
            unreachable!()
        };
        let end = End {
            start, end, flags, kind, status, service, namespace, name, operation, system, destination,
        };
        let written = value(&end);
        prop_assert_eq!(read(&written), Some(end));
    }

    #[test]
    fn any_bytes_are_an_end_or_none(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
