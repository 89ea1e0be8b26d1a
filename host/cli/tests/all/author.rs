//! What the author of a rule has before and while it is written: a first case, builds
//! at each change, and what a rule says.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::place::Place;
use crate::traces::{consumer, line, producers};

/// A rule that prints a line for each batch.
fn sayer() -> Vec<u8> {
    let module = include_str!("../../../workbench/tests/all/sayer.wat");
    let wit = include_str!("../../../../guest/go/wit/rule.wit");
    let module = wat::parse_str(module).unwrap();
    let module = linkmend_component::with_types(&module, wit).unwrap();
    linkmend_component::from_module(&module).unwrap()
}

#[test]
fn a_first_case_is_cut_out_of_a_file() {
    let place = Place::new();
    place.write(
        "traces.jsonl",
        line((0..20).flat_map(producers)) + &line([consumer(1)]),
    );
    let written = place.text("traces.jsonl");
    let (_, span) = written
        .lines()
        .last()
        .unwrap()
        .split_once("\"spanId\":\"")
        .unwrap();
    let span = &span[..16];
    let done = place.rule(&format!(
        "new --lang python mine --from traces.jsonl --span {span}"
    ));
    assert_eq!(done.code, Some(0), "{done:?}");
    let case = place.text(&format!("mine/tests/from-{span}/before.jsonl"));
    assert!(case.contains(span), "{case}");
    // Its producer, and none of the others.
    assert!((2..6).contains(&case.lines().count()), "{case}");
    place
        .rule("new --lang python other --from traces.jsonl --span 00000000000000ff")
        .fails(1, &["has no span 00000000000000ff"]);
    place
        .rule("new --lang python third --span 00000000000000ff")
        .fails(2, &["--from"]);
}

#[test]
fn what_a_rule_says_is_shown_and_marked() {
    let place = Place::with("sayer.wasm", sayer());
    place.write("one.jsonl", line([consumer(1)]));
    place.folder("tests");
    place.folder("tests/one");
    place.write("tests/one/before.jsonl", line([consumer(1)]));
    place.write("tests/one/after.jsonl", line([consumer(1)]));
    let told = place.rule("test sayer.wasm");
    let said = "the rule says (info): looking at a batch";
    assert!(told.text().contains(said), "{told:?}");
    let told = place.process("--rule sayer.wasm --explain all one.jsonl -o out.jsonl");
    let said = "rule `sayer` says (info): looking at a batch";
    assert!(told.stderr.contains(said), "{told:?}");
    let told = place.process("--rule sayer.wasm one.jsonl -o again.jsonl");
    assert!(!told.stderr.contains("looking at a batch"), "{told:?}");
}

/// Scenario: a build that works, then one that does not, with a file changed between.
/// Guarantees: each is told as soon as the file is there.
#[test]
fn a_change_is_built_and_run() {
    let place = Place::with("sayer.core", sayer());
    place.write("rule.txt", "one");
    place.write(
        "build",
        "#!/bin/sh\ngrep -q two rule.txt && { echo no such thing; exit 1; }\ncp sayer.core sayer.wasm\n",
    );
    let build = place.path("build");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(build, executable).unwrap();
    place.write("traces.jsonl", line([consumer(1)]));
    let mut command = place.linkmend("rule", ["dev", "rule.txt", "--traces", "traces.jsonl"]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |part: &str| {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_mins(2) {
            let line = lines.next().expect("it goes on").unwrap();
            if line.contains(part) {
                return;
            }
        }
        panic!("no {part}");
    };
    until("built ");
    until("traces.jsonl: nothing is different");
    until("the rule says (info): looking at a batch");
    until("waiting for a change");
    place.write("rule.txt", "two");
    until("build FAILED");
    until("no such thing");
    child.kill().unwrap();
    child.wait().unwrap();
    place.rule("dev nowhere").fails(2, &["there is no nowhere"]);
    place.folder("empty");
    place
        .rule("dev empty")
        .fails(2, &["there is no `build` in empty"]);
}

/// Scenario: a build that writes other files beside the source each time.
/// Guarantees: it is not built again and again.
#[test]
fn a_build_that_writes_beside_the_source_does_not_loop() {
    let place = Place::with("sayer.core", sayer());
    place.write("rule.txt", "one");
    place.write("generated.txt", "of an earlier day");
    place.write(
        "build",
        "#!/bin/sh\ndate +%N >generated.txt\nmkdir -p out\ndate +%N >out/log-$$\necho built >>.built\ncp sayer.core sayer.wasm\n",
    );
    let build = place.path("build");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(build, executable).unwrap();
    let built = place.path(".built");
    let count = || std::fs::read_to_string(&built).map_or(0, |text| text.lines().count());
    let mut child = place
        .linkmend("rule", ["dev", "rule.txt"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = |most: usize| {
        let begun = Instant::now();
        while count() < most && begun.elapsed() < Duration::from_mins(2) {
            std::thread::sleep(Duration::from_millis(50));
        }
        // As many as are to come have come.
        std::thread::sleep(Duration::from_secs(3));
        count()
    };
    // Once more for `generated.txt`, which might have been the author's.
    assert_eq!(until(2), 2);
    place.write("rule.txt", "two");
    assert_eq!(until(3), 3);
    child.kill().unwrap();
    child.wait().unwrap();
}
