//! Rules of one's own: loading, configuring, failing.

use serde_json::json;

use crate::place::Place;
use crate::traces::{consumer, expected, line, links, producers, spans, traces};

const SHELL: &str = include_str!("../../../../tests/guests/shell.wat");
const DESCRIBE: &str = "(func (export \"describe\") (result i32) (i32.const 256))";
const CONFIGURE: &str =
    "(func (export \"configure\") (param i32 i32) (result i32) (i32.const 320))";

const HOSTILE: &str = "(func $hostile (param i32 i32 i32) (result i32) (unreachable))";

/// A component: batches of up to 1,000 bytes get a link, on others it traps.
fn trapping() -> Vec<u8> {
    guest(include_str!("../../../../tests/guests/trap.wat"))
}

/// A component of `tests/guests`, in its shell.
pub fn guest(guest: &str) -> Vec<u8> {
    let missing = [
        ("(export \"describe\")", DESCRIBE),
        ("(export \"configure\")", CONFIGURE),
        ("(func $hostile", HOSTILE),
    ];
    let missing = missing.iter().filter(|(mark, _)| !guest.contains(mark));
    let defaults: Vec<&str> = missing.map(|(_, default)| *default).collect();
    let text = SHELL
        .replace("\n    GUEST-HERE", guest)
        .replace("\n    DEFAULTS-HERE", &defaults.join("\n"));
    wat::parse_str(text).unwrap()
}

/// A small batch, a long one, a small one.
fn place() -> Place {
    let place = Place::with("trap.wasm", trapping());
    let long = line((0..20).flat_map(producers));
    place.write(
        "in.jsonl",
        line([consumer(1)]) + &long + &line([consumer(2)]),
    );
    place
}

#[test]
fn a_failing_rule_costs_no_data() {
    let place = place();
    place
        .process("in.jsonl -o out.jsonl --rule trap.wasm --summary s.json")
        .fails(
            4,
            &[
                "in.jsonl: line 2, column 1: rule `hostile` failed: it trapped",
                "failures of rules",
                "1  batches went on as they came  (a rule failed on them)",
            ],
        );
    assert!(place.text("s.json").contains("\"batches_unmended\": 1"));
    assert_eq!(spans(&place.read("out.jsonl")).len(), 42);
    assert_eq!(links(&place.read("out.jsonl")).len(), 2);
}

#[test]
fn a_batch_is_dropped_when_that_is_asked_for() {
    let place = place();
    place
        .process("in.jsonl -o out.jsonl --rule trap.wasm --on-error drop")
        .fails(
            3,
            &[
                "line 2, column 1",
                "1  batches left out  (a rule failed on them)",
            ],
        );
    assert_eq!(spans(&place.read("out.jsonl")).len(), 2);
}

#[test]
fn a_job_is_rejected_when_that_is_asked_for() {
    let place = place();
    place.write("out.jsonl", "old");
    place
        .process("in.jsonl -o out.jsonl --rule trap.wasm --on-error reject --summary s.json")
        .fails(
            3,
            &[
                "in.jsonl: line 2, column 1: rule `hostile` failed",
                "nothing was written",
            ],
        );
    assert_eq!(place.text("out.jsonl"), "old");
    assert_eq!(place.names(), ["in.jsonl", "out.jsonl", "trap.wasm"]);
}

#[test]
fn rules_see_the_edits_of_those_before_them() {
    let place = Place::with("in.jsonl", line(producers(1)) + &line([consumer(1)]));
    place.write("small.wasm", trapping());
    place
        .process("in.jsonl -o out.jsonl --rule builtin --rule small.wasm")
        .well();
    // The small one links the first span of a batch, whatever it is.
    let found = links(&place.read("out.jsonl"));
    let kinds: Vec<_> = found.iter().map(|link| link.kind.as_str()).collect();
    assert_eq!(kinds, ["", "triggered_by", ""]);
}

#[test]
fn a_file_that_is_no_rule_is_told_why() {
    let place = Place::with("in.jsonl", traces());
    place.write("text.wasm", "hello");
    place.write("core.wasm", b"\0asm\x01\0\0\0");
    place.write("cut.wasm", &trapping()[..500]);
    place.write("empty.wasm", wat::parse_str("(component)").unwrap());
    place.write(
        "describe.wasm",
        guest(include_str!("../../../../tests/guests/describe-trap.wat")),
    );
    place.write(
        "refuses.wasm",
        guest(include_str!(
            "../../../../tests/guests/configure-refuses.wat"
        )),
    );
    for (rule, part) in [
        ("missing.wasm", "the file cannot be read: No such file"),
        ("text.wasm", "it is not a WebAssembly component"),
        (
            "core.wasm",
            "it is a WebAssembly core module, not a component",
        ),
        ("cut.wasm", "the component is not valid"),
        ("empty.wasm", "it does not export"),
        ("describe.wasm", "it failed while it was describing itself"),
        (
            "refuses.wasm",
            "it refuses its configuration: `max_links` must be a number",
        ),
    ] {
        let done = place
            .process(&format!("in.jsonl -o out --rule {rule}"))
            .fails(2, &[&format!("rule `{rule}` cannot be loaded: "), part]);
        assert_eq!(done.stderr.matches(part).count(), 1, "{}", done.stderr);
    }
    assert!(!place.has("out"));
}

#[test]
fn a_configuration_goes_to_its_rule() {
    let place = Place::with("in.jsonl", traces());
    place.write("three.json", json!({"max_links": 3}).to_string());
    let figures = place.figures("in.jsonl -o out --rule-config three.json");
    assert_eq!(figures["links_cut"], 5);
    // Its own word counts more than the limit of the host, while it is smaller.
    let figures = place.figures("in.jsonl -o out --rule-config three.json --limit max_links=5");
    assert_eq!(figures["links_cut"], 5);
}

#[test]
fn a_configuration_may_be_yaml() {
    let place = Place::with("in.jsonl", traces());
    place.write(
        "rule.yaml",
        "# Three are enough.\nmax_links: 3\nclock_skew: 5s\nlink_type_attribute: why\n",
    );
    let figures = place.figures("in.jsonl -o out --rule-config rule.yaml");
    assert_eq!(figures["links_cut"], 5);
    assert!(
        place.text("out").contains(r#"{"key":"why","#),
        "no such attribute"
    );
    // Nothing but comments: all stays as it is.
    place.write("rule.yaml", "# max_links: 3\n");
    let figures = place.figures("in.jsonl -o out --rule-config rule.yaml");
    assert_eq!(figures["links_cut"], 0);
    // The limit of the host reaches the rule through the file.
    let figures = place.figures("in.jsonl -o out --rule-config rule.yaml --limit max_links=2");
    assert_eq!(
        (&figures["links_cut"], &figures["rule_faults"]),
        (&json!(6), &json!(0))
    );
}

#[test]
fn a_configuration_that_is_wrong_is_told_with_its_place() {
    let place = Place::with("in.jsonl", traces());
    for (name, text) in [
        ("text.json", "max_links = 3"),
        ("array.json", "[]"),
        ("cut.json", "{\"max_links\": 3"),
        ("twice.json", "{\"max_links\": 3,\n \"max_links\": 4}"),
        ("key.json", "{\n\"max_lynx\": 3}"),
        ("value.yaml", "ambiguous: skip\nmax_links: three\n"),
        ("indent.yaml", "ambiguous: skip\n  max_links: 3\n"),
        ("anchor.yaml", "ambiguous: &a skip\n"),
    ] {
        place.write(name, text);
    }
    for (config, parts) in [
        (
            "missing.json",
            &["cannot read the configuration missing.json", "No such file"][..],
        ),
        (
            "text.json",
            &["the configuration text.json: line 1, column 1: it is a text, not a mapping"],
        ),
        (
            "array.json",
            &["the configuration array.json: line 1, column 1: it is a list, not a mapping"],
        ),
        (
            "cut.json",
            &["the configuration cut.json: line 2, column 1: "],
        ),
        (
            "twice.json",
            &[
                "the configuration twice.json: line 2, column 2: the key `max_links` is given a second time",
            ],
        ),
        (
            "key.json",
            &[
                "rule `builtin` refuses the configuration key.json: line 2, column 1: max_lynx: unknown key",
            ],
        ),
        (
            "value.yaml",
            &[
                "rule `builtin` refuses the configuration value.yaml: line 2, column 1: max_links: \"three\" is not a value",
            ],
        ),
        (
            "indent.yaml",
            &["the configuration indent.yaml: line 2, column "],
        ),
        (
            "value.yaml --rule-config key.json",
            &["there are 2 --rule-config and 1 rules"],
        ),
    ] {
        place
            .process(&format!("in.jsonl -o out --rule-config {config}"))
            .fails(2, parts);
    }
    assert!(!place.has("out"));
}

/// The same rule twice, and only its second configuration is wrong.
#[test]
fn the_configuration_that_is_wrong_is_named_among_several() {
    let place = Place::with("in.jsonl", traces());
    place.write("good.yaml", "max_links: 3\n");
    place.write("bad.yaml", "max_links: 3\nmax_lynx: 3\n");
    place
        .process("in.jsonl -n --rule builtin --rule builtin --rule-config good.yaml --rule-config bad.yaml")
        .fails(2, &["refuses the configuration bad.yaml: line 2, column 1: max_lynx"]);
}

#[test]
fn a_limit_that_is_wrong_is_told() {
    let place = Place::with("in.jsonl", traces());
    for (limit, parts) in [
        (
            "links=3",
            &["there is no limit `links`; there are max_links, call_time"][..],
        ),
        ("max_links", &["a limit is given as NAME=VALUE"]),
        ("max_links=x", &["--limit max_links=x", "`x` is no number"]),
        ("memory=5zz", &["`5zz` is no size"]),
        ("memory=0", &["`0` is no size"]),
        ("call_time=soon", &["`soon` is no duration"]),
        ("call_time=0s", &["`0s` is no duration"]),
    ] {
        place
            .process(&format!("in.jsonl -o out --limit {limit}"))
            .fails(2, parts);
    }
}

#[test]
fn a_limit_that_is_reached_is_named() {
    let place = Place::with("in.jsonl", traces());
    place
        .process("in.jsonl -o out --limit memory=64KiB")
        .fails(2, &["limits.memory = 65536"]);
}

#[test]
fn the_code_cache_can_be_elsewhere_or_nowhere() {
    let place = Place::with("in.jsonl", traces());
    place.process("in.jsonl -o out --code-cache cache").well();
    assert!(place.has("cache"));
    place.process("in.jsonl -o out --code-cache=").well();
    assert_eq!(links(&place.read("out")), expected());
}
