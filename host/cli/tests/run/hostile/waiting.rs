//! Requests that wait, or whose answers do.

use std::time::{Duration, Instant};

use super::attacked::{Attacked, MIB};
use super::others;
use super::raw::{
    DATA, END_HEADERS, END_STREAM, HEADERS, Http2, RST_STREAM, call, frame, header, message,
};
use crate::support::intake::Answer;
use crate::support::linkmend;
use crate::support::spans::{Role, request, span};
use crate::support::wait;

/// The headers of a request of OTLP/HTTP by HTTP/2.
fn post() -> Vec<u8> {
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/v1/traces"),
        (":authority", "x"),
        ("content-type", "application/x-protobuf"),
    ];
    let headers = headers.iter();
    headers
        .flat_map(|(name, value)| header(name, value))
        .collect()
}

/// Headers that end their streams: 20,000 empty batches in less than a MB of one
/// connection. Each was sent on, by a connection of its own.
#[test]
fn a_flood_of_empty_requests() {
    const COUNT: u32 = 20_000;
    let attacked = Attacked::before(|intake| linkmend::by_http(intake, ""), &[]);
    let to = attacked.linkmend.addresses;
    let before = attacked.intake.requests().len();
    let files = attacked.open_files();
    let mut most = 0;
    // The backend takes its time, so that nothing hides what there is at once.
    attacked
        .intake
        .answers(Answer::TakeAfter(Duration::from_millis(200)));
    let mut connection = Http2::connect(to.http);
    for first in (0..COUNT).step_by(1000) {
        let requests = (first..first + 1000)
            .flat_map(|number| frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &post()));
        connection.send(&requests.collect::<Vec<_>>());
        most = most.max(attacked.open_files());
    }
    attacked.serves();
    most = most.max(attacked.open_files());
    assert!(most <= files + 16, "{most} open files, {files} before");
    let ours = attacked.intake.spans().len();
    assert!(ours <= 4, "{ours}");
    let sent = attacked.intake.requests().len() - before;
    assert!(sent <= 4, "{sent} requests at the backend");
    attacked.stays_small();
    drop(connection);
    attacked.recovers();
}

/// Requests with a span each, at a backend that does not answer: they wait at
/// linkmend, and not each with a connection to it.
#[test]
fn a_backend_that_hangs() {
    const COUNT: u32 = 5000;
    let attacked = Attacked::before(
        |intake| linkmend::by_http(intake, "timeout: 5s, retry_on_failure: {enabled: false}"),
        &[],
    );
    let to = attacked.linkmend.addresses;
    attacked.intake.answers(Answer::Hang);
    let files = attacked.open_files();
    let mut connections = Vec::new();
    for first in (0..COUNT).step_by(500) {
        let mut connection = Http2::connect(to.grpc);
        for number in first..first + 500 {
            let stream = 2 * (number - first) + 1;
            let one = request(vec![span(u64::from(number) + 10, Role::Plain)]);
            let one = prost::Message::encode_to_vec(&one);
            let sent = [
                frame(HEADERS, END_HEADERS, stream, &call(&[])),
                frame(DATA, END_STREAM, stream, &message(0, one.len(), &one)),
            ];
            connection.send(&sent.concat());
        }
        connections.push(connection);
    }
    std::thread::sleep(Duration::from_secs(2));
    let most = attacked.open_files();
    assert!(
        most <= files + 10 + 100 + 8,
        "{most} open files, {files} before"
    );
    attacked.stays_small();
    attacked.intake.answers(Answer::Take);
    drop(connections);
    wait::until_true("others are served again", wait::LONG, || {
        attacked.open_files() <= files + 8 + 100
    });
    attacked.serves();
}

/// A client that sends requests and reads none of the answers: what is written
/// for it is bounded, and then it is read no more from.
#[test]
fn answers_that_nobody_reads() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    others::are_served(&attacked, || {
        let begun = Instant::now();
        let mut connections: Vec<_> = [to.http, to.grpc].map(Http2::connect).into();
        for connection in &mut connections {
            let short = Some(Duration::from_millis(500));
            connection.0.set_write_timeout(short).unwrap();
        }
        let mut open: Vec<_> = connections.iter_mut().map(|c| (c, true)).collect();
        for first in (0..400_000_u32).step_by(100) {
            for (place, (connection, is_open)) in open.iter_mut().enumerate() {
                let head = if place == 0 { post() } else { call(&[]) };
                let requests = (first..first + 100).flat_map(|number| {
                    frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &head)
                });
                *is_open = *is_open && connection.send(&requests.collect::<Vec<_>>());
            }
            if begun.elapsed() > Duration::from_secs(20) || open.iter().all(|(_, open)| !open) {
                break;
            }
        }
    });
    attacked.took_at_most(16 * MIB);
    attacked.stays_small();
    attacked.recovers();
}

/// The same, where each request is taken back: what is left to be told of it is
/// bounded, too.
#[test]
fn requests_that_are_taken_back_unread() {
    let attacked = Attacked::start(&[]);
    let to = attacked.linkmend.addresses;
    others::are_served(&attacked, || {
        let mut connection = Http2::connect(to.http);
        let short = Some(Duration::from_millis(500));
        connection.0.set_write_timeout(short).unwrap();
        for first in (0..100_000_u32).step_by(100) {
            let requests = (first..first + 100).flat_map(|number| {
                let stream = 2 * number + 1;
                let begun = frame(HEADERS, END_HEADERS, stream, &post());
                let taken_back = frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
                [begun, taken_back].concat()
            });
            if !connection.send(&requests.collect::<Vec<_>>()) {
                break;
            }
        }
    });
    attacked.took_at_most(16 * MIB);
    attacked.recovers();
}
