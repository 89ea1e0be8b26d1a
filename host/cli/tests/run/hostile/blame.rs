//! One sender whose batches a rule fails on, among ten: the others are mended
//! as if it were not there.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tempfile::TempDir;

use super::guest::guest;
use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span};

/// Links the first span of each batch of up to 1,000 bytes, and traps on others.
const TRAPS: &str = "(func $hostile (param i32 i32 i32) (result i32) (unreachable))";

/// The others are told apart from it by their service, or are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Different,
    Same,
}

/// A span whose name is long enough for the rule.
fn bad(number: u64, service: &str) -> ExportTraceServiceRequest {
    let mut span = span(number, Role::Plain);
    span.name = "bad".repeat(17_000 / 3);
    of(request(vec![span]), service)
}

fn of(mut request: ExportTraceServiceRequest, service: &str) -> ExportTraceServiceRequest {
    let resource = request.resource_spans[0].resource.as_mut().unwrap();
    let value = resource.attributes[0].value.as_mut().unwrap();
    value.value =
        Some(opentelemetry_proto::tonic::common::v1::any_value::Value::StringValue(service.into()));
    request
}

/// Sends its batches in turn for as long as the others send: five bodies of 17
/// kB, 85 kB in all, or one that is new each time.
fn attack(to: std::net::SocketAddr, service: &str, is_over: &AtomicBool, is_new: bool) -> u64 {
    let sender = Sender::new();
    let mut sent = 0;
    while !is_over.load(Ordering::Relaxed) {
        let number = if is_new { 1_000_000 + sent } else { sent % 5 };
        sender.grpc(to, bad(number, service)).unwrap();
        sent += 1;
    }
    sent
}

fn ten_senders(names: Names, is_new: bool) {
    let intake = Intake::start();
    let place = TempDir::new().unwrap();
    std::fs::write(place.path().join("rule.wasm"), guest(TRAPS)).unwrap();
    let linkmend = Linkmend::start_in(
        place,
        &[
            &linkmend::by_grpc(&intake, ""),
            "processors: {linkmend: {rule: PLACE/rule.wasm, hold: {time: 0s}}}",
        ],
    );
    let to = linkmend.addresses.grpc;
    let elsewhere = Intake::start();
    let control = Linkmend::start(&[&linkmend::by_grpc(&elsewhere, "")]);
    let is_over = AtomicBool::new(false);
    let (longest, as_control) = (AtomicU64::new(0), AtomicU64::new(0));
    let sent = std::thread::scope(|scope| {
        let attack = || attack(to, "service-0", &is_over, is_new);
        let attackers: Vec<_> = (0..5).map(|_| scope.spawn(attack)).collect();
        // How long it takes at the same time where nobody attacks.
        scope.spawn(|| {
            let client = Sender::new();
            while !is_over.load(Ordering::Relaxed) {
                let request = request(vec![span(1, Role::Plain)]);
                let begun = Instant::now();
                client.grpc(control.addresses.grpc, request).unwrap();
                let took = u64::try_from(begun.elapsed().as_millis()).unwrap();
                as_control.fetch_max(took, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        // It has begun.
        std::thread::sleep(Duration::from_millis(500));
        let others: Vec<_> = (1..10_u64)
            .map(|sender| {
                let longest = &longest;
                scope.spawn(move || {
                    let service = match names {
                        Names::Different => format!("service-{sender}"),
                        Names::Same => "service-0".into(),
                    };
                    let client = Sender::new();
                    // 60 in all.
                    let batches = if sender <= 6 { 7 } else { 6 };
                    for batch in 0..batches {
                        let number = 5_000_000 + 100 * sender + batch;
                        let request = request(vec![span(number, Role::Plain)]);
                        let begun = Instant::now();
                        client.grpc(to, of(request, &service)).unwrap();
                        let took = u64::try_from(begun.elapsed().as_millis()).unwrap();
                        longest.fetch_max(took, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(150));
                    }
                })
            })
            .collect();
        for other in others {
            other.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        attackers
            .into_iter()
            .map(|attacker| attacker.join().unwrap())
            .sum::<u64>()
    });
    let spans = intake.spans();
    let others: Vec<_> = spans
        .iter()
        .filter(|span| number(span) >= 5_000_000)
        .collect();
    let mended = others.iter().filter(|span| linked(span) == [3]).count();
    let longest = longest.load(Ordering::Relaxed);
    eprintln!(
        "{names:?}: {mended} of {} mended, {longest} ms at most, {sent} bad ones",
        others.len()
    );
    assert_eq!((others.len(), mended), (60, 60));
    let as_control = as_control.load(Ordering::Relaxed);
    assert!(
        longest <= 1000 + 2 * as_control,
        "{longest} ms, {as_control} where nobody attacks"
    );
    // The bad ones have gone on, too.
    assert_eq!(spans.len() as u64, 60 + sent);
}

/// Five bodies, 85 KiB/s: 0 of 30 batches of others were mended.
#[test]
fn of_sixty_batches_of_nine_senders_sixty_are_mended() {
    ten_senders(Names::Different, false);
    ten_senders(Names::Same, false);
}

#[test]
fn so_they_are_when_what_is_bad_is_new_each_time() {
    ten_senders(Names::Different, true);
    ten_senders(Names::Same, true);
}
