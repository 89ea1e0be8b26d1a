//! Floods of frames.

use std::time::Duration;

use super::attacked::{Attacked, BUDGET, MIB};
use super::raw::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, Http2, PING, RST_STREAM, SETTINGS, call,
    frame, header, is_ended, message,
};

/// Sends the same again and again, until it is ended, or all is sent.
fn flood(connection: &mut Http2, bytes: &[u8], times: usize) -> bool {
    let short = Some(Duration::from_secs(1));
    connection.0.set_write_timeout(short).unwrap();
    (0..times).all(|_| connection.send(bytes))
}

/// Nobody reads what they are answered.
#[test]
fn floods_of_settings_and_pings() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    for address in [to.grpc, to.http] {
        for bytes in [
            frame(PING, 0, 0, b"12345678").repeat(1000),
            frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 1]).repeat(1000),
            frame(DATA, 0, 0, b"").repeat(1000),
        ] {
            let mut connection = Http2::connect(address);
            flood(&mut connection, &bytes, 1000);
            attacked.serves();
        }
    }
    attacked.took_at_most(8 * MIB);
    attacked.recovers();
}

#[test]
fn floods_of_headers() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    for address in [to.grpc, to.http] {
        let mut endless = Http2::connect(address);
        endless.send(&frame(HEADERS, 0, 1, &call(&[])));
        let more = frame(CONTINUATION, 0, 1, &header("x-more", &"x".repeat(10_000)));
        flood(&mut endless, &more, 10_000);
        assert!(is_ended(&mut endless.0, Duration::from_secs(5)));
        // Too large, but not endless: the stream is refused, at least.
        let mut large = Http2::connect(address);
        let long = "x".repeat(15_000);
        let first = call(&[("x-a", &long)]);
        let second = [header("x-b", &long), header("x-c", &long)];
        large.send(&frame(HEADERS, END_STREAM, 1, &first));
        large.send(&frame(CONTINUATION, 0, 1, &second[0]));
        large.send(&frame(CONTINUATION, END_HEADERS, 1, &second[1]));
        let answered = large.headers_of(1);
        assert!(!contains(&answered, b"grpc-status"), "{answered:?}");
        attacked.serves();
    }
    attacked.took_at_most(8 * MIB);
    attacked.recovers();
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|found| found == part)
}

/// Requests that are begun and taken back at once (CVE-2023-44487).
#[test]
fn rapid_resets() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    for address in [to.grpc, to.http] {
        let mut connections: Vec<_> = (0..4).map(|_| Http2::connect(address)).collect();
        for number in 0..10_000_u32 {
            let stream = 2 * number + 1;
            let begun = frame(HEADERS, END_HEADERS, stream, &call(&[]));
            let taken_back = frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
            for connection in &mut connections {
                connection.send(&[&begun[..], &taken_back].concat());
            }
        }
        attacked.serves();
    }
    attacked.took_at_most(16 * MIB);
    attacked.recovers();
}

/// The same with batches that grow when they are read: what waited for the rule
/// had no bound when its senders had gone.
#[test]
fn batches_that_are_taken_back() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses.grpc;
    // A resource with a field that nobody knows, of 4,000,000 bytes.
    let inner = [
        &[0xfa, 0x3f, 0xfc, 0x91, 0xf4, 0x01][..],
        &vec![7; 3_999_996],
    ]
    .concat();
    let mut body = vec![0x0a];
    let mut length = inner.len();
    while length >= 128 {
        body.push((length % 128 + 128) as u8);
        length /= 128;
    }
    body.push(length as u8);
    body.extend(inner);
    let packed = zstd::encode_all(body.as_slice(), 1).unwrap();
    assert!(packed.len() < 16_000, "{}", packed.len());
    let mut connections: Vec<_> = (0..8).map(|_| Http2::connect(to)).collect();
    let begun = call(&[("grpc-encoding", "zstd")]);
    let sent = message(1, packed.len(), &packed);
    for number in 0..100_u32 {
        let stream = 2 * number + 1;
        let sent = [
            frame(HEADERS, END_HEADERS, stream, &begun),
            frame(DATA, END_STREAM, stream, &sent),
        ];
        for connection in &mut connections {
            connection.send(&sent.concat());
        }
        std::thread::sleep(Duration::from_millis(10));
        for connection in &mut connections {
            connection.send(&frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        }
    }
    attacked.serves();
    attacked.took_at_most(BUDGET);
    attacked.recovers();
}
