//! Bodies that are more than they seem, or less.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::attacked::{Attacked, BUDGET, MIB};
use super::raw::{answer, connect, head, message, post, status};
use crate::support::sender::Sender;

const PROTOBUF: &str = "content-type: application/x-protobuf\r\n";
const JSON: &str = "content-type: application/json\r\n";

/// Zeros, of which many fit into a few KiB.
fn bomb(encoding: &str) -> Vec<u8> {
    let zeros = vec![0; 200 << 20];
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&zeros).unwrap();
            encoder.finish().unwrap()
        }
        "zlib" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&zeros).unwrap();
            encoder.finish().unwrap()
        }
        _ => zstd::encode_all(zeros.as_slice(), 1).unwrap(),
    }
}

#[test]
fn bombs() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    for encoding in ["gzip", "zlib", "zstd"] {
        let bomb = bomb(encoding);
        let http = format!("{PROTOBUF}content-encoding: {encoding}\r\n");
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    // Too large, or too much at once.
                    let status = post(to.http, &http, &bomb);
                    assert!([413, 503].contains(&status), "{encoding}: {status}");
                });
                if encoding != "zlib" {
                    let call = message(1, bomb.len(), &bomb);
                    scope.spawn(move || {
                        let status = Sender::new().grpc_frame(to.grpc, encoding, call);
                        assert!(
                            ["8", "14"].contains(&status.as_str()),
                            "{encoding}: {status}"
                        );
                    });
                }
            }
            attacked.serves();
        });
        assert_eq!(post(to.http, &http, &bomb), 413, "{encoding}");
    }
    // And what each of 32 connections has in its window of HTTP/2.
    attacked.took_at_most(BUDGET + 32 * MIB);
    attacked.recovers();
}

#[test]
fn lengths_that_lie() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    for (length, bytes, code) in [
        // 4 GiB, which do not come.
        (u32::MAX as usize, 10, "8"),
        // Less than it says, and more.
        (1000, 10, "13"),
        (10, 1000, "12"),
    ] {
        let call = message(0, length, &vec![0; bytes]);
        let given = Sender::new().grpc_frame(to.grpc, "identity", call);
        assert_eq!(given, code, "{length}");
    }
    let mut stream = connect(to.http);
    let huge = head(&format!("{PROTOBUF}content-length: 99999999999999\r\n\r\n"));
    stream.write_all(huge.as_bytes()).unwrap();
    assert_eq!(status(&answer(&mut stream)), 413);
    // As large as may be, but nothing comes: nothing is kept for it.
    let large = head(&format!("{PROTOBUF}content-length: 20000000\r\n\r\nx"));
    let silent: Vec<_> = (0..500)
        .map(|_| {
            let mut stream = connect(to.http);
            stream.write_all(large.as_bytes()).unwrap();
            stream
        })
        .collect();
    attacked.serves();
    attacked.took_at_most(500 * (32 << 10));
    drop(silent);
    attacked.recovers();
}

#[test]
fn tiny_chunks() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    let head = head(&format!("{PROTOBUF}transfer-encoding: chunked\r\n\r\n"));
    let chunks = [
        head.as_bytes(),
        &b"1\r\n\0\r\n".repeat(300_000),
        b"0\r\n\r\n",
    ]
    .concat();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut stream = connect(to.http);
                stream.write_all(&chunks).unwrap();
                assert_eq!(status(&answer(&mut stream)), 400);
            });
        }
        attacked.serves();
    });
    attacked.took_at_most(16 * MIB);
    attacked.recovers();
}

#[test]
fn bombs_of_json() {
    const SIZE: usize = 19 << 20;
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    let value = |inner: String| {
        format!(
            "{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"a\",\"value\":{inner}}}]}}}}]}}"
        )
    };
    let depth = "{\"arrayValue\":{\"values\":[".repeat(SIZE / 30);
    for (what, text, expected) in [
        ("depth of what is unknown", "{\"x\":".repeat(SIZE / 5), 400),
        ("depth of lists", "[".repeat(SIZE), 400),
        ("depth of values", value(depth), 400),
        (
            "the same key",
            format!("{{{}}}", "\"resourceSpans\":[],".repeat(SIZE / 19)),
            400,
        ),
        (
            "unknown keys",
            format!("{{{}\"resourceSpans\":[]}}", "\"x\":1,".repeat(SIZE / 6)),
            200,
        ),
        (
            "a long text",
            value(format!("{{\"stringValue\":\"{}\"}}", "x".repeat(SIZE))),
            200,
        ),
        (
            "escapes",
            value(format!(
                "{{\"stringValue\":\"{}\"}}",
                "\\n".repeat(SIZE / 2)
            )),
            200,
        ),
        (
            "a long number",
            value(format!("{{\"intValue\":{}}}", "1".repeat(SIZE))),
            400,
        ),
    ] {
        let given = post(to.http, JSON, text.as_bytes());
        assert_eq!(given, expected, "{what}");
        attacked.serves();
    }
    attacked.took_at_most(BUDGET);
    attacked.recovers();
}

/// Two bytes a span.
#[test]
fn bombs_of_spans() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    let within = |tag: u8, inner: &[u8]| {
        let mut bytes = vec![tag];
        let mut length = inner.len();
        while length >= 128 {
            bytes.push((length % 128 + 128) as u8);
            length /= 128;
        }
        bytes.push(length as u8);
        bytes.extend(inner);
        bytes
    };
    // Empty spans, and consumers (kind 5) that name no message.
    for span in [&[0x12, 0][..], &[0x12, 2, 0x30, 5]] {
        let scope = within(0x12, &span.repeat((1 << 19) / span.len()));
        let body = within(0x0a, &scope);
        let given = post(to.http, PROTOBUF, &body);
        assert!([200, 503].contains(&given), "{given}");
        attacked.serves();
    }
    attacked.took_at_most(BUDGET);
    attacked.recovers();
}
