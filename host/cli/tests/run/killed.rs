//! `kill -9` under load, and a start after it: what was acknowledged before is known after.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use linkmend_tests::stores::Store;
use opentelemetry_proto::tonic::trace::v1::Span;
use tempfile::TempDir;

use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

/// Spans of one batch; a batch comes when the one before has been taken.
const BATCH: u64 = 20;

/// What comes within a millisecond or five is written together: of a store, the last moments
/// before a kill may be forgotten.
const LAST: usize = 50;

/// linkmend that keeps what it remembers as `index` says.
fn start(intake: &Intake, index: &str, extensions: &str) -> Linkmend {
    let processor = format!("processors: {{linkmend: {{hold: {{time: 2s}}, index: {{{index}}}}}}}");
    let exporter = linkmend::by_grpc(intake, "");
    let configs = [exporter.as_str(), &processor, extensions];
    let given = configs.iter().filter(|config| !config.is_empty());
    Linkmend::start(&given.copied().collect::<Vec<_>>())
}

fn in_folder(folder: &TempDir) -> String {
    format!(
        "extensions: {{file_storage: {{directory: '{}'}}}}\nservice: {{extensions: [file_storage]}}",
        folder.path().display()
    )
}

/// The producers of one batch.
fn producers(batch: u64) -> Vec<Span> {
    let messages = batch * BATCH..(batch + 1) * BATCH;
    let producers = messages.map(|message| span(2 * message + 1, Role::Sends(message)));
    producers.collect()
}

/// Sends producers until linkmend is killed under them, starts it again, and has their
/// consumers come then: how many came first, and which of these are linked.
fn killed_under_load(index: &str, extensions: &str) -> Vec<bool> {
    let intake = Intake::start();
    let mut linkmend = start(&intake, index, extensions);
    let address = linkmend.addresses.grpc;
    let (batches, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let sender = Sender::new();
            while !ended.load(Ordering::Relaxed) {
                let batch = producers(batches.load(Ordering::Relaxed));
                if sender.grpc(address, request(batch)).is_err() {
                    return;
                }
                batches.fetch_add(1, Ordering::Relaxed);
            }
        });
        std::thread::sleep(Duration::from_secs(2));
        linkmend.kill();
        ended.store(true, Ordering::Relaxed);
    });
    linkmend.restart();
    let messages = batches.load(Ordering::Relaxed) * BATCH;
    assert!(messages > 100, "{messages}");
    consumed(&linkmend, &intake, messages)
}

/// Which of so many messages are linked when their consumers come.
fn consumed(linkmend: &Linkmend, intake: &Intake, messages: u64) -> Vec<bool> {
    let sender = Sender::new();
    let consumers: Vec<_> = (0..messages)
        .map(|message| span(2 * message + 2, Role::Receives(message)))
        .collect();
    for consumers in consumers.chunks(500) {
        sender
            .grpc(linkmend.addresses.grpc, request(consumers.to_vec()))
            .unwrap();
    }
    let are_there = || intake.spans_where(|span| number(span).is_multiple_of(2));
    wait::until_true("all consumers have come", wait::LONG, || {
        are_there().len() as u64 == messages
    });
    let mut consumers = are_there();
    consumers.sort_by_key(number);
    let of = |span| match linked(span)[..] {
        [] => false,
        [to] => {
            assert_eq!(to, number(span) - 1, "a wrong link");
            true
        }
        _ => panic!("more links than messages: {span:?}"),
    };
    consumers.iter().map(of).collect()
}

#[test]
fn with_a_store_all_are_linked() {
    let Some(server) = Store::start("kill -9 with a store", &[]) else {
        return;
    };
    let index = format!("redis: {{endpoint: '{}', timeout: 1s}}", server.url());
    let are_linked = killed_under_load(&index, "");
    let before = are_linked.len() - LAST;
    assert!(are_linked[..before].iter().all(|is_linked| *is_linked));
}

#[test]
fn with_a_storage_all_are_linked_but_those_of_the_last_moments() {
    let folder = tempfile::tempdir().unwrap();
    let are_linked = killed_under_load("storage: file_storage", &in_folder(&folder));
    let first_missed = are_linked.iter().position(|is_linked| !is_linked);
    let missed = are_linked.iter().filter(|is_linked| !**is_linked).count();
    // None is forgotten of those that came before others that are known.
    assert!(first_missed.is_none_or(|first| are_linked.len() - first == missed));
    assert!(
        missed * 4 < are_linked.len(),
        "{missed} of {}",
        are_linked.len()
    );
}

/// What a kill would have forgotten is told by a metric: when that is 0, it is nothing.
#[test]
fn with_a_storage_no_more_is_forgotten_than_is_told() {
    const BATCHES: u64 = 50;
    let folder = tempfile::tempdir().unwrap();
    let intake = Intake::start();
    let mut linkmend = start(&intake, "storage: file_storage", &in_folder(&folder));
    let sender = Sender::new();
    for batch in 0..BATCHES {
        let batch = request(producers(batch));
        sender.grpc(linkmend.addresses.grpc, batch).unwrap();
    }
    let messages = BATCHES * BATCH;
    let all = f64::from(u32::try_from(messages).unwrap());
    wait::until_true("all are on disk", wait::LONG, || {
        linkmend.metric("linkmend_index_entries", &[]) >= all
            && linkmend.metric("linkmend_index_unwritten", &[]) == 0.0
    });
    linkmend.kill();
    linkmend.restart();
    let are_linked = consumed(&linkmend, &intake, messages);
    assert!(are_linked.iter().all(|is_linked| *is_linked));
}
