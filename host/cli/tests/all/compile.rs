//! Rules are compiled by a process of its own, within limits; their files are
//! regular ones of bounded size.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::loops::loops;
use crate::place::{Done, Place};
use crate::rules::guest;
use crate::traces::traces;

fn hostile() -> Place {
    let place = Place::with("in.jsonl", traces());
    let loops = guest(&loops());
    assert!(loops.len() < 100_000, "{}", loops.len());
    place.write("loops.wasm", loops);
    place
}

/// It took 5.7 GB and minutes, and nothing ended it.
#[test]
fn a_rule_that_fills_memory_while_it_is_compiled_is_refused() {
    let place = hostile();
    let begun = Instant::now();
    let limit = "compile_limits.memory = 268435456 bytes";
    let why = format!("to compile it takes more memory than {limit}");
    place
        .process("in.jsonl -o out --rule loops.wasm --compile-limit memory=256MiB")
        .fails(2, &[&format!("rule `loops.wasm` cannot be loaded: {why}")]);
    let checked = place.rule("check loops.wasm --compile-limit memory=256MiB");
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.text().contains(&why), "{checked:?}");
    place
        .rule("inspect loops.wasm --compile-limit memory=256MiB")
        .fails(3, &[&why]);
    assert!(begun.elapsed() < Duration::from_mins(2));
    assert!(!place.has("out"));
}

#[test]
fn a_rule_that_takes_too_long_to_compile_is_refused() {
    let place = hostile();
    let begun = Instant::now();
    place
        .process("in.jsonl -o out --rule loops.wasm --compile-limit time=1s")
        .fails(
            2,
            &["rule `loops.wasm` cannot be loaded: to compile it takes longer than compile_limits.time = 1s"],
        );
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_rule_of_too_many_functions_or_bytes_is_refused() {
    let place = hostile();
    let rule = "in.jsonl -o out --rule loops.wasm --compile-limit";
    place.process(&format!("{rule} functions=3")).fails(
        2,
        &[
            "it has ",
            " functions, more than compile_limits.functions = 3",
        ],
    );
    place.process(&format!("{rule} file_size=10KiB")).fails(
        2,
        &["rule `loops.wasm` cannot be loaded: the file cannot be read: it is larger than compile_limits.file_size = 10240 bytes"],
    );
    place.process(&format!("{rule} size=1")).fails(
        2,
        &["--compile-limit size=1: there is no limit `size`; there are time, memory"],
    );
    place
        .process("in.jsonl -o out --rule builtin --compile-limit file_size=10KiB --code-cache=")
        .fails(2, &["compile_limits.file_size = 10240"]);
}

/// A pipe kept it for ever, and a file that is all hole filled its memory.
#[test]
#[cfg(target_os = "linux")]
fn a_rule_is_a_regular_file_of_bounded_size() {
    let place = Place::with("in.jsonl", traces());
    let made = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.unwrap().success());
    let sparse = std::fs::File::create(place.path("sparse")).unwrap();
    sparse.set_len(4 << 30).unwrap();
    place.folder("folder");
    let sum = "0".repeat(64);
    for (name, why) in [
        (
            "pipe",
            "it is a pipe, and a rule is read from a regular file only",
        ),
        ("folder", "it is a directory, and a rule is read from"),
        ("/dev/zero", "it is a device, and a rule is read from"),
        (
            "sparse",
            "it is larger than compile_limits.file_size = 67108864 bytes",
        ),
    ] {
        let begun = Instant::now();
        for rule in [name.to_owned(), format!("{name}@sha256:{sum}")] {
            place
                .process(&format!("in.jsonl -o out --rule {rule}"))
                .fails(2, &["the file cannot be read: ", why]);
        }
        place.rule(&format!("inspect {name}")).fails(2, &[why]);
        place.write(
            "linkmend.yaml",
            format!(
                "receivers: {{otlp: {{protocols: {{grpc: }}}}}}
processors: {{linkmend: {{rule: {name}}}}}
exporters: {{debug: }}
service: {{pipelines: {{traces: {{receivers: [otlp], processors: [linkmend], exporters: [debug]}}}}}}
"
            ),
        );
        place
            .validate("linkmend.yaml")
            .fails(2, &["processors.linkmend.rule: ", why]);
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}");
    }
}

/// The start of a pipeline, too, may be ended while a rule is compiled; and
/// nothing of it stays, even when it has no time to say goodbye.
#[test]
#[cfg(target_os = "linux")]
fn an_end_at_the_start_waits_for_no_compilation() {
    for (signal, code) in [("TERM", Some(0)), ("KILL", None)] {
        let place = hostile();
        place.write(
            "linkmend.yaml",
            "receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:0'}}}}
processors: {linkmend: {rule: loops.wasm}}
exporters: {debug: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], processors: [linkmend], exporters: [debug]}}
",
        );
        let mut command = place.linkmend("run", ["--config", "linkmend.yaml"]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let compiling = until(|| compiling(child.id()));
        let killed = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        let begun = Instant::now();
        assert_eq!(child.wait().unwrap().code(), code);
        assert!(begun.elapsed() < Duration::from_secs(10));
        until(|| (!is_alive(compiling)).then_some(()));
    }
}

#[cfg(target_os = "linux")]
fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The process that compiles for this one.
#[cfg(target_os = "linux")]
fn compiling(parent: u32) -> Option<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).ok()?;
    let children = tasks.filter_map(|task| {
        let path = task.ok()?.path().join("children");
        std::fs::read_to_string(path).ok()
    });
    let children: Vec<String> = children.collect();
    let mut children = children.iter().flat_map(|ids| ids.split_whitespace());
    children.next()?.parse().ok()
}

#[cfg(target_os = "linux")]
fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_command_that_compiles_is_for_linkmend_itself() {
    let place = Place::new();
    let done = Done::of(place.linkmend("compile", []));
    done.fails(
        1,
        &["this command compiles a rule for the process that starts it"],
    );
    let help = Done::of(place.linkmend("--help", []));
    assert!(!help.text().contains("compile "), "{}", help.text());
}
