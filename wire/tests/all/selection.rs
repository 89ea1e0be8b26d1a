//! Which spans are selected, and what a subset holds.

use linkmend_wire::located::Reads;
use linkmend_wire::{Scan, Selector, subset};

use super::bytes::{attribute, batch_of, field, number, padded, tag};
use super::shared::located::check_on_the_way;

fn takes(selector: &Selector, span: &[u8]) -> bool {
    let batch = batch_of(span);
    assert!(check_on_the_way(&batch, selector, &Reads::new(&["*"])));
    let mut scan = Scan::new();
    scan.run(&batch, selector).unwrap();
    assert_eq!(scan.spans(), 1);
    !scan.selected().is_empty()
}

fn with_key(key: &str) -> Vec<u8> {
    field(9, &attribute(key, "value"))
}

#[test]
fn the_empty_selector_takes_nothing() {
    let none = Selector::none();
    assert!(none.is_none());
    assert_eq!(none, Selector::default());
    let span = [number(6, 0), with_key(""), with_key("a"), field(13, b"")].concat();
    assert!(!takes(&none, &span));
    assert!(takes(&Selector::all(), &span));
    assert!(takes(&Selector::all(), b""));
    assert!(!Selector::all().is_none());
}

#[test]
fn kinds_are_taken_by_number() {
    let consumers = Selector::none().with_kind(5);
    assert!(!consumers.is_none());
    assert!(takes(&consumers, &number(6, 5)));
    assert!(!takes(&consumers, &number(6, 4)));
    assert!(!takes(&consumers, b""));
    let unspecified = Selector::none().with_kind(0);
    assert!(takes(&unspecified, b""));
    assert!(takes(&unspecified, &number(6, 0)));
    assert!(takes(&Selector::none().with_kind(7), &number(6, 7)));
}

#[test]
fn of_a_repeated_kind_the_last_counts() {
    let consumers = Selector::none().with_kind(5);
    assert!(takes(&consumers, &[number(6, 4), number(6, 5)].concat()));
    assert!(!takes(&consumers, &[number(6, 5), number(6, 4)].concat()));
    assert!(!takes(&consumers, &[number(6, 5), number(6, 0)].concat()));
    // What else takes the span comes behind both.
    let or_key = consumers.with_key("messaging.system").with_links();
    for other in [with_key("messaging.system"), field(13, b"")] {
        let span = [number(6, 5), with_key("a"), number(6, 4), other].concat();
        assert!(takes(&or_key, &span));
    }
}

#[test]
fn kinds_that_otlp_does_not_have_are_taken_by_no_other() {
    let mut known = Selector::none();
    for kind in 0..=5 {
        known = known.with_kind(kind);
    }
    for kind in [6, 7, 8, 64, 255, u64::from(u32::MAX), u64::MAX] {
        assert!(!takes(&known, &number(6, kind)), "{kind}");
    }
    let beyond = Selector::none().with_kind(8).with_kind(255);
    assert!(beyond.is_none());
    assert!(!takes(&beyond, &number(6, 8)));
}

#[test]
fn a_kind_is_the_low_32_bits_of_its_varint() {
    let kind = [tag(6, 0), padded((1 << 32) + 5, 10)].concat();
    assert!(takes(&Selector::none().with_kind(5), &kind));
}

#[test]
fn links_count_when_they_are_asked_for() {
    let linked = Selector::none().with_links();
    assert!(takes(&linked, &field(13, b"")));
    assert!(!takes(&linked, b""));
    assert!(!takes(&linked, &number(14, 3)));
}

#[test]
fn keys_are_taken_whole_and_prefixes_at_the_start() {
    let key = Selector::none().with_key("messaging.system");
    assert!(takes(&key, &with_key("messaging.system")));
    for other in [
        "messaging.systems",
        "messaging",
        "m",
        "",
        "Messaging.system",
    ] {
        assert!(!takes(&key, &with_key(other)), "{other}");
    }
    let prefix = Selector::none().with_prefix("messaging.");
    for taken in ["messaging.", "messaging.system", "messaging.\u{e4}"] {
        assert!(takes(&prefix, &with_key(taken)), "{taken}");
    }
    for other in ["messaging", "", "a.messaging.", "nessaging."] {
        assert!(!takes(&prefix, &with_key(other)), "{other}");
    }
}

#[test]
fn empty_keys_and_prefixes_are_patterns_too() {
    assert!(takes(&Selector::none().with_key(""), &with_key("")));
    assert!(takes(&Selector::none().with_key(""), &field(9, b"")));
    assert!(!takes(&Selector::none().with_key(""), &with_key("a")));
    let any = Selector::none().with_prefix("");
    for key in ["", "a", "\u{1f517}"] {
        assert!(takes(&any, &with_key(key)), "{key}");
    }
    assert!(takes(&any, &field(9, b"")));
    assert!(!takes(&any, b""));
}

#[test]
fn keys_are_found_however_the_attribute_is_written() {
    let selector = Selector::none().with_key("k");
    let key = field(1, b"k");
    let value = field(2, &field(1, b"v"));
    let long = field(2, &field(1, &[b'v'; 300]));
    let written = [
        key.clone(),
        [key.clone(), value.clone()].concat(),
        [value.clone(), key.clone()].concat(),
        [key.clone(), long].concat(),
        [key.clone(), field(2, &number(3, 5))].concat(),
        [key.clone(), field(2, &number(2, 1))].concat(),
        [key.clone(), field(2, &number(3, u64::MAX))].concat(),
        [key.clone(), field(2, b"")].concat(),
        [key.clone(), field(2, &field(5, b""))].concat(),
        [key.clone(), value.clone(), value.clone()].concat(),
        [field(1000, b"k"), key.clone()].concat(),
        [field(1, b"x"), value.clone(), key.clone()].concat(),
        [padded(0x0a, 3), vec![1, b'k']].concat(),
        [vec![0x0a], padded(1, 2), vec![b'k']].concat(),
    ];
    for attribute in written {
        assert!(takes(&selector, &field(9, &attribute)), "{attribute:x?}");
    }
    // The last key counts, and only that of a span's own attribute.
    assert!(!takes(
        &selector,
        &field(9, &[key.clone(), field(1, b"x")].concat())
    ));
    assert!(!takes(&selector, &field(13, &field(4, &key))));
    assert!(!takes(&selector, &field(11, &field(3, &key))));
    let nested = field(2, &field(6, &field(1, &key)));
    assert!(!takes(&selector, &field(9, &nested)));
}

#[test]
fn one_condition_is_enough() {
    let selector = Selector::none()
        .with_kind(5)
        .with_links()
        .with_key("a")
        .with_prefix("b.");
    assert!(takes(&selector, &number(6, 5)));
    assert!(takes(&selector, &field(13, b"")));
    assert!(takes(&selector, &with_key("a")));
    assert!(takes(&selector, &[with_key("x"), with_key("b.c")].concat()));
    assert!(!takes(&selector, &[with_key("x"), number(6, 1)].concat()));
}

#[test]
fn a_subset_keeps_what_lies_beside_scopes_and_spans() {
    let taken = |name: &str| field(2, &[field(5, name.as_bytes()), number(6, 5)].concat());
    let left = field(2, &number(6, 1));
    let beside = |text: &[u8]| field(1000, text);
    let scope = [beside(b"s1"), field(1, &beside(b"scope"))].concat();
    let resource = [field(1, &beside(b"resource")), beside(b"r1")].concat();
    let batch = [
        beside(b"batch"),
        field(1, &[resource.clone(), field(2, &left)].concat()),
        field(
            1,
            &[
                resource.clone(),
                field(2, &left),
                field(
                    2,
                    &[
                        left.clone(),
                        taken("a"),
                        scope.clone(),
                        left.clone(),
                        taken("b"),
                        beside(b"s2"),
                    ]
                    .concat(),
                ),
                beside(b"r2"),
                field(2, &taken("c")),
                beside(b"r3"),
            ]
            .concat(),
        ),
        field(1, b""),
    ]
    .concat();
    let mut scan = Scan::new();
    scan.run(&batch, &Selector::none().with_kind(5)).unwrap();
    assert!(!scan.all_selected());
    let mut out = Vec::new();
    subset(&batch, &scan, &mut out);
    // What lies beside comes first, in its order; the batch's own goes.
    let first = [scope, beside(b"s2"), taken("a"), taken("b")].concat();
    let expected = [
        resource,
        beside(b"r2"),
        beside(b"r3"),
        field(2, &first),
        field(2, &taken("c")),
    ];
    assert_eq!(out, field(1, &expected.concat()));
}
