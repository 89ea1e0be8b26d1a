//! `linkmend rule`, as a rule's author types it.

use serde_json::Value;

use crate::place::Place;
use crate::rules::guest;
use crate::traces::{consumer, line, links, producers};

/// A rule that adds a link to span 0 of small batches, and nothing on others.
fn place() -> Place {
    let quiet = "(func $hostile (param i32 i32 i32) (result i32) (call $answer (i32.const 0)))";
    let place = Place::with("mine.wasm", guest(quiet));
    place.write(
        "hang.wasm",
        guest(include_str!("../../../../tests/guests/process-loop.wat")),
    );
    place.write(
        "trap.wasm",
        guest(include_str!("../../../../tests/guests/trap.wat")),
    );
    place.write(
        "refuses.wasm",
        guest(include_str!(
            "../../../../tests/guests/configure-refuses.wat"
        )),
    );
    place.write("module.wasm", wat::parse_str("(module)").unwrap());
    place.write(
        "traces.jsonl",
        line((0..20).flat_map(producers)) + &line([consumer(1)]),
    );
    place
}

#[track_caller]
fn keys(value: &Value, keys: &[&str]) {
    let found: Vec<&String> = value.as_object().expect("an object").keys().collect();
    let mut wanted: Vec<&str> = keys.to_vec();
    wanted.sort_unstable();
    let mut found: Vec<&str> = found.into_iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, wanted);
}

#[test]
fn help_documents_exit_codes_and_json() {
    let place = Place::new();
    for command in [
        "new",
        "dev",
        "check",
        "test",
        "bench",
        "inspect",
        "component",
    ] {
        let done = place.rule(&format!("{command} --help"));
        assert_eq!(done.code, Some(0));
        let help = done.text();
        assert!(help.contains("Exit codes:"), "{help}");
        let runs = !["new", "component"].contains(&command);
        let has_json = runs && command != "dev";
        assert_eq!(help.contains("JSON (--json)"), has_json, "{help}");
        assert_eq!(help.contains("call_time"), runs, "{help}");
    }
    assert!(place.rule("--help").text().contains("component"));
}

#[test]
fn inspect_says_what_a_rule_is() {
    let place = place();
    let done = place.rule("inspect mine.wasm");
    let text = done.text();
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    for part in [
        "hostile",
        "batch-rule",
        "linkmend:rule@0.2.0",
        "mine.wasm@sha256:",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let json = place.rule("inspect builtin --json").json();
    keys(
        &json,
        &[
            "rule",
            "name",
            "version",
            "summary",
            "world",
            "interface_version",
            "imports",
            "exports",
            "selector",
            "reads",
            "uses_index",
            "type_attribute",
            "count_all_drops",
            "size",
            "sha256",
            "pin",
            "error",
        ],
    );
    assert_eq!(json["world"], "field-rule");
    assert_eq!(json["type_attribute"], "link.type");
    assert_eq!(json["pin"], Value::Null);
    keys(
        &json["selector"],
        &[
            "kinds",
            "attribute_keys",
            "attribute_prefixes",
            "with_links",
        ],
    );
}

/// What is printed as the pin is taken as a rule.
#[test]
fn what_inspect_pins_is_that_very_file() {
    let place = place();
    let pin = place.rule("inspect mine.wasm --json").json()["pin"].clone();
    let pin = pin.as_str().unwrap();
    place
        .process(&format!("traces.jsonl -o out.jsonl --rule {pin}"))
        .well();
    assert_eq!(links(&place.read("out.jsonl")).len(), 1);
    assert_eq!(place.rule(&format!("inspect {pin}")).code, Some(0));
    place.write(
        "mine.wasm",
        guest("(func $hostile (param i32 i32 i32) (result i32) unreachable)"),
    );
    place.rule(&format!("inspect {pin}")).fails(2, &["SHA-256"]);
}

#[test]
fn inspect_says_what_it_can_of_what_cannot_be_loaded() {
    let place = place();
    let done = place.rule("inspect module.wasm");
    assert!(done.text().contains("sha256"), "{done:?}");
    done.fails(3, &["linkmend rule component FILE"]);
    place
        .rule("inspect nowhere.wasm")
        .fails(2, &["nowhere.wasm"]);
    let done = place.rule("inspect refuses.wasm --json");
    assert_eq!(done.json()["world"], "batch-rule");
    assert_eq!(done.json()["name"], Value::Null);
    done.fails(2, &["`max_links` must be a number"]);
    place.write("rule.yaml", "max_linkz: 3\n");
    place
        .rule("inspect builtin --config rule.yaml")
        .fails(2, &["rule.yaml: line 1, column 1", "max_linkz"]);
    place
        .rule("inspect builtin --limit memry=3")
        .fails(2, &["there is no limit `memry`"]);
}

#[test]
fn check_tells_each_failure_and_the_way_out() {
    let place = place();
    let done = place.rule("check hang.wasm --limit call_time=50ms");
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    let text = done.text();
    for part in [
        "ok       component",
        "FAILED   trace:",
        "limits.call_time = 50ms",
        "→ Do less",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let done = place.rule("check module.wasm --json");
    assert_eq!(done.code, Some(1));
    let json = done.json();
    keys(
        &json,
        &[
            "rule",
            "ok",
            "checks",
            "longest_call_ns",
            "call_time_limit_ns",
            "memory",
            "memory_limit",
            "said",
        ],
    );
    assert_eq!(json["ok"], false);
    keys(&json["checks"][0], &["id", "outcome", "reason", "way_out"]);
    assert_eq!(json["checks"][0]["outcome"], "failed");
    place.rule("check nowhere.wasm").fails(2, &["nowhere.wasm"]);
}

#[test]
fn check_passes_the_built_in_rule() {
    let done = place().rule("check builtin --limit call_time=20s");
    assert_eq!(done.code, Some(0), "{}", done.text());
    assert!(
        done.text().contains("0 failed, 0 skipped"),
        "{}",
        done.text()
    );
}

#[test]
fn test_shows_a_seeded_difference_as_a_diff() {
    let place = place();
    place.folder("tests");
    place.folder("tests/one");
    place.write("tests/one/before.jsonl", line([consumer(1)]));
    // There are several components here.
    place
        .rule("test")
        .fails(2, &["several .wasm files", "mine.wasm"]);
    place.rule("test mine.wasm").fails(1, &[]);
    let updated = place.rule("test mine.wasm --update");
    assert!(
        updated.text().contains("0 passed, 0 failed, 1 updated"),
        "{updated:?}"
    );
    assert_eq!(place.rule("test mine.wasm").code, Some(0));

    let seeded = place
        .text("tests/one/after.jsonl")
        .replace("0000000000000003", "0000000000000004");
    place.write("tests/one/after.jsonl", seeded);
    let done = place.rule("test mine.wasm");
    assert_eq!(done.code, Some(1));
    let text = done.text();
    for part in [
        "FAILED   one",
        "orders  receive  span ",
        "before.jsonl: line 1, column 1",
        "    - 00000000000000010000000000000002:0000000000000004 {}",
        "    + 00000000000000010000000000000002:0000000000000003 {}",
        "0 passed, 1 failed, 0 updated",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let json = place.rule("test mine.wasm --json").json();
    keys(&json, &["rule", "passed", "failed", "updated", "cases"]);
    let case = &json["cases"][0];
    keys(
        case,
        &["name", "before", "outcome", "errors", "spans", "said"],
    );
    keys(
        &case["spans"][0],
        &[
            "place",
            "service",
            "name",
            "trace_id",
            "span_id",
            "missing_links",
            "unexpected_links",
            "other",
        ],
    );
}

#[test]
fn test_says_where_cases_are_to_be() {
    let place = place();
    place.rule("test mine.wasm").fails(2, &["tests", "--cases"]);
    place.folder("cases");
    place
        .rule("test mine.wasm --cases cases")
        .fails(1, &["there are no cases in cases"]);
    place.folder("cases/one");
    place.write("cases/one/before.jsonl", line([consumer(1)]));
    place
        .rule("test mine.wasm --cases cases --filter two")
        .fails(2, &["`two`", "one"]);
    place
        .rule("test module.wasm --cases cases")
        .fails(3, &["linkmend rule component"]);
}

#[test]
fn bench_prints_the_parts_and_what_a_rule_adds() {
    let place = place();
    let done = place.rule("bench mine.wasm traces.jsonl --rounds 2");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let text = done.text();
    for part in [
        "traces.jsonl: 41 spans",
        "41 selected (100.0 %)",
        "builtin, then rule",
        "native",
        "sandbox",
        "the rule adds",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let json = place
        .rule("bench builtin --load single --rounds 1 --order both --json")
        .json();
    keys(&json, &["rule", "rounds", "figures"]);
    assert_eq!(json["figures"].as_array().unwrap().len(), 2);
    let figures = &json["figures"][1];
    keys(
        figures,
        &[
            "load",
            "order",
            "spans",
            "batches",
            "bytes_per_span",
            "selected",
            "rule",
            "builtin",
            "both",
            "added_ns_per_span",
        ],
    );
    assert_eq!(
        (&figures["load"], &figures["order"]),
        (&"single".into(), &"descending".into())
    );
    assert_eq!(figures["builtin"], Value::Null);
    keys(
        &figures["rule"],
        &[
            "ns_per_span",
            "native_ns_per_span",
            "sandbox_ns_per_span",
            "spans_per_second",
        ],
    );
}

#[test]
fn bench_measures_no_failure() {
    let place = place();
    place
        .rule("bench trap.wasm traces.jsonl --rounds 1")
        .fails(3, &["it trapped", "linkmend rule check"]);
    place
        .rule("bench mine.wasm nowhere.jsonl")
        .fails(1, &["nowhere.jsonl"]);
    place.write("empty.jsonl", "");
    place
        .rule("bench mine.wasm empty.jsonl")
        .fails(1, &["there are no spans in it"]);
    place
        .rule("bench mine.wasm --load heavy")
        .fails(2, &["mixed, messaging"]);
    place
        .rule("bench module.wasm")
        .fails(3, &["linkmend rule component"]);
}

#[test]
fn new_says_what_to_do_next() {
    let place = Place::new();
    for (language, toolchain) in [
        ("rust", "linkmend/rule/src/lib.rs"),
        ("python", ".venv/bin/pip install -r requirements.txt"),
        ("javascript", "npm ci"),
        ("go", "linkmend/driver.go"),
        ("c", "linkmend/linkmend.h"),
    ] {
        let name = format!("{language}-jobs");
        let mut command = place.linkmend("rule", ["new", "--lang", language, &name]);
        command.env_remove("LINKMEND_REPO");
        let done = crate::place::Done::of(command);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let text = done.text();
        let test = format!("linkmend rule test {name}.wasm");
        for part in [toolchain, &format!("cd {name}"), "./build", &test] {
            assert!(text.contains(part), "no `{part}` in:\n{text}");
        }
        for file in ["build", "README.md", "tests/one-job/after.jsonl"] {
            assert!(place.has(&format!("{name}/{file}")), "{file}");
        }
    }
}

#[test]
fn new_refuses_bad_names_and_places() {
    let place = place();
    place
        .rule("new --lang rust Team")
        .fails(2, &["lower-case letters"]);
    place
        .rule("new --lang cobol team")
        .fails(2, &["rust, python, javascript, go and c"]);
    place
        .rule("new --lang rust a.b")
        .fails(2, &["write `-` in the place of `.`"]);
    place.folder("mine");
    place.write("mine/notes", "");
    place
        .rule("new --lang rust mine")
        .fails(2, &["mine is there already"]);
    let mut command = place.linkmend("rule", ["new", "--lang", "rust", "other"]);
    let done = crate::place::Done::of({
        command.env("LINKMEND_REPO", place.path("mine"));
        command
    });
    done.fails(2, &["LINKMEND_REPO", "guest/sdk/Cargo.toml"]);
    assert!(!place.has("other"));
}

#[test]
fn component_refuses_what_is_no_rule() {
    let place = place();
    place
        .rule("component mine.wasm")
        .fails(1, &["a component already"]);
    place
        .rule("component traces.jsonl")
        .fails(1, &["not a WebAssembly module"]);
    place
        .rule("component module.wasm -o module.wasm")
        .fails(2, &["-o"]);
    place
        .rule("component module.wasm")
        .fails(1, &["module.wasm"]);
    let system = "(module (import \"env\" \"getenv\" (func (param i32) (result i32))))";
    place.write("system.wasm", wat::parse_str(system).unwrap());
    place
        .rule("component system.wasm")
        .fails(1, &["`env`", "wasm32-unknown-unknown"]);
    assert!(!place.has("module.component.wasm"));
}
