//! SIGTERM, and what does not end it.

use std::time::Duration;

use crate::support::intake::{Answer, Intake};
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, request, span};
use crate::support::wait;

#[test]
fn what_is_held_goes_on_and_its_sender_is_answered() {
    let intake = Intake::start();
    let hold = "processors: {linkmend: {hold: {time: 1m}}}";
    let mut linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), hold]);
    let sender = Sender::new();
    let consumer = request(vec![span(2, Role::Receives(1))]);
    let held = sender.begin_grpc(linkmend.addresses.grpc, consumer);
    wait::until_true("it is held", wait::LONG, || {
        linkmend.metric("linkmend_held", &[]) > 0.0
    });
    assert!(intake.spans().is_empty());
    let status = linkmend.terminate();
    assert_eq!(status.code(), Some(0), "{}", linkmend.log());
    sender.wait(held).unwrap();
    assert_eq!(
        intake.spans().iter().map(linked).collect::<Vec<_>>(),
        [vec![0; 0]]
    );
}

#[test]
fn what_is_on_its_way_arrives_and_nothing_new_is_taken() {
    let intake = Intake::start();
    intake.answers(Answer::TakeAfter(Duration::from_secs(2)));
    let mut linkmend = Linkmend::start(&[&linkmend::by_http(&intake, "")]);
    let sender = Sender::new();
    let to = linkmend.addresses.grpc;
    let early = sender.begin_grpc(to, request(vec![span(1, Role::Plain)]));
    intake.requests_at_least(1, wait::LONG);
    linkmend.ask_to_end();
    wait::until_true("it takes no more", wait::LONG, || {
        std::net::TcpStream::connect(to).is_err()
    });
    assert!(
        sender
            .grpc(to, request(vec![span(2, Role::Plain)]))
            .is_err()
    );
    assert_eq!(linkmend.wait_for_end(wait::LONG).code(), Some(0));
    sender.wait(early).unwrap();
    assert_eq!(intake.spans().len(), 1);
}

#[test]
fn a_backend_that_hangs_does_not_keep_it_for_ever() {
    let intake = Intake::start();
    intake.answers(Answer::Hang);
    let exporter = linkmend::by_grpc(&intake, "timeout: 0s");
    let arguments = ["--shutdown-timeout", "1s"];
    let mut linkmend = Linkmend::start_with(&arguments, &[&exporter]);
    let sender = Sender::new();
    let one = request(vec![span(1, Role::Plain)]);
    let lost = sender.begin_grpc(linkmend.addresses.grpc, one);
    intake.requests_at_least(1, wait::LONG);
    let status = linkmend.terminate();
    assert_eq!(
        status.code(),
        Some(1),
        "not all has gone on: {}",
        linkmend.log()
    );
    assert!(
        sender.wait(lost).is_err(),
        "and nobody was told that it has"
    );
}

/// The Collector reads its configuration again then. It ended linkmend at once.
#[test]
fn sighup_does_not_end_it() {
    let intake = Intake::start();
    let mut linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, "")]);
    linkmend.signal("HUP");
    wait::until_true("it says what to do", wait::LONG, || {
        linkmend.log().contains("SIGHUP: the configuration")
    });
    let one = request(vec![span(1, Role::Plain)]);
    Sender::new().grpc(linkmend.addresses.grpc, one).unwrap();
    assert_eq!(linkmend.terminate().code(), Some(0));
    assert_eq!(intake.spans().len(), 1);
}
