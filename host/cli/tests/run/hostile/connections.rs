//! Connections: many, slow, silent, and of the wrong kind.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::attacked::{Attacked, BUDGET, MIB};
use super::raw::{self, Http2, answer, connect, head, is_ended, reset};
use crate::support::intake::tls::Authority;
use crate::support::wait;

const MANY: usize = 10_000;

/// How many connections this process may have, after it has raised its limit.
pub fn allowed() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let _ = setrlimit(Resource::Nofile, raised);
    let files = getrlimit(Resource::Nofile).current;
    files.map_or(usize::MAX, |files| files as usize)
}

/// 48 KiB for each of them is the bound: the buffer that its head is read into,
/// what HTTP/2 knows of it, and what the allocator of the system loses between
/// one wave and the next. A leak would be three times that.
#[test]
fn ten_thousand_connections() {
    // Two fifths of its files are what linkmend gives to each port.
    let files = allowed();
    let count = MANY
        .min(files / 5 * 4 - 100)
        .min(files.saturating_sub(1000));
    if count < MANY {
        eprintln!("NOT ALL IS TESTED: {files} open files are allowed, {count} connections opened");
    }
    let attacked = Attacked::start(&[]);
    // What a wave took is there for the next one.
    for _ in 0..3 {
        wave(&attacked, count);
    }
}

fn wave(attacked: &Attacked, count: usize) {
    let to = attacked.linkmend.addresses;
    let begun = Instant::now();
    let mut http: Vec<TcpStream> = Vec::new();
    let mut grpc: Vec<Http2> = Vec::new();
    for number in 0..count / 2 {
        let mut stream = connect(to.http);
        if number % 3 > 0 {
            let half = head("content-type: application/x-pro");
            stream.write_all(half.as_bytes()).unwrap();
        }
        http.push(stream);
        grpc.push(Http2::connect(to.grpc));
    }
    eprintln!("{count} connections in {:?}", begun.elapsed());
    attacked.serves();
    // They are not just in the backlog of the system.
    wait::until_true("all are taken", wait::LONG, || {
        attacked.open_files() >= count
    });
    let settings = grpc.last_mut().unwrap().receive().unwrap();
    assert_eq!(settings.0, raw::SETTINGS);
    attacked.serves();
    attacked.took_at_most(count as u64 * (48 << 10));
    http.into_iter().for_each(reset);
    drop(grpc);
    attacked.recovers();
}

#[test]
fn slow_heads_and_bodies() {
    let times =
        "receivers: {otlp: {protocols: {http: {read_header_timeout: 1s, read_timeout: 2s}}}}";
    let attacked = Attacked::start(&[times]);
    let to = attacked.linkmend.addresses;
    let open = |address: SocketAddr, text: &str| {
        let mut stream = connect(address);
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let slow_head = head("x-slow: ");
    let slow_body = head("content-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n");
    let mut heads: Vec<_> = (0..200).map(|_| open(to.http, &slow_head)).collect();
    let mut bodies: Vec<_> = (0..200).map(|_| open(to.http, &slow_body)).collect();
    let mut others: Vec<_> = (0..200).map(|_| open(to.grpc, &slow_head)).collect();
    let mut calls: Vec<_> = (0..200).map(|_| Http2::connect(to.grpc)).collect();
    for call in &mut calls {
        call.send(&raw::frame(
            raw::HEADERS,
            raw::END_HEADERS,
            1,
            &raw::call(&[]),
        ));
    }
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(250));
        for stream in heads.iter_mut().chain(&mut bodies).chain(&mut others) {
            let _ = stream.write_all(b"0");
        }
        for call in &mut calls {
            call.send(&raw::frame(raw::DATA, 0, 1, b"\0"));
        }
    }
    attacked.serves();
    for mut stream in heads {
        assert!(is_ended(&mut stream, Duration::from_secs(5)));
    }
    for mut stream in bodies {
        assert_eq!(raw::status(&answer(&mut stream)), 503);
    }
    attacked.took_at_most(800 * (32 << 10));
    // In the middle of a head and of a message.
    others.into_iter().for_each(reset);
    for call in calls {
        reset(call.0);
    }
    attacked.recovers();
}

/// They vanish in the middle of what they send.
#[test]
fn resets_in_the_middle_of_bodies() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    let head = head("content-type: application/json\r\ncontent-length: 20000000\r\n\r\n");
    for _ in 0..3 {
        let streams: Vec<_> = (0..300)
            .map(|_| {
                let mut stream = connect(to.http);
                stream.write_all(head.as_bytes()).unwrap();
                // When there is no room any more, it is answered and ended.
                let _ = stream.write_all(&vec![b' '; 300_000]);
                stream
            })
            .collect();
        attacked.took_at_most(BUDGET);
        streams.into_iter().for_each(reset);
    }
    attacked.recovers();
}

#[test]
fn the_other_side_speaks_another_protocol() {
    let place = tempfile::tempdir().unwrap();
    let identity = Authority::new("servers").sign(&["127.0.0.1"]);
    identity.files(place.path(), "server");
    let folder = place.path().display();
    let tls = format!(
        "receivers: {{otlp/tls: {{protocols: {{http: {{endpoint: '127.0.0.1:0', tls: {{cert_file: \
         {folder}/server.pem, key_file: {folder}/server.key}}}}}}}}}}\n{}",
        "service: {pipelines: {traces: {receivers: [otlp, otlp/tls]}}}"
    );
    let attacked = Attacked::start(&[&tls]);
    let with_tls = attacked
        .linkmend
        .address_of("otlp/tls (OTLP/HTTP)")
        .unwrap();
    let plain = head("content-length: 0\r\n\r\n");
    // The begin of a ClientHello; the length of its record is a lie.
    let hello = [
        &[0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3][..],
        &[7; 600],
    ]
    .concat();
    let to = attacked.linkmend.addresses;
    for _ in 0..100 {
        let mut stream = connect(with_tls);
        stream.write_all(plain.as_bytes()).unwrap();
        assert!(is_ended(&mut stream, Duration::from_secs(5)));
        for address in [to.http, to.grpc] {
            let mut stream = connect(address);
            stream.write_all(&hello).unwrap();
            assert!(is_ended(&mut stream, Duration::from_secs(5)));
        }
    }
    attacked.took_at_most(8 * MIB);
    attacked.recovers();
}
