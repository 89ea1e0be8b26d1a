//! Why spans were or were not mended.

use serde_json::{Value, json};

use crate::place::{Done, Place};
use crate::rules::guest;
use crate::traces::{self, consumer, line, links, producers, span_id, trace_id, traces};

/// A rule that says two lines of the first span of a long batch.
fn explaining() -> Vec<u8> {
    guest(include_str!("../../../../tests/guests/explains.wat"))
}

/// A server that nobody has anything to do with.
fn server(number: u32) -> Value {
    let mut server = consumer(number);
    server["kind"] = json!(2);
    server["name"] = json!("GET /orders");
    server["attributes"] = json!([{"key": "http.route", "value": {"stringValue": "/orders"}}]);
    server
}

/// A line that is long enough for the rule.
fn long(first: u32) -> String {
    line((first..first + 10).map(consumer))
}

fn stdout(done: &Done) -> &str {
    std::str::from_utf8(&done.stdout).unwrap()
}

/// What is said of a consumer by the rule above.
fn block(number: u32, place: &str) -> String {
    format!(
        "orders  receive  CONSUMER  span {}  trace {}  {place}\n  It is the first.\n  It got no link yet.\n",
        span_id(500_000 + number),
        trace_id(500_000 + number)
    )
}

#[test]
fn all_explanations_come_in_the_order_of_the_inputs() {
    let place = Place::with("a.jsonl", long(1) + &long(11));
    place.write("b.jsonl", long(21));
    place.write("rule.wasm", explaining());
    let done = place
        .process("a.jsonl b.jsonl --rule rule.wasm --explain all -j 8")
        .well();
    let expected = [
        block(1, "a.jsonl: line 1, column 1"),
        block(11, "a.jsonl: line 2, column 1"),
        block(21, "b.jsonl: line 1, column 1"),
    ];
    assert_eq!(stdout(&done), expected.join("\n"));
    // The summary is where it always is.
    assert!(done.stderr.contains("30  spans"), "{}", done.stderr);
    assert_eq!(place.names(), ["a.jsonl", "b.jsonl", "rule.wasm"]);
}

#[test]
fn a_span_and_a_trace_are_asked_for_by_id_in_any_case() {
    let place = Place::with("in.jsonl", long(1) + &long(11));
    place.write("rule.wasm", explaining());
    let span = span_id(500_001).to_uppercase();
    let done = place
        .process(&format!("in.jsonl --rule rule.wasm --explain {span}"))
        .well();
    assert_eq!(stdout(&done), block(1, "in.jsonl: line 1, column 1"));

    let trace = trace_id(500_011);
    let done = place
        .process(&format!(
            "in.jsonl --rule rule.wasm --explain {trace},{span}"
        ))
        .well();
    assert_eq!(
        stdout(&done),
        block(1, "in.jsonl: line 1, column 1") + "\n" + &block(11, "in.jsonl: line 2, column 1")
    );
    let twice = place
        .process(&format!(
            "in.jsonl --rule rule.wasm --explain {trace} --explain {span}"
        ))
        .well();
    assert_eq!(stdout(&twice), stdout(&done));
}

#[test]
fn each_rule_explains_under_its_name() {
    let place = Place::with("in.jsonl", line([server(1)]) + &long(11));
    place.write("rule.wasm", explaining());
    let span = span_id(500_011);
    let done = place
        .process(&format!(
            "in.jsonl --rule builtin --rule rule.wasm --explain {span}"
        ))
        .well();
    let text = stdout(&done);
    assert!(
        text.ends_with("\n  hostile:\n    It is the first.\n    It got no link yet.\n"),
        "{text}"
    );
    let builtin = text.lines().nth(1).unwrap();
    assert!(
        builtin.starts_with("  ") && builtin.ends_with(':'),
        "{text}"
    );
    assert!(text.lines().nth(2).unwrap().starts_with("    "), "{text}");
}

#[test]
fn a_span_that_concerns_no_rule_is_told_why() {
    let place = Place::with("in.jsonl", line([server(1)]) + &traces());
    let span = span_id(500_001);
    let done = place.process(&format!("in.jsonl --explain {span}"));
    let text = stdout(&done);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    // Another span has the id, too.
    assert_eq!(text.matches(&format!("span {span}")).count(), 2, "{text}");
    let blocks: Vec<&str> = text.split("\n\n").collect();
    assert!(
        blocks[0].starts_with("orders  GET /orders  SERVER  span"),
        "{text}"
    );
    for part in [
        "It did not look at the span: ",
        "it has no links",
        "`messaging.",
    ] {
        assert!(blocks[0].contains(part), "no `{part}` in:\n{text}");
    }
    assert!(
        blocks[1].starts_with("orders  receive  CONSUMER  span"),
        "{text}"
    );
}

#[test]
fn traces_are_written_only_where_that_is_asked_for() {
    let place = Place::with("in.jsonl", traces());
    let span = span_id(500_001);
    let done = place
        .process(&format!("in.jsonl -o out.jsonl --explain {span}"))
        .well();
    assert_eq!(links(&place.read("out.jsonl")), traces::expected());
    assert!(stdout(&done).contains(&span));
    place
        .process(&format!("in.jsonl --in-place --explain {span}"))
        .well();
    assert!(place.read("in.jsonl") == place.read("out.jsonl"));
    place
        .process(&format!("in.jsonl -o - --explain {span}"))
        .fails(
            2,
            &["--explain writes to standard output, and so does -o -"],
        );
}

#[test]
fn explaining_works_in_a_pipe_and_in_every_format() {
    let place = Place::with("rule.wasm", explaining());
    let text = line(producers(1)) + &long(1);
    let arguments = "- --rule rule.wasm --explain all";
    let done = place.process_stdin(arguments, text.as_bytes()).well();
    assert!(stdout(&done).contains("span "), "{}", stdout(&done));
    let lines = stdout(&done);
    assert!(
        lines.contains("standard input: line 2, column 1"),
        "{lines}"
    );

    place.write("in.jsonl", text);
    place
        .process("in.jsonl -o in.pb --format proto --rule rule.wasm")
        .well();
    let done = place.process("in.pb --rule rule.wasm --explain all").well();
    assert!(
        stdout(&done).contains("  in.pb: byte 0\n"),
        "{}",
        stdout(&done)
    );
}

#[test]
fn what_is_in_no_input_is_told_and_is_a_failure() {
    let place = Place::with("in.jsonl", traces());
    let known = span_id(500_001);
    let done = place.process(&format!(
        "in.jsonl -q --explain {known},00000000000000AA --explain {}",
        "b".repeat(32)
    ));
    assert_eq!(done.code, Some(1));
    assert_eq!(
        done.stderr,
        format!(
            "linkmend: no span with the id 00000000000000aa in the inputs\n\
             linkmend: no span of the trace {} in the inputs\n",
            "b".repeat(32)
        )
    );
    assert!(stdout(&done).contains(&known));
}

#[test]
fn what_cannot_be_explained_is_told() {
    let place = Place::with("in.jsonl", traces());
    for what in ["everything", "12", "00000000000000zz", "all,", ","] {
        place.process(&format!("in.jsonl --explain {what}")).fails(
            2,
            &[
                "--explain: `",
                "give `all`, the id of a span (16 hex digits) or the id of a trace (32 hex digits)",
            ],
        );
    }
}

#[cfg(unix)]
#[test]
fn who_reads_only_the_first_lines_gets_them() {
    use std::io::{BufRead as _, BufReader};

    let many: String = (0..2_000).map(|number| long(number * 10)).collect();
    let place = Place::with("in.jsonl", many);
    place.write("rule.wasm", explaining());
    let mut command = place.command(["in.jsonl", "-q", "--rule", "rule.wasm", "--explain", "all"]);
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    // The pipe is closed at the end of the statement.
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with("orders  receive"), "{first}");
    let done: Done = child.wait_with_output().unwrap().into();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
}
