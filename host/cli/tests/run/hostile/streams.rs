//! Thousands of requests at once on one connection.

use super::attacked::{Attacked, BUDGET};
use super::raw::{DATA, END_HEADERS, END_STREAM, HEADERS, Http2, call, frame, message};
use crate::support::spans::{Role, request, span};

/// They wait for producers that never come; 8 KiB for each of them, and what it
/// is charged for, are the bound.
#[test]
fn thousands_of_requests_at_once() {
    const COUNT: u32 = 5000;
    let hold = "processors: {linkmend: {hold: {time: 5s}}}";
    let streams = "receivers: {otlp: {protocols: {grpc: {max_concurrent_streams: 0}}}}";
    let attacked = Attacked::start(&[hold, streams]);
    let mut connection = Http2::connect(attacked.linkmend.addresses.grpc);
    for number in 0..COUNT {
        let stream = 2 * number + 1;
        let waiting = request(vec![span(u64::from(number) + 10, Role::Receives(1 << 40))]);
        let waiting = prost::Message::encode_to_vec(&waiting);
        let sent = [
            frame(HEADERS, END_HEADERS, stream, &call(&[])),
            frame(
                DATA,
                END_STREAM,
                stream,
                &message(0, waiting.len(), &waiting),
            ),
        ];
        assert!(connection.send(&sent.concat()), "{number}");
        // What is on its way must fit the window of the connection.
        if number % 150 == 149 {
            attacked.serves();
        }
    }
    attacked.serves();
    attacked.took_at_most(u64::from(COUNT) * (8 << 10) + BUDGET / 8);
    // All of them are answered: HEADERS, DATA and trailers.
    let mut answered = 0;
    while answered < COUNT {
        let (_, flags, stream, _) = connection.receive().expect("an answer");
        answered += u32::from(stream > 0 && flags & END_STREAM != 0);
    }
    drop(connection);
    attacked.recovers();
}
