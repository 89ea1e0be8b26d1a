//! Rounds of load, trouble and death.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::load::{Ledger, Load, is_intact};
use crate::support::intake::{Answer, Intake};
use crate::support::linkmend::{self, Addresses, Linkmend};
use crate::support::spans;

/// Consumers wait for so long, in the state directory.
const HOLD: &str = "processors: {linkmend: {hold: {time: 1s}}}";

/// And so long with their senders.
const WAITING: &str = "processors: {linkmend: {hold: {time: 200ms, wait_for_result: true}}}";

const RETRY: &str =
    "timeout: 500ms, retry_on_failure: {initial_interval: 20ms, max_interval: 200ms}";

const QUEUE: &str = "sending_queue: {storage: file_storage, queue_size: 100000}";

/// What the backend does while linkmend is killed.
const TROUBLES: [Trouble; 6] = [
    Trouble::None,
    Trouble::Away,
    Trouble::Answers(Answer::Hang),
    Trouble::Answers(Answer::Unavailable(None)),
    Trouble::Answers(Answer::Drop),
    Trouble::Answers(Answer::TakeAndDrop),
];

#[derive(Clone)]
enum Trouble {
    None,
    /// Connections are refused.
    Away,
    Answers(Answer),
}

/// What became of all spans.
#[derive(Debug)]
#[allow(dead_code, reason = "shown by Debug")]
struct Figures {
    sent: u64,
    acknowledged: usize,
    arrived: usize,
    twice: usize,
    linked: usize,
    lost: usize,
}

/// A part of a row of docs/reliability.md.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            acknowledged,
            arrived,
            twice,
            linked,
            lost,
        } = self;
        write!(
            f,
            "{sent} | {acknowledged} | {arrived} | {twice} | {linked} | {lost}"
        )
    }
}

#[test]
fn by_default() {
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, RETRY);
    lose_nothing("default", &intake, &[&exporter, HOLD]);
}

#[test]
fn by_default_by_http() {
    let intake = Intake::start();
    let exporter = linkmend::by_http(&intake, RETRY);
    lose_nothing("default, by HTTP", &intake, &[&exporter, HOLD]);
}

#[test]
fn with_senders_that_wait() {
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, RETRY);
    lose_nothing("senders wait", &intake, &[&exporter, WAITING]);
}

#[test]
fn with_a_queue_on_disk() {
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, &format!("{RETRY}, {QUEUE}"));
    lose_nothing(
        "queue on disk",
        &intake,
        &[&exporter, HOLD, super::queues::STORAGE],
    );
}

#[test]
fn with_held_spans_on_disk() {
    let intake = Intake::start();
    let exporter = linkmend::by_http(&intake, RETRY);
    let hold = "processors: {linkmend: {hold: {time: 1s, storage: file_storage}}}";
    lose_nothing(
        "hold on disk",
        &intake,
        &[&exporter, hold, super::queues::STORAGE],
    );
}

#[test]
fn with_held_spans_and_a_queue_on_disk() {
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, &format!("{RETRY}, {QUEUE}"));
    let hold = "processors: {linkmend: {hold: {time: 1s, storage: file_storage}}}";
    let mode = "hold and queue on disk";
    lose_nothing(mode, &intake, &[&exporter, hold, super::queues::STORAGE]);
}

fn lose_nothing(mode: &str, intake: &Intake, configs: &[&str]) {
    let rounds = std::env::var("LINKMEND_LOSS_ROUNDS");
    let rounds = rounds.map_or(TROUBLES.len(), |rounds| rounds.parse().unwrap());
    let begun = Instant::now();
    let ledger = Arc::new(Ledger::default());
    let mut linkmend = Linkmend::start_at(Addresses::free(), configs);
    for trouble in TROUBLES.iter().cycle().take(rounds) {
        round(&mut linkmend, intake, &ledger, trouble);
    }
    let figures = settled(intake, &ledger);
    let status = linkmend.terminate();
    assert_eq!(status.code(), Some(0), "{}", linkmend.log());
    let seconds = begun.elapsed().as_secs();
    eprintln!("| {mode} | {rounds} | {figures} | in {seconds} s");
    assert_eq!(figures.lost, 0, "{mode}: {figures:?}");
    assert!(
        figures.acknowledged > rounds * 50,
        "{mode}: there was no load: {figures:?}"
    );
    assert!(figures.linked > 0, "{mode}: {figures:?}");
}

/// A moment, of a length that nobody knows before.
fn moment() {
    sleep(Duration::from_millis(fastrand::u64(50..300)));
}

fn round(linkmend: &mut Linkmend, intake: &Intake, ledger: &Arc<Ledger>, trouble: &Trouble) {
    let load = Load::begin(linkmend.addresses, ledger);
    moment();
    match trouble {
        Trouble::None => {}
        Trouble::Away => intake.leave(),
        Trouble::Answers(answer) => intake.answers(answer.clone()),
    }
    moment();
    linkmend.kill();
    linkmend.restart();
    moment();
    match trouble {
        Trouble::None => {}
        Trouble::Away => intake.come_back(),
        Trouble::Answers(_) => intake.answers(Answer::Take),
    }
    moment();
    load.end();
}

/// Waits until all that was acknowledged has arrived, or nothing arrives any
/// more.
fn settled(intake: &Intake, ledger: &Ledger) -> Figures {
    let mut counted = figures(intake, ledger);
    let mut since = Instant::now();
    while counted.lost > 0 && since.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(200));
        let now = figures(intake, ledger);
        if now.arrived > counted.arrived {
            since = Instant::now();
        }
        counted = now;
    }
    counted
}

fn figures(intake: &Intake, ledger: &Ledger) -> Figures {
    let mut arrived: HashMap<u64, usize> = HashMap::new();
    let mut linked = 0;
    for span in intake.spans() {
        assert!(is_intact(&span), "{span:?}");
        *arrived.entry(spans::number(&span)).or_default() += 1;
        linked += usize::from(!span.links.is_empty());
    }
    let acknowledged = ledger.acknowledged();
    Figures {
        sent: ledger.sent(),
        acknowledged: acknowledged.len(),
        arrived: arrived.len(),
        twice: arrived.values().filter(|&&times| times > 1).count(),
        linked,
        lost: acknowledged
            .iter()
            .filter(|number| !arrived.contains_key(number))
            .count(),
    }
}
