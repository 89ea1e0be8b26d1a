//! Inputs that cannot be read, or not as a whole: what is told, and what is
//! left.

use crate::place::Place;
use crate::traces::{gzip, pretty, producing, spans, traces, zstd};

/// Runs over `content`; there must be one fault that says all of `parts`.
/// Gives the spans that are left, if there is an output.
#[track_caller]
fn faulty(content: &[u8], parts: &[&str]) -> Option<usize> {
    let place = Place::with("in", content);
    place
        .process("in -o out --format jsonl")
        .fails(1, &[&["linkmend: in: "], parts].concat());
    place.has("out").then(|| spans(&place.read("out")).len())
}

fn framed() -> Vec<u8> {
    let place = Place::with("in", traces());
    place.process("in -o out --format framed").well();
    place.read("out")
}

fn proto() -> Vec<u8> {
    let place = Place::with("in", traces());
    place.process("in -o out --format proto").well();
    place.read("out")
}

fn cut(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() * 9 / 10]
}

#[test]
fn what_stands_before_the_cut_is_not_lost() {
    let lines = traces();
    // The end of the last line is missing.
    let left = faulty(cut(lines.as_bytes()), &["in: line ", "column ", "not JSON"]);
    assert!(left.unwrap() >= 40, "{left:?}");
    let left = faulty(
        cut(pretty().as_bytes()),
        &["in: line ", "the input ends inside a JSON document"],
    );
    assert!(left.unwrap() >= 40, "{left:?}");
    let left = faulty(
        cut(&framed()),
        &["in: byte ", "the input ends inside a frame"],
    );
    assert!(left.unwrap() >= 40, "{left:?}");
    let left = faulty(
        cut(&proto()),
        &["in: byte ", "the input ends inside a field of the message"],
    );
    assert!(left.unwrap() >= 40, "{left:?}");
}

#[test]
fn a_cut_off_stream_is_called_so() {
    // The last block is missing, and enough comes before it.
    let long: Vec<u8> = producing().repeat(400).into_bytes();
    for (name, packed) in [("gzip", gzip(&long)), ("zstd", zstd(&long))] {
        let place = Place::with("in", cut(&packed));
        place
            .process("in -o out --format jsonl")
            .fails(1, &["in: line ", &format!("the {name} stream is cut off")]);
        assert!(spans(&place.read("out")).len() > 40, "{name}");
    }
    let long = framed().repeat(400);
    for (name, packed) in [("gzip", gzip(&long)), ("zstd", zstd(&long))] {
        let place = Place::with("in", cut(&packed));
        place.process("in -o out --format jsonl").fails(
            1,
            &[
                "in: byte ",
                "of the decompressed input",
                &format!("the {name} stream is cut off"),
            ],
        );
        assert!(spans(&place.read("out")).len() > 40, "{name}");
    }
}

#[test]
fn a_damaged_stream_is_called_so() {
    assert_eq!(faulty(b"\x1f\x8b", &["the gzip stream is cut off"]), None);
    assert_eq!(
        faulty(b"\x1f\x8bgarbage garbage", &["the gzip stream is damaged"]),
        None
    );
    assert_eq!(
        faulty(
            b"\x28\xb5\x2f\xfdgarbage garbage",
            &["the zstd stream is damaged"]
        ),
        None
    );
    let mut followed = gzip(traces());
    followed.extend_from_slice(b"and something else");
    assert_eq!(
        faulty(&followed, &["the gzip stream is damaged"]),
        Some(spans(traces().as_bytes()).len())
    );
}

#[test]
fn what_is_no_trace_file_is_named_and_leaves_no_output() {
    for (content, parts) in [
        (
            &b"hello, this is a text"[..],
            &["not a trace file", "`hello, this"][..],
        ),
        (
            b"\xde\xad\xbe\xef\x01\x02\x03\x04",
            &["not a trace file", "de ad be ef"],
        ),
        (
            b"[{\"resourceSpans\":[]}]",
            &[
                "line 1, column 1",
                "an array that holds no span of Zipkin's",
            ],
        ),
        (b"{\"resourceLogs\":[]}", &["line 1", "these are OTLP logs"]),
        (
            b"{\"resourceMetrics\":[]}",
            &["line 1", "these are OTLP metrics"],
        ),
        (
            b"{\"some\":\"thing\"}",
            &["line 1", "there is no `resourceSpans`, but `some`"],
        ),
        (b"null", &["not a trace file", "`null`"]),
        (b"\x1f", &["not a trace file"]),
    ] {
        let all = [parts, &["nothing could be read, so nothing was written"]].concat();
        assert_eq!(faulty(content, &all), None, "{parts:?}");
    }
}

#[test]
fn a_bad_line_is_left_out_and_told_by_its_place() {
    let all = traces();
    let (head, tail) = all.split_at(all.find('\n').unwrap() + 1);
    let text =
        format!("{head}{{\"resourceLogs\":[]}}\ngarbage\n{{\"resourceSpans\":5}}\n{{}}\n{tail}");
    let place = Place::with("in.jsonl", text);
    let done = place.process("in.jsonl -o out.jsonl").fails(
        1,
        &[
            "in.jsonl: line 2, column 19: these are OTLP logs",
            "in.jsonl: line 3, column 1: not JSON: expected value",
            "in.jsonl: line 4, column 18: resourceSpans: invalid type",
            "3  inputs or parts of inputs could not be read",
        ],
    );
    assert!(!done.stderr.contains("line 5"), "{}", done.stderr);
    assert_eq!(
        spans(&place.read("out.jsonl")).len(),
        spans(all.as_bytes()).len()
    );
}

#[test]
fn an_id_that_is_no_hex_is_told_by_its_path() {
    let text = traces().replacen(&crate::traces::trace_id(1_000), "zz", 1);
    let left = faulty(
        text.as_bytes(),
        &[
            "line 1, column ",
            "resourceSpans[0].scopeSpans[0].spans[0].traceId: expected an even number of hex digits, found \"zz\"",
        ],
    );
    assert_eq!(left, Some(spans(traces().as_bytes()).len() - 8));
}

#[test]
fn a_million_faults_are_not_a_million_lines() {
    let text = traces() + &"garbage\n".repeat(1_000);
    let place = Place::with("in.jsonl", text);
    let done = place
        .process("in.jsonl -o out.jsonl")
        .fails(1, &["in.jsonl: and 980 more faults"]);
    assert!(done.stderr.lines().count() < 40, "{}", done.stderr);
}

#[test]
fn nothing_is_no_fault() {
    for (content, left) in [("", ""), ("\n\n  \n", "")] {
        let place = Place::with("in", content);
        place.process("in -o out").well();
        assert_eq!(place.text("out").trim(), left);
    }
    let place = Place::new();
    assert!(place.process("/dev/null").well().stdout.is_empty());
}

#[test]
fn what_is_not_there_or_no_file_is_told() {
    let place = Place::new();
    place.folder("folder");
    place
        .process("missing -o out")
        .fails(1, &["linkmend: missing: cannot read it: No such file"]);
    place.process("folder -o out").fails(
        1,
        &["linkmend: folder: it is a directory", "folder/*.jsonl"],
    );
    assert!(!place.has("out"));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with("in.jsonl", traces());
    let path = place.path("in.jsonl");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Who is root may read it all the same.
    if std::fs::File::open(&path).is_err() {
        place
            .process("in.jsonl -o out")
            .fails(1, &["in.jsonl: cannot read it: Permission denied"]);
    }
}

#[test]
fn a_long_line_is_left_out_unless_it_is_asked_for() {
    let long = format!(
        "{{\"resourceSpans\":[],\"x\":\"{}\"}}\n",
        "y".repeat(70_000_000)
    );
    let text = producing() + &long + &producing();
    let place = Place::with("in.jsonl", &text);
    place.process("in.jsonl -o out.jsonl").fails(
        1,
        &["in.jsonl: line 6, column 1: a line is longer than 67108864 bytes; raise --max-batch-bytes"],
    );
    assert_eq!(place.text("out.jsonl"), producing().repeat(2));
    place
        .process("in.jsonl -o out.jsonl --max-batch-bytes 128MiB")
        .well();
    assert!(place.text("out.jsonl") == text);
}

#[test]
fn a_bad_input_does_not_spoil_the_others() {
    let place = Place::with("good.jsonl", traces());
    place.write("bad.jsonl", "hello");
    place
        .process("bad.jsonl missing good.jsonl -o out.jsonl")
        .fails(1, &["linkmend: bad.jsonl: ", "linkmend: missing: "]);
    assert_eq!(
        crate::traces::links(&place.read("out.jsonl")),
        crate::traces::expected()
    );
}

#[test]
fn a_summary_counts_what_could_not_be_read() {
    let place = Place::with("in.jsonl", traces() + "garbage\n");
    assert_eq!(
        place.figures("in.jsonl missing -o out")["rejected_inputs"],
        2
    );
}
