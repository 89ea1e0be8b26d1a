//! What requests take while they wait is what they are charged: however many there
//! are, all of them together take what is configured.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::attacked::{Attacked, BUDGET, MIB};
use super::raw::{
    self, DATA, END_HEADERS, END_STREAM, HEADERS, Http2, call, connect, frame, message, reset,
};
use crate::support::intake::Answer;
use crate::support::linkmend;
use crate::support::spans::{Role, request, span, text, texts};
use crate::support::wait;

/// What all requests may take together, here.
const LIMIT: u64 = 32;

/// What a connection takes beside that, at most.
const CONNECTION: u64 = 32 << 10;

fn attacked() -> Attacked {
    let limit = format!("receivers: {{otlp: {{admission: {{request_limit_mib: {LIMIT}}}}}}}");
    let hangs = "timeout: 100s, retry_on_failure: {enabled: false}";
    Attacked::before(|intake| linkmend::by_http(intake, hangs), &[&limit])
}

fn body(number: u64) -> Vec<u8> {
    prost::Message::encode_to_vec(&request(vec![span(number, Role::Plain)]))
}

/// A request of HTTP/1, all of which is sent but for so many bytes.
fn post(attacked: &Attacked, body: &[u8], but: usize) -> TcpStream {
    let mut stream = connect(attacked.linkmend.addresses.http);
    let kind = "content-type: application/x-protobuf";
    let head = raw::head(&format!("{kind}\r\ncontent-length: {}\r\n\r\n", body.len()));
    // One for which there is no room is answered and ended.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body[..body.len() - but]));
    stream
}

/// Calls of gRPC, all of which are sent but for so many bytes.
fn calls(attacked: &Attacked, count: u64, but: usize) -> Http2 {
    let mut connection = Http2::connect(attacked.linkmend.addresses.grpc);
    for number in 0..count {
        let stream = 2 * number as u32 + 1;
        let body = body(number + 10);
        let message = message(0, body.len(), &body);
        let end = if but == 0 { END_STREAM } else { 0 };
        let sent = [
            frame(HEADERS, END_HEADERS, stream, &call(&[])),
            frame(DATA, end, stream, &message[..message.len() - but]),
        ];
        if !connection.send(&sent.concat()) {
            break;
        }
    }
    connection
}

/// They wait for the rest of their bodies: each took ten times what it was charged.
#[test]
fn slow_bodies() {
    const COUNT: u64 = 3000;
    let attacked = attacked();
    let body = vec![b'x'; 12_000];
    let streams: Vec<_> = (0..COUNT).map(|_| post(&attacked, &body, 1)).collect();
    std::thread::sleep(Duration::from_secs(1));
    // Those that were let in are the limit; the others are connections.
    attacked.took_at_most(LIMIT * MIB + COUNT * CONNECTION / 4);
    streams.into_iter().for_each(reset);
    attacked.recovers();
}

#[test]
fn slow_messages_of_grpc() {
    let attacked = attacked();
    let connections: Vec<_> = (0..10).map(|_| calls(&attacked, 900, 1)).collect();
    std::thread::sleep(Duration::from_secs(1));
    attacked.took_at_most(LIMIT * MIB + 10 * CONNECTION);
    drop(connections);
    attacked.recovers();
}

/// They wait for the backend.
#[test]
fn requests_at_a_backend_that_hangs() {
    let attacked = attacked();
    attacked.intake.answers(Answer::Hang);
    let connections: Vec<_> = (0..5).map(|_| calls(&attacked, 900, 0)).collect();
    let streams: Vec<_> = (0..1000).map(|_| post(&attacked, &body(9), 0)).collect();
    std::thread::sleep(Duration::from_secs(1));
    attacked.took_at_most(LIMIT * MIB + 1000 * CONNECTION / 4);
    attacked.intake.answers(Answer::Take);
    drop(connections);
    streams.into_iter().for_each(reset);
    attacked.recovers_but_for(100);
}

/// Each with a connection of its own.
#[test]
fn calls_with_a_connection_each() {
    const COUNT: u64 = 2000;
    let attacked = attacked();
    attacked.intake.answers(Answer::Hang);
    let connections: Vec<_> = (0..COUNT).map(|_| calls(&attacked, 1, 0)).collect();
    std::thread::sleep(Duration::from_secs(1));
    attacked.took_at_most(LIMIT * MIB + COUNT * CONNECTION);
    attacked.intake.answers(Answer::Take);
    drop(connections);
    // `max_conns_per_host`
    attacked.recovers_but_for(100);
}

/// A client that gives no window for them: each stayed, with 2.4 KiB, for as long
/// as the client liked, a thousand on each connection.
#[test]
fn answers_for_which_there_is_no_window() {
    let times = "receivers: {otlp: {protocols: {http: {write_timeout: 3s}}}}";
    let limit = "receivers: {otlp: {admission: {request_limit_mib: 16}, protocols: {grpc: \
                 {max_recv_msg_size_mib: 1}, http: {max_request_body_size: 1MiB}}}}";
    let attacked = Attacked::start(&[limit, times]);
    let to = attacked.linkmend.addresses;
    let files = attacked.open_files();
    let headers: Vec<u8> = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/v1/traces"),
        (":authority", "x"),
        ("content-type", "application/json"),
    ]
    .iter()
    .flat_map(|(name, value)| raw::header(name, value))
    .collect();
    let fill = |address, is_grpc| {
        let mut connection = Http2::without_window(address);
        for number in 0..900_u32 {
            let stream = 2 * number + 1;
            let (head, body) = if is_grpc {
                (call(&[]), vec![0; 5])
            } else {
                (headers.clone(), b"{}".to_vec())
            };
            let sent = [
                frame(HEADERS, END_HEADERS, stream, &head),
                frame(DATA, END_STREAM, stream, &body),
            ];
            assert!(connection.send(&sent.concat()));
        }
        connection
    };
    let grpc: Vec<_> = (0..20).map(|_| fill(to.grpc, true)).collect();
    std::thread::sleep(Duration::from_secs(1));
    attacked.took_at_most(16 * MIB + 20 * CONNECTION);
    drop(grpc);
    // It is seen that they have gone, though hardly anything is read from them.
    wait::until_true("they are gone", Duration::from_secs(10), || {
        attacked.open_files() <= files + 4
    });
    attacked.recovers();
    let http: Vec<_> = (0..8).map(|_| fill(to.http, false)).collect();
    // They are not waited for longer than is configured.
    for mut connection in http {
        let limit = Some(Duration::from_secs(10));
        connection.0.set_read_timeout(limit).unwrap();
        let begun = Instant::now();
        let mut complete = 0;
        while let Some((kind, flags, ..)) = connection.receive() {
            complete += usize::from(kind == HEADERS && flags & END_STREAM != 0);
        }
        // Where there was no room for any request, the answers have no body, and
        // need no window.
        let is_ended = begun.elapsed() < Duration::from_secs(9);
        assert!(is_ended || complete == 900, "{complete}");
    }
    attacked.took_at_most(16 * MIB + 20 * CONNECTION);
    attacked.recovers();
}

/// Senders that send one body of 12 MB after the other, of consumers whose producers nobody
/// knows: the bodies, what is held of them, what goes on, and what the rule makes of it, all
/// at once.
///
/// Of spans of 3 kB a fifth as many fill all that may be held, and 12 MB of them are 60 kB of
/// gzip: they took 350 MB, where each thread of the runtime kept what it had decompressed in,
/// and a storage held a batch three times while it wrote it.
#[test]
fn bodies_whose_spans_are_held() {
    for (spans, padding) in [(17_500, 450), (3700, 3100)] {
        let padding = text("payload", &"x".repeat(padding));
        let consumer = |number| {
            let mut consumer = span(number, Role::Receives(number));
            consumer.attributes.push(padding.clone());
            consumer
        };
        // Requests, what is held of them, what goes on, and what is in work.
        held_bodies(spans, consumer, 2 * SENDERS, (40 + 32 + 4 + 64) * MIB);
    }
}

/// The same of spans that receive 120 messages each: 480,000 ids in a body fill the index, and
/// are many to a rule. They took 319 MB.
#[test]
fn bodies_that_fill_the_index() {
    const SPANS: u64 = 4000;
    const IDS: u64 = 120;
    let consumer = |number| {
        let mut consumer = span(number, Role::Receives(number));
        let ids = (0..IDS).map(|id| format!("{number}-{id}"));
        consumer.attributes.push(texts("messaging.message.id", ids));
        consumer
    };
    held_bodies(SPANS, consumer, 3, (40 + 32 + 4 + 80 + 64) * MIB);
}

const SENDERS: u64 = 8;

/// Senders of bodies of so many spans, each of its own number, until so many were taken: all of
/// that may take so much memory.
fn held_bodies(spans: u64, span: impl Fn(u64) -> Span + Sync, enough: u64, most: u64) {
    const GZIP: &str = "content-type: application/x-protobuf\r\ncontent-encoding: gzip\r\n";
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses.http;
    let (taken, begun) = (AtomicU64::new(0), Instant::now());
    let is_enough = || taken.load(Ordering::Relaxed) >= enough;
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (span, taken, is_enough) = (&span, &taken, &is_enough);
            scope.spawn(move || {
                let first = (sender + 1) * 1_000_000;
                let spans = (first..first + spans).map(span).collect();
                let body = prost::Message::encode_to_vec(&request(spans));
                assert!(body.len() > 7_000_000, "{}", body.len());
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&body).unwrap();
                let body = encoder.finish().unwrap();
                while !is_enough() && begun.elapsed() < wait::LONG {
                    let mut stream = connect(to);
                    let head = raw::head(&format!("{GZIP}content-length: {}\r\n\r\n", body.len()));
                    // One for which there is no room is answered before it is read.
                    let _ = stream
                        .write_all(head.as_bytes())
                        .and_then(|()| stream.write_all(&body));
                    let is_taken = raw::answer(&mut stream).contains(" 200 ");
                    taken.fetch_add(u64::from(is_taken), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(is_enough(), "{taken:?} were taken");
    attacked.took_at_most(most);
    attacked.recovers();
}

/// 8,000 connections with 12 kB each took 480 MB, of which 450 stayed for good.
#[test]
fn what_a_wave_took_is_given_back() {
    const COUNT: usize = 8000;
    let allowed = super::connections::allowed();
    // Two fifths of its files are what linkmend gives to each port.
    let count = COUNT.min(allowed / 5 * 2 - 50);
    if count < COUNT {
        eprintln!("NOT ALL IS TESTED: {allowed} open files are allowed");
    }
    let attacked = Attacked::start(&[]);
    let body = vec![b'x'; 12_000];
    for _ in 0..2 {
        let streams: Vec<_> = (0..count).map(|_| post(&attacked, &body, 1)).collect();
        // Those for which there was no room are answered and ended.
        attacked.took_at_most(BUDGET + count as u64 * CONNECTION / 2);
        streams.into_iter().for_each(reset);
        wait::until_true("they are gone", wait::LONG, || attacked.open_files() < 100);
        if cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
            attacked.gives_back(0, Duration::from_secs(30));
        }
    }
    attacked.serves();
    attacked.recovers();
}
