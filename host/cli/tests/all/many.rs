//! Several inputs: one index, one output or one for each.

use std::fmt::Write as _;

use crate::place::Place;
use crate::traces::{consuming, expected, gzip, links, pretty, producing, spans, traces};

/// Producers and consumers in files of their own.
fn parted() -> Place {
    let place = Place::with("api.jsonl", producing());
    place.write("worker.jsonl", consuming());
    place
}

#[test]
fn a_consumer_finds_its_producer_in_another_file_in_any_order() {
    let place = parted();
    for order in ["api.jsonl worker.jsonl", "worker.jsonl api.jsonl"] {
        place.process(&format!("{order} -o out.jsonl")).well();
        assert_eq!(links(&place.read("out.jsonl")), expected(), "{order}");
    }
    let lone = place.process("worker.jsonl -o out.jsonl");
    assert!(
        lone.stderr.contains("20  messages without a link"),
        "{}",
        lone.stderr
    );
    assert!(
        lone.stderr.contains("Give the producer's file too"),
        "{}",
        lone.stderr
    );
}

#[test]
fn several_inputs_come_out_in_their_order() {
    let place = parted();
    let done = place.process("api.jsonl worker.jsonl").well();
    assert!(done.stdout.starts_with(producing().as_bytes()));
    assert_eq!(spans(&done.stdout).len(), spans(traces().as_bytes()).len());
}

#[test]
fn a_folder_gets_each_input_under_its_own_name() {
    let place = parted();
    place.write("packed.gz", gzip(producing()));
    place
        .process("api.jsonl worker.jsonl packed.gz -o new/")
        .well();
    assert_eq!(place.text("new/api.jsonl"), producing());
    assert_eq!(links(&place.read("new/worker.jsonl")).len(), 20);
    assert!(place.read("new/packed.gz").starts_with(b"\x1f\x8b"));
    // It is there now: no slash is needed.
    place.process("worker.jsonl api.jsonl -o new").well();
    assert_eq!(links(&place.read("new/worker.jsonl")).len(), 20);
}

#[test]
fn an_empty_first_input_does_not_decide_the_format() {
    let place = Place::with("empty", "");
    place.write("in.jsonl", traces());
    place
        .process("in.jsonl -o in.framed --format framed")
        .well();
    place.process("empty in.framed -o out").well();
    assert!(place.read("out") == place.read("in.framed"));
}

#[test]
fn formats_may_differ_and_the_first_decides() {
    let place = Place::with("api.json", pretty());
    place.write("worker.jsonl", consuming());
    place.process("worker.jsonl api.json -o out").well();
    let lines = place.text("out");
    assert!(
        lines
            .lines()
            .all(|line| line.starts_with("{\"resourceSpans\""))
    );
    assert_eq!(links(lines.as_bytes()).len(), 40);
}

#[test]
fn standard_input_can_be_one_of_several_but_once() {
    let place = parted();
    let done = place
        .process_stdin("worker.jsonl - -o out.jsonl", producing().as_bytes())
        .well();
    assert_eq!(links(&place.read("out.jsonl")), expected(), "{done:?}");
    place
        .process("- worker.jsonl -")
        .fails(2, &["standard input (`-`) can be read only once"]);
}

#[test]
fn more_files_than_a_process_may_have_open() {
    let place = Place::new();
    let mut names = String::new();
    for message in 0..300 {
        let text = crate::traces::line(crate::traces::producers(message))
            + &crate::traces::line([crate::traces::consumer(message)]);
        place.write(&format!("{message}.jsonl"), text);
        write!(names, " {message}.jsonl").unwrap();
    }
    let program = format!(
        "ulimit -n 100 && exec {} process {names} -o out/ -j 2",
        env!("CARGO_BIN_EXE_linkmend")
    );
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &program]).current_dir(place.path(""));
    shell.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    crate::place::Done::of(shell).well();
    assert_eq!(links(&place.read("out/299.jsonl")).len(), 1);
}
