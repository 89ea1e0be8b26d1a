#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]
use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;
use crate::net::budget::Budget;

const ALL: [Encoding; 4] = [
    Encoding::Gzip,
    Encoding::Zstd,
    Encoding::Zlib,
    Encoding::Deflate,
];

fn compressed(encoding: Encoding, data: &[u8]) -> Bytes {
    let level = Compression::default();
    match encoding {
        Encoding::Identity => data.to_vec(),
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        Encoding::Zstd => zstd::encode_all(data, 3).unwrap(),
        Encoding::Zlib | Encoding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
    }
    .into()
}

fn run(body: &Bytes, encoding: Encoding, limit: u64) -> Result<Bytes, BodyError> {
    let budget = Budget::new(64 << 20);
    decompress(body, encoding, limit, &mut budget.charge(0).unwrap())
}

#[test]
fn what_was_compressed_comes_out() {
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    for data in [&b""[..], b"x", &noise, &vec![0; 100_000]] {
        for encoding in ALL {
            let body = compressed(encoding, data);
            let length = data.len() as u64;
            assert_eq!(
                run(&body, encoding, length.max(1)).unwrap(),
                data,
                "{encoding:?}"
            );
            if length > 1 {
                let refused = run(&body, encoding, length - 1);
                assert!(matches!(refused, Err(BodyError::TooLarge(_))));
            }
        }
    }
}

#[test]
fn a_bomb_takes_no_more_than_the_limit() {
    let zeros = vec![0; 32 << 20];
    for encoding in ALL {
        let body = compressed(encoding, &zeros);
        let budget = Budget::new(4 << 20);
        let mut charge = budget.charge(0).unwrap();
        let refused = decompress(&body, encoding, 1 << 20, &mut charge);
        assert!(
            matches!(refused, Err(BodyError::TooLarge(_))),
            "{encoding:?}"
        );
        assert!(budget.used() <= (1 << 20) + 1);
    }
}

/// zlib without its end was taken for complete.
#[test]
fn what_is_cut_off_or_damaged_is_refused() {
    let noise: Vec<u8> = (0..50_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    for encoding in ALL {
        let body = compressed(encoding, &noise);
        for length in [1, 5, body.len() / 2, body.len() - 1] {
            let cut = body.slice(..length);
            let refused = run(&cut, encoding, 1 << 20);
            assert!(
                matches!(refused, Err(BodyError::Damaged(_))),
                "{encoding:?} {length}: {refused:?}"
            );
        }
        let mut damaged = body.to_vec();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xff;
        damaged[middle + 1] ^= 0xff;
        // zstd has no checksum unless it is asked for.
        if encoding != Encoding::Zstd {
            assert!(run(&damaged.into(), encoding, 1 << 20).is_err());
        }
        let text = Bytes::from_static(b"this is not compressed at all");
        assert!(matches!(
            run(&text, encoding, 1 << 20),
            Err(BodyError::Damaged(_))
        ));
    }
}

#[test]
fn several_members_are_one_body() {
    for encoding in [Encoding::Gzip, Encoding::Zstd] {
        let one = compressed(encoding, b"one");
        let two = compressed(encoding, b"two");
        let both = Bytes::from([one, two].concat());
        assert_eq!(run(&both, encoding, 100).unwrap(), b"onetwo".as_slice());
    }
}

/// A header that asks for a window of a gigabyte.
#[test]
fn large_windows_are_refused() {
    // Magic, no content size, window descriptor 2^(10 + 20).
    let header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 1, 0, 0];
    let refused = run(&Bytes::copy_from_slice(&header), Encoding::Zstd, 1 << 20);
    assert!(matches!(refused, Err(BodyError::Damaged(_))), "{refused:?}");
}

/// Bodies that others make: with names, comments and other fields in the header,
/// of one block or many, stored, of fixed codes.
#[test]
fn headers_and_blocks_of_any_sort_are_read() {
    let data = b"some text, and more of it: some text, and more of it".repeat(400);
    for level in 0..=9 {
        let builder = flate2::GzBuilder::new()
            .filename("a name")
            .comment("said of it")
            .extra(vec![1, 2, 3, 4])
            .mtime(1_700_000_000);
        let mut encoder = builder.write(Vec::new(), Compression::new(level));
        for part in data.chunks(1 + 3000 * level as usize) {
            encoder.write_all(part).unwrap();
            encoder.flush().unwrap();
        }
        let body = Bytes::from(encoder.finish().unwrap());
        assert_eq!(run(&body, Encoding::Gzip, 1 << 20).unwrap(), data);
    }
}

/// What is read in one go, and what is left to the decoder that takes a body as it
/// comes, are the same: of members that end alike, and with anything behind them.
#[test]
fn what_follows_a_member_is_not_overlooked() {
    let one = compressed(Encoding::Gzip, &b"one text".repeat(9));
    let again = compressed(Encoding::Gzip, &b"one text".repeat(9));
    let budget = Budget::new(1 << 20);
    let mut charge = budget.charge(0).unwrap();
    assert!(whole::gunzip(&one, 1 << 20, &mut charge).unwrap().is_some());
    assert_eq!(charge.bytes(), 72);
    charge.keep(0);
    let trailer = one.slice(one.len() - 8..);
    for behind in [&again[..], &trailer, &[b"?", &trailer[..]].concat(), b"\0"] {
        let body = Bytes::from([&one, behind].concat());
        let whole = whole::gunzip(&body, 1 << 20, &mut charge).unwrap();
        assert_eq!((whole, charge.bytes()), (None, 0));
    }
    let both = Bytes::from([&one[..], &again].concat());
    let both = run(&both, Encoding::Gzip, 1 << 20).unwrap();
    assert_eq!(both, b"one text".repeat(18));
    let behind = Bytes::from([&one[..], &trailer].concat());
    assert!(run(&behind, Encoding::Gzip, 1 << 20).is_err());
}

/// A length is a claim: neither memory nor the answer follows from it.
#[test]
fn lengths_that_are_not_true_take_nothing() {
    let data = b"some text".repeat(1000);
    let body = compressed(Encoding::Gzip, &data);
    let budget = Budget::new(1 << 30);
    let length = data.len() as u32;
    for claim in [0, 1, length - 1, length + 1, 64_000, 1 << 20, u32::MAX] {
        let mut lying = body.to_vec();
        let end = lying.len() - 4;
        lying[end..].copy_from_slice(&claim.to_le_bytes());
        let mut charge = budget.charge(0).unwrap();
        let whole = whole::gunzip(&lying, 1 << 20, &mut charge).unwrap();
        assert_eq!((whole, charge.bytes()), (None, 0), "{claim}");
        let refused = run(&lying.into(), Encoding::Gzip, 1 << 20);
        assert!(matches!(refused, Err(BodyError::Damaged(_))), "{claim}");
    }
    // Of zstd the length stands at the beginning.
    let body = zstd::bulk::compress(&data, 3).unwrap();
    assert_eq!(claimed(&body, Encoding::Zstd), Some(9000));
    let mut charge = budget.charge(0).unwrap();
    let plain = decompress(&body.into(), Encoding::Zstd, 1 << 20, &mut charge).unwrap();
    assert_eq!(plain, data);
    assert!(charge.bytes() <= SMALLEST as u64);
}
