//! Texts of rules and names of files reach a terminal with nothing in them that
//! it would obey.

use crate::place::{Done, Place};
use crate::rules::guest;
use crate::traces::traces;

/// Clears the screen, sets the title, turns the direction of writing.
const OBEYED: &str = "\\1b[2J\\1b]0;owned\\07\\c2\\9b1m\\e2\\80\\ae";

/// A rule that refuses its configuration in such words.
fn refusing() -> Vec<u8> {
    guest(&format!(
        "(data (i32.const 1024) \"bad {OBEYED} words\")
        (func (export \"configure\") (param i32 i32) (result i32)
          (i32.store (i32.const 320) (i32.const 1))
          (i32.store (i32.const 324) (i32.const 1024))
          (i32.store (i32.const 328) (i32.const 31))
          (i32.const 320))"
    ))
}

fn assert_harmless(done: &Done) {
    for text in [&done.stderr, &done.text()] {
        let is_obeyed = |character: char| {
            (character.is_control() && character != '\n')
                || ('\u{202a}'..='\u{202e}').contains(&character)
        };
        assert!(!text.contains(is_obeyed), "{text:?}");
    }
}

#[test]
fn what_a_rule_says_is_spelled_out() {
    let place = Place::with("in.jsonl", traces());
    place.write("refuses.wasm", refusing());
    place.write(
        "linkmend.yaml",
        "receivers: {otlp: {protocols: {grpc: }}}
processors: {linkmend: {rule: refuses.wasm}}
exporters: {debug: }
service: {pipelines: {traces: {receivers: [otlp], processors: [linkmend], exporters: [debug]}}}
",
    );
    place.write("config.yaml", "a: 1");
    for done in [
        place.process("in.jsonl -o out --rule refuses.wasm"),
        place.process("in.jsonl -o out --rule refuses.wasm --rule-config config.yaml"),
        place.validate("linkmend.yaml"),
        place.rule("check refuses.wasm"),
        place.rule("inspect refuses.wasm"),
        place.rule("inspect refuses.wasm --json"),
        place.rule("test refuses.wasm --cases ."),
        place.rule("bench refuses.wasm in.jsonl"),
    ] {
        assert_ne!(done.code, Some(0), "{done:?}");
        assert_harmless(&done);
        let all = done.stderr.clone() + &done.text();
        assert!(all.contains("owned") || all.contains("no cases"), "{all}");
    }
}

#[test]
fn what_a_file_is_called_is_spelled_out() {
    let place = Place::new();
    let name = "in\u{1b}[2J\u{7}\n\u{202e}.jsonl";
    place.write(name, "no traces");
    let done = Done::of(place.command([name, "-o", "out"]));
    assert_ne!(done.code, Some(0), "{done:?}");
    assert_harmless(&done);
    let done = Done::of(place.command(["in.jsonl", "--rule", name]));
    assert_ne!(done.code, Some(0), "{done:?}");
    assert_harmless(&done);
}
