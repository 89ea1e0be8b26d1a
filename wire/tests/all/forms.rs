//! What is well-formed, in all its forms.

use linkmend_wire::{Patch, Scan, Selector, SpanLinks, splice, subset};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::bytes::{attribute, batch_of, field, levels, number, padded, scan, tag};
use super::shared::choices::Choices;
use super::shared::encode::{Encoder, Order, UNKNOWN};
use super::shared::select::Wanted;
use super::shared::{batch, checks};

#[test]
fn every_field_order_is_the_same_batch() {
    let batch = batch::traces(&mut Choices::seeded(3));
    let mut counts = Vec::new();
    for order in [Order::Ascending, Order::Descending, Order::Shuffled] {
        for noise in [false, true] {
            let bytes = Encoder::new(&mut Choices::seeded(4), order, noise).traces(&batch);
            let (scan, decoded) = checks::walk(&bytes, &Wanted::everything()).unwrap();
            checks::assert_same(&decoded.unwrap(), &batch);
            counts.push((scan.spans(), scan.links()));
        }
    }
    assert!(counts[0].0 > 0 && counts[0].1 > 0, "nothing was tested");
    assert!(counts.iter().all(|other| *other == counts[0]));
}

/// An unknown field of each wire type.
fn unknown_fields(number: u32) -> Vec<Vec<u8>> {
    vec![
        [tag(number, 0), padded(u64::MAX, 10)].concat(),
        [tag(number, 1), vec![0xff; 8]].concat(),
        field(number, b"\x0b\xff\x00"),
        field(number, b""),
        [tag(number, 5), vec![0xff; 4]].concat(),
    ]
}

#[test]
fn unknown_fields_of_any_number_and_type_are_taken_at_every_level() {
    for unknown in UNKNOWN.map(unknown_fields).concat() {
        for (level, batch) in levels(&unknown) {
            assert!(scan(&batch).is_ok(), "{unknown:x?} in {level}");
            TracesData::decode(batch.as_slice()).unwrap();
            checks::edits(&batch, &Wanted::everything(), &mut Choices::seeded(1));
        }
    }
}

#[test]
fn empty_messages_are_taken_at_every_level() {
    for (level, batch) in levels(b"") {
        assert!(scan(&batch).is_ok(), "{level}");
    }
    let scan = scan(b"").unwrap();
    assert_eq!((scan.spans(), scan.links()), (0, 0));
}

#[test]
fn varints_have_up_to_ten_bytes() {
    for length in 1..=10 {
        let kind = [tag(6, 0), padded(5, length)].concat();
        assert!(scan(&batch_of(&kind)).is_ok(), "{length}");
    }
    let most = [tag(6, 0), padded(u64::MAX, 10)].concat();
    assert!(scan(&batch_of(&most)).is_ok());
    let padded_tag = [padded(6 << 3, 10), vec![5]].concat();
    let mut scan = Scan::new();
    scan.run(&batch_of(&padded_tag), &Selector::none().with_kind(5))
        .unwrap();
    assert_eq!(scan.selected().len(), 1);
}

/// A frame of `number` around `body`, its length written with 4 bytes.
fn wide_frame(number: u32, body: &[u8]) -> Vec<u8> {
    [tag(number, 2), padded(body.len() as u64, 4), body.to_vec()].concat()
}

#[test]
fn wide_lengths_stay_where_the_size_stays() {
    let old = [field(5, b"name"), number(14, 1)].concat();
    let new = [field(5, b"name"), number(14, 9)].concat();
    let batch = |span: &[u8]| {
        let span = [field(2, &field(5, b"other")), field(2, span)].concat();
        [wide_frame(1, &wide_frame(2, &span)), wide_frame(1, b"")].concat()
    };
    let bytes = batch(&old);
    let scan = scan(&bytes).unwrap();
    let mut links = SpanLinks::default();
    links.read(&bytes, scan.selected()[1].body());
    assert_eq!(links.dropped_links_count(), 1);
    let patch = Patch {
        span: 1,
        kept: 0..0,
        body: 0..new.len(),
    };
    let mut out = Vec::new();
    splice(&bytes, &scan, &[patch], &new, &mut out);
    assert_eq!(out, batch(&new));
}

#[test]
fn wide_lengths_become_short_where_the_size_changes() {
    let resource = field(1, b"");
    let scope = field(3, b"url");
    let untouched = wide_frame(1, &wide_frame(2, &wide_frame(2, b"")));
    let batch = |frame: fn(u32, &[u8]) -> Vec<u8>, span: &[u8]| {
        let scope = frame(2, &[scope.clone(), frame(2, span)].concat());
        let before = frame(1, &[resource.clone(), scope].concat());
        [before, untouched.clone()].concat()
    };
    let old = batch(wide_frame, b"");
    let scan = scan(&old).unwrap();
    let new = number(14, 9);
    let patch = Patch {
        span: 0,
        kept: 0..0,
        body: 0..new.len(),
    };
    let mut out = Vec::new();
    splice(&old, &scan, &[patch], &new, &mut out);
    assert_eq!(out, batch(field, &new));
}

#[test]
fn output_is_appended() {
    let bytes = batch_of(&number(14, 1));
    let scan = scan(&bytes).unwrap();
    let mut out = b"before".to_vec();
    splice(&bytes, &scan, &[], &[], &mut out);
    subset(&bytes, &scan, &mut out);
    assert_eq!(out, [b"before", bytes.as_slice(), &bytes].concat());
}

#[test]
fn a_scan_forgets_the_batch_before() {
    let mut scan = Scan::new();
    let link = field(13, b"");
    scan.run(&batch_of(&link), &Selector::all()).unwrap();
    assert_eq!((scan.spans(), scan.links()), (1, 1));
    assert!(scan.run(b"\x0a\x05", &Selector::all()).is_err());
    scan.run(b"", &Selector::all()).unwrap();
    assert_eq!((scan.spans(), scan.links()), (0, 0));
    assert!(scan.selected().is_empty());
}

#[test]
fn text_that_is_no_utf8_goes_through() {
    let span = [
        field(5, b"\xff\xfe"),
        field(9, &field(1, b"\xff")),
        attribute("a", "b"),
    ]
    .concat();
    let bytes = batch_of(&span);
    assert!(scan(&bytes).is_ok());
    let error = TracesData::decode(bytes.as_slice()).unwrap_err();
    assert!(error.to_string().contains("UTF-8"));
    checks::edits(&bytes, &Wanted::everything(), &mut Choices::seeded(5));
    checks::selection(&bytes, &Wanted::everything());
}
