//! What each queue keeps when linkmend is killed while the backend is away, step
//! by step.

use std::time::Duration;

use crate::support::intake::Intake;
use crate::support::linkmend::{self, Addresses, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

/// The extension that a queue on disk needs.
pub const STORAGE: &str = "
extensions:
  file_storage: {directory: PLACE/storage, create_directory: true}
service:
  extensions: [file_storage]
";

const RETRY: &str = "retry_on_failure: {initial_interval: 20ms, max_interval: 100ms}";

/// Sends a span while the backend is away, kills linkmend, and starts it again.
fn killed_with_a_span_in_the_queue(queue: &str, configs: &[&str]) -> (Intake, Linkmend) {
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, &format!("{RETRY}, sending_queue: {queue}"));
    let configs: Vec<_> = [exporter.as_str()].iter().chain(configs).copied().collect();
    let mut linkmend = Linkmend::start_at(Addresses::free(), &configs);
    intake.leave();
    let one = request(vec![span(1, Role::Plain)]);
    Sender::new().grpc(linkmend.addresses.grpc, one).unwrap();
    linkmend.kill();
    intake.come_back();
    linkmend.restart();
    (intake, linkmend)
}

#[test]
fn a_queue_on_disk_keeps_what_it_had() {
    let (intake, _linkmend) =
        killed_with_a_span_in_the_queue("{storage: file_storage}", &[STORAGE]);
    intake.spans_at_least(1, wait::LONG);
}

/// As documented; and so it is known that a loss would be seen.
#[test]
fn a_queue_in_memory_loses_what_it_had() {
    let (intake, linkmend) = killed_with_a_span_in_the_queue("{}", &[]);
    let another = request(vec![span(2, Role::Plain)]);
    Sender::new()
        .grpc(linkmend.addresses.grpc, another)
        .unwrap();
    intake.spans_at_least(1, wait::LONG);
    std::thread::sleep(Duration::from_millis(500));
    let numbers: Vec<_> = intake.spans().iter().map(number).collect();
    assert_eq!(numbers, [2]);
}

#[test]
fn a_queue_in_memory_is_sent_when_linkmend_ends() {
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, &format!("{RETRY}, sending_queue: {{}}"));
    let mut linkmend = Linkmend::start(&[&exporter]);
    intake.leave();
    let one = request(vec![span(1, Role::Plain)]);
    Sender::new().grpc(linkmend.addresses.grpc, one).unwrap();
    intake.come_back();
    assert_eq!(linkmend.terminate().code(), Some(0), "{}", linkmend.log());
    assert_eq!(intake.spans().len(), 1);
}

/// Sends a consumer that is held, kills linkmend, starts it again, and sends its
/// producer.
fn killed_with_a_held_span(hold: &str, arguments: &[&str], configs: &[&str]) -> Intake {
    let intake = Intake::start();
    let hold = format!("processors: {{linkmend: {{hold: {{time: 1m{hold}}}}}}}");
    let exporter = linkmend::by_grpc(&intake, RETRY);
    let configs: Vec<_> = [&*exporter, &*hold]
        .iter()
        .chain(configs)
        .copied()
        .collect();
    let mut linkmend = Linkmend::start_at_with(Addresses::free(), arguments, &configs);
    let sender = Sender::new();
    let to = linkmend.addresses.grpc;
    sender
        .grpc(to, request(vec![span(2, Role::Receives(1))]))
        .unwrap();
    assert!(intake.spans().is_empty(), "it is held");
    linkmend.kill();
    linkmend.restart();
    sender
        .grpc(to, request(vec![span(1, Role::Sends(1))]))
        .unwrap();
    assert_eq!(linkmend.terminate().code(), Some(0), "{}", linkmend.log());
    intake
}

#[test]
fn a_span_that_is_held_on_disk_gets_its_link_after_all() {
    let by_default = killed_with_a_held_span("", &[], &[]);
    is_linked(&by_default);
    let stored = killed_with_a_held_span(", storage: file_storage", &[], &[STORAGE]);
    is_linked(&stored);
}

fn is_linked(intake: &Intake) {
    let mut spans = intake.spans();
    spans.sort_by_key(number);
    let links: Vec<_> = spans
        .iter()
        .map(|span| (number(span), linked(span)))
        .collect();
    assert_eq!(links, [(1, vec![]), (2, vec![1])]);
}

/// As documented.
#[test]
fn a_held_span_that_nobody_waits_for_is_lost() {
    let intake = killed_with_a_held_span("", &["--state-dir", ""], &[]);
    assert_eq!(intake.spans().iter().map(number).collect::<Vec<_>>(), [1]);
}
