//! Outputs: what cannot be written is told before the work begins, and nothing
//! is there before it is complete.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use crate::place::{Done, Place};
use crate::traces::{expected, line, links, producers, traces};

#[test]
fn what_cannot_be_written_is_told_with_what_to_do() {
    let place = Place::with("in.jsonl", traces());
    place.folder("folder");
    place.folder("folder/in.jsonl");
    place.folder("other");
    for (arguments, parts) in [
        (
            "in.jsonl -o no/out",
            &[
                "cannot write no/out: there is no folder no",
                "create it first",
            ][..],
        ),
        (
            "in.jsonl -o in.jsonl",
            &["in.jsonl is an input too; use --in-place"],
        ),
        ("in.jsonl -o ./in.jsonl", &["in.jsonl is an input too"]),
        ("in.jsonl -o .", &["in.jsonl is an input too"]),
        (
            "in.jsonl -o folder",
            &["cannot write folder/in.jsonl", "name a file in that folder"],
        ),
        (
            "in.jsonl ./in.jsonl -o other",
            &["two inputs would both become"],
        ),
        (
            "in.jsonl ./in.jsonl --in-place",
            &["two inputs would both become"],
        ),
        (
            "- -o folder/",
            &["standard input cannot be mended into a directory"],
        ),
        (
            "- --in-place",
            &["standard input cannot be mended into itself"],
        ),
        (
            "in.jsonl -o out --summary no/s",
            &["cannot write no/s: there is no folder no"],
        ),
        (
            "in.jsonl -o out --summary folder",
            &["cannot write folder: "],
        ),
        ("in.jsonl -o out --in-place", &["cannot be used with"]),
        ("in.jsonl -o out -n", &["cannot be used with"]),
    ] {
        let done = place.process(arguments).fails(2, parts);
        let first = done.stderr.lines().next().unwrap();
        // No cause is told twice.
        let (told, cause) = first.rsplit_once(": ").unwrap();
        assert!(!told.contains(cause), "{first}");
    }
    assert!(!place.has("out"));
    assert_eq!(place.text("in.jsonl"), traces());
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with("in.jsonl", traces());
    place.write("out", "old");
    std::fs::set_permissions(place.path("out"), std::fs::Permissions::from_mode(0o444)).unwrap();
    // Who is root may write it all the same.
    if File::options().write(true).open(place.path("out")).is_err() {
        place
            .process("in.jsonl -o out")
            .fails(2, &["cannot write out: Permission denied"]);
        assert_eq!(place.text("out"), "old");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let place = Place::with("in.jsonl", traces());
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let mut command = place.command(["in.jsonl"]);
    command.stdout(full());
    Done::of(command).fails(1, &["cannot write to standard output: No space left"]);
    place
        .process("in.jsonl -o /dev/full")
        .fails(1, &["cannot write /dev/full: No space left"]);
    place
        .process("in.jsonl -o out --summary /dev/full")
        .fails(1, &["cannot write the summary: No space left"]);
    // Nobody is told, and that is no reason to fail.
    let mut command = place.command(["in.jsonl", "-o", "out"]);
    command.stderr(full());
    assert_eq!(Done::of(command).code, Some(0));
}

#[test]
fn a_reader_that_goes_is_no_failure() {
    let many: String = (0..4_000).map(|message| line(producers(message))).collect();
    let place = Place::with("in.jsonl", many);
    let mut child = place.command(["in.jsonl"]).spawn().unwrap();
    let mut start = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let done: Done = child.wait_with_output().unwrap().into();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
}

#[test]
fn output_that_would_be_read_again_is_refused() {
    let place = Place::with("in.jsonl", traces());
    for input in ["in.jsonl", "-"] {
        let mut command = place.command([input]);
        let append = File::options().append(true).open(place.path("in.jsonl"));
        command.stdout(append.unwrap());
        command.stdin(File::open(place.path("in.jsonl")).unwrap());
        Done::of(command).fails(2, &["standard output is an input too"]);
    }
    assert_eq!(place.text("in.jsonl"), traces());
}

#[test]
fn in_place_replaces_the_input() {
    let place = Place::with("in.jsonl", traces());
    place.process("in.jsonl --in-place").well();
    assert_eq!(links(&place.read("in.jsonl")), expected());
    assert_eq!(place.names(), ["in.jsonl"]);
}

#[test]
fn in_place_leaves_alone_what_would_lose_something() {
    let bad = traces() + "garbage\n";
    let place = Place::with("bad.jsonl", &bad);
    place.write("good.jsonl", traces());
    place
        .process("bad.jsonl missing good.jsonl --in-place")
        .fails(
            1,
            &[
                "linkmend: bad.jsonl: left as it was",
                "write the rest elsewhere with -o",
            ],
        );
    assert_eq!(place.text("bad.jsonl"), bad);
    assert_eq!(links(&place.read("good.jsonl")), expected());
    assert_eq!(place.names(), ["bad.jsonl", "good.jsonl"]);
}

#[test]
fn a_dry_run_writes_nothing_and_says_the_same() {
    let place = Place::with("in.jsonl", traces());
    let dry = place.process("in.jsonl -n").well();
    assert!(dry.stdout.is_empty());
    assert_eq!(place.names(), ["in.jsonl"]);
    assert!(dry.stderr.contains("20  added"), "{}", dry.stderr);
}

#[test]
fn an_old_output_is_replaced() {
    let place = Place::with("in.jsonl", traces());
    place.write("out", "old");
    place.process("in.jsonl -o out").well();
    assert_eq!(links(&place.read("out")), expected());
}

#[test]
fn an_old_output_stays_when_nothing_could_be_read() {
    let place = Place::with("in.jsonl", "{\"resourceLogs\":[]}\n");
    place.write("out", "old");
    place
        .process("in.jsonl -o out")
        .fails(1, &["nothing was written"]);
    assert_eq!(place.text("out"), "old");
}

#[cfg(unix)]
#[test]
fn a_pipe_with_a_name_is_read_and_written() {
    let place = Place::with("in.jsonl", traces());
    let made = std::process::Command::new("mkfifo")
        .args([place.path("pipe-in"), place.path("pipe-out")])
        .status();
    assert!(made.unwrap().success());
    let mut command = place.command(["pipe-in", "-o", "pipe-out"]);
    let child = command.stdout(Stdio::null()).spawn().unwrap();
    let (into, out) = (place.path("pipe-in"), place.path("pipe-out"));
    std::thread::scope(|scope| {
        scope.spawn(|| std::fs::write(into, traces()).unwrap());
        let read = scope.spawn(|| std::fs::read(out).unwrap());
        assert_eq!(links(&read.join().unwrap()), expected());
    });
    Done::from(child.wait_with_output().unwrap()).well();
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_followed() {
    use std::os::unix::fs::symlink;
    let place = Place::with("in.jsonl", traces());
    place.folder("folder");
    symlink("folder/new", place.path("first")).unwrap();
    symlink("first", place.path("second")).unwrap();
    place.process("in.jsonl -o second").well();
    assert_eq!(links(&place.read("folder/new")), expected());
    for name in ["first", "second"] {
        assert!(place.path(name).symlink_metadata().unwrap().is_symlink());
    }
    symlink("no/folder", place.path("astray")).unwrap();
    place.process("in.jsonl -o astray").fails(
        2,
        &[
            "cannot write astray: there is no folder",
            "no; create it first",
        ],
    );
    symlink("round", place.path("round")).unwrap();
    place
        .process("in.jsonl -o round")
        .fails(2, &["cannot write round: "]);
}

#[test]
fn a_name_may_be_as_long_as_a_name_can_be() {
    let place = Place::new();
    let name = format!("{}.jsonl", "n".repeat(249));
    place.write(&name, traces());
    place.process(&format!("{name} -o out/")).well();
    place.process(&format!("{name} --in-place")).well();
    assert_eq!(place.read(&name), place.read(&format!("out/{name}")));
    let other = "o".repeat(255);
    place.process(&format!("{name} -o {other}")).well();
    assert_eq!(links(&place.read(&other)), expected());
    let longer = "o".repeat(256);
    place
        .process(&format!("{name} -o {longer}"))
        .fails(2, &["File name too long"]);
}

/// Only root may give a file to somebody else.
#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_keeps_owner_and_mode() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let place = Place::with("in.jsonl", traces());
    let path = place.path("in.jsonl");
    let owner = chown(&path, Some(12_345), Some(54_321)).map(|()| (12_345, 54_321));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    place.process("in.jsonl --in-place").well();
    let after = std::fs::metadata(&path).unwrap();
    assert_eq!(after.mode() & 0o7777, 0o640);
    if let Ok(owner) = owner {
        assert_eq!((after.uid(), after.gid()), owner);
    }
    assert_eq!(links(&place.read("in.jsonl")), expected());
}

#[cfg(unix)]
#[test]
fn names_of_files_tell_a_terminal_nothing() {
    let place = Place::new();
    let name = "a\u{1b}[2Jb\nlinkmend: fine\r\u{202e}.jsonl";
    place.write(name, "no trace file");
    for arguments in [
        vec![name],
        vec![name, "-o", "no\u{1b}/out"],
        vec!["missing\u{9b}2J"],
    ] {
        let done = Done::of(place.command(arguments));
        let wild = |char: char| char.is_control() && char != '\n' || char == '\u{202e}';
        assert!(!done.stderr.contains(wild), "{:?}", done.stderr);
        assert!(
            !done.stderr.contains("\nlinkmend: fine"),
            "{:?}",
            done.stderr
        );
        assert_ne!(done.code, Some(0));
    }
}

/// Each output was compared with each input, and written to the disk by itself:
/// ten thousand files took minutes.
#[test]
fn many_small_files_take_linear_time() {
    let place = Place::new();
    let text = line(producers(1));
    let took = |count: usize| {
        let folder = format!("of-{count}");
        place.folder(&folder);
        let names: Vec<String> = (0..count)
            .map(|file| format!("{folder}/{file}.jsonl"))
            .collect();
        for name in &names {
            place.write(name, &text);
        }
        let to = format!("to-{count}/");
        let arguments = names.iter().map(String::as_str).chain(["-q", "-o", &to]);
        let command = place.command(arguments);
        let started = std::time::Instant::now();
        Done::of(command).well();
        assert_eq!(std::fs::read_dir(place.path(&to)).unwrap().count(), count);
        started.elapsed().as_secs_f64() / f64::from(u32::try_from(count).unwrap())
    };
    let (few, many) = (took(500), took(4000));
    assert!(
        many < few * 3.0 + 0.001,
        "{few} s for one of few, {many} s for one of many"
    );
}
