//! Ending early.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::place::{Done, Place};
use crate::traces::{line, producers};

/// Sends a signal to a process of ours.
fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Until there is a temporary file: the job has begun.
fn wait_for_begin(place: &Place) {
    let started = Instant::now();
    while !place.names().iter().any(|name| name.contains(".tmp")) {
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "it does not begin"
        );
        sleep(Duration::from_millis(5));
    }
}

fn ends_cleanly(place: &Place, child: Child, name: &str, files: &[&str]) {
    wait_for_begin(place);
    sleep(Duration::from_millis(100));
    signal(&child, name);
    let started = Instant::now();
    Done::from(child.wait_with_output().unwrap())
        .fails(130, &["linkmend: interrupted; nothing was written"]);
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(place.names(), files);
}

#[test]
fn a_signal_in_the_middle_leaves_the_old_output() {
    for name in ["INT", "TERM", "HUP"] {
        let many: String = (0..100).map(|message| line(producers(message))).collect();
        let place = Place::with("in.jsonl", many.repeat(400));
        place.write("out", "old");
        let child = place
            .command(["in.jsonl", "-o", "out", "-j", "1"])
            .spawn()
            .unwrap();
        ends_cleanly(&place, child, name, &["in.jsonl", "out"]);
        assert_eq!(place.text("out"), "old");
    }
}

#[test]
fn a_signal_while_it_waits_for_a_pipe_leaves_nothing() {
    let place = Place::new();
    let mut command = place.command(["-", "-o", "out", "--summary", "figures.json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let pipe = child.stdin.take();
    ends_cleanly(&place, child, "TERM", &[]);
    drop(pipe);
}

#[test]
fn a_signal_while_it_waits_for_a_writer_leaves_nothing() {
    let place = Place::new();
    let made = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.unwrap().success());
    let child = place.command(["pipe", "-o", "out"]).spawn().unwrap();
    ends_cleanly(&place, child, "INT", &["pipe"]);
}

/// `nohup` has it ignored.
#[cfg(target_os = "linux")]
#[test]
fn an_ignored_hangup_stays_ignored() {
    let place = Place::new();
    let program = format!(
        "trap '' HUP; exec {} process - -o out",
        env!("CARGO_BIN_EXE_linkmend")
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &program])
        .current_dir(place.path(""))
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let pipe = child.stdin.take();
    wait_for_begin(&place);
    signal(&child, "HUP");
    sleep(Duration::from_millis(200));
    drop(pipe);
    Done::from(child.wait_with_output().unwrap()).well();
    assert_eq!(place.names(), ["out"]);
}
