//! Rules that keep a compiler busy, in a pipeline that runs: they keep nothing
//! else.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::attacked::MIB;
use super::guest::guest;
use crate::loops::loops;
use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, request, span};
use crate::support::wait;

const TRAPS: &str = "(func $hostile (param i32 i32 i32) (result i32) (unreachable))";
/// The same, as another file.
const OTHER: &str = "(func $other) (func $hostile (param i32 i32 i32) (result i32) (unreachable))";

fn replace(path: &Path, rule: &[u8]) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, rule).unwrap();
    std::fs::rename(&beside, path).unwrap();
}

fn start(intake: &Intake) -> Linkmend {
    let place = TempDir::new().unwrap();
    std::fs::write(place.path().join("rule.wasm"), guest(TRAPS)).unwrap();
    Linkmend::start_in(
        place,
        &[
            &linkmend::by_grpc(intake, ""),
            "processors: {linkmend: {rule: PLACE/rule.wasm, hold: {time: 0s}}}",
        ],
    )
}

/// The process that compiles.
fn compiling(linkmend: &Linkmend) -> Option<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", linkmend.id())).unwrap();
    let children = tasks.filter_map(|task| {
        let path = task.ok()?.path().join("children");
        std::fs::read_to_string(path).ok()
    });
    let children: Vec<String> = children.collect();
    let mut children = children.iter().flat_map(|ids| ids.split_whitespace());
    children.next()?.parse().ok()
}

fn peak(linkmend: &Linkmend) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", linkmend.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kib = line.split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() << 10
}

/// While it was reloaded no good rule was, for minutes, and 5.7 GB were taken.
#[test]
fn a_newer_rule_waits_for_no_hostile_one() {
    let intake = Intake::start();
    let linkmend = start(&intake);
    let path = linkmend.path("rule.wasm");
    let sender = Sender::new();
    let mends = |number| {
        let sent = request(vec![span(number, Role::Plain)]);
        sender.grpc(linkmend.addresses.grpc, sent).unwrap();
        linked(intake.spans().last().unwrap()) == [3]
    };
    assert!(mends(1));
    replace(&path, &guest(&loops()));
    let child = wait::until("it is compiled", wait::LONG, || compiling(&linkmend));
    assert!(mends(2), "the rule that runs goes on");
    let begun = Instant::now();
    replace(&path, &guest(OTHER));
    wait::until_true("the newer rule is there", wait::LONG, || {
        linkmend.log().contains("the rule was replaced")
    });
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        !linkmend.log().contains("cannot be used"),
        "{}",
        linkmend.log()
    );
    assert_ne!(compiling(&linkmend), Some(child));
    assert!(mends(3));
    assert!(peak(&linkmend) < 250 * MIB, "{}", peak(&linkmend));
}

/// SIGTERM ended with exit code 1, after the time to shut down.
#[test]
fn an_end_waits_for_no_hostile_rule() {
    let intake = Intake::start();
    let mut linkmend = start(&intake);
    replace(&linkmend.path("rule.wasm"), &guest(&loops()));
    let child = wait::until("it is compiled", wait::LONG, || compiling(&linkmend));
    let begun = Instant::now();
    let status = linkmend.terminate();
    assert_eq!(status.code(), Some(0), "{}", linkmend.log());
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(!Path::new(&format!("/proc/{child}/exe")).exists());
}

/// A pipe stopped the watch for ever, a file that is all hole was read.
#[test]
fn what_is_no_regular_file_is_told_of_and_the_next_rule_is_loaded() {
    let intake = Intake::start();
    let linkmend = start(&intake);
    let path = linkmend.path("rule.wasm");
    let beside = linkmend.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&beside).status();
    assert!(made.unwrap().success());
    std::fs::rename(&beside, &path).unwrap();
    wait::until_true("the pipe is told of", wait::LONG, || {
        linkmend
            .log()
            .contains("it is a pipe, and a rule is read from a regular file")
    });
    let sparse = std::fs::File::create(&beside).unwrap();
    sparse.set_len(4 << 30).unwrap();
    std::fs::rename(&beside, &path).unwrap();
    wait::until_true("the sparse file is told of", wait::LONG, || {
        linkmend
            .log()
            .contains("compile_limits.file_size = 67108864")
    });
    replace(&path, &guest(OTHER));
    wait::until_true("the newer rule is there", wait::LONG, || {
        linkmend.log().contains("the rule was replaced")
    });
    assert!(peak(&linkmend) < 250 * MIB, "{}", peak(&linkmend));
}
