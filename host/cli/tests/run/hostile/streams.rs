//! Thousands of requests at once on one connection.

use super::attacked::{Attacked, BUDGET};
use super::raw::{
    DATA, END_HEADERS, END_STREAM, HEADERS, Http2, WINDOW_UPDATE, call, frame, message,
};
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
    let mut answers = Answers {
        window: 65_535,
        ended: 0,
    };
    for number in 0..COUNT {
        let stream = 2 * number + 1;
        let waiting = request(vec![span(u64::from(number) + 10, Role::Receives(1 << 40))]);
        let waiting = prost::Message::encode_to_vec(&waiting);
        let body = message(0, waiting.len(), &waiting);
        // What is on its way must fit the window of the connection.
        while answers.window < body.len() {
            answers.receive(&mut connection);
        }
        answers.window -= body.len();
        let sent = [
            frame(HEADERS, END_HEADERS, stream, &call(&[])),
            frame(DATA, END_STREAM, stream, &body),
        ];
        assert!(connection.send(&sent.concat()), "{number}");
        if number % 150 == 149 {
            attacked.serves();
        }
    }
    attacked.serves();
    attacked.took_at_most(u64::from(COUNT) * (8 << 10) + BUDGET / 8);
    // All of them are answered: HEADERS, DATA and trailers.
    while answers.ended < COUNT {
        answers.receive(&mut connection);
    }
    drop(connection);
    attacked.recovers();
}

/// What the server says on the connection.
struct Answers {
    /// How much of DATA it takes at the moment.
    window: usize,
    /// Calls that it has answered.
    ended: u32,
}

impl Answers {
    fn receive(&mut self, connection: &mut Http2) {
        let (kind, flags, stream, payload) = connection.receive().expect("an answer");
        if kind == WINDOW_UPDATE && stream == 0 {
            let increment = u32::from_be_bytes(payload.try_into().expect("four bytes"));
            self.window += increment as usize;
        }
        let ends = matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0;
        self.ended += u32::from(ends);
    }
}
