//! The example rule in C: `examples/rules/health-checks`, built by its own
//! script. Without clang these tests say that they are skipped.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::place::Place;

fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/rules/health-checks"
    ))
}

/// The component; `None` where its tools are missing.
fn component() -> Option<&'static [u8]> {
    static BUILT: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let output = Command::new(folder().join("build"))
            .env("LINKMEND", env!("CARGO_BIN_EXE_linkmend"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => Some(fs::read(folder().join("health-checks.wasm")).unwrap()),
            Some(2) => {
                eprintln!("skipped: the rule in C cannot be built here:\n{told}");
                None
            }
            other => panic!("{other:?}: {told}"),
        }
    });
    built.as_deref()
}

/// A place with the rule in it.
fn place() -> Option<Place> {
    component().map(|component| Place::with("health-checks.wasm", component))
}

#[test]
fn its_cases() {
    let Some(place) = place() else { return };
    let mut names = Vec::new();
    for case in fs::read_dir(folder().join("tests")).unwrap() {
        let case = case.unwrap().path();
        let mut rule = "--rule health-checks.wasm".to_owned();
        if let Ok(config) = fs::read(case.join("rule.yaml")) {
            place.write("rule.yaml", config);
            rule.push_str(" --rule-config rule.yaml");
        }
        place.write("before.jsonl", fs::read(case.join("before.jsonl")).unwrap());
        place
            .process(&format!("{rule} before.jsonl -o out.jsonl"))
            .well();
        let expected = fs::read_to_string(case.join("after.jsonl")).unwrap();
        assert_eq!(place.text("out.jsonl"), expected, "{}", case.display());
        // Its own output stays as it is.
        place
            .process(&format!("{rule} out.jsonl -o again.jsonl"))
            .well();
        assert_eq!(place.text("again.jsonl"), expected, "{}", case.display());
        names.push(case.file_name().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["counters", "lookalikes", "own-paths"]);
}

#[test]
fn a_configuration_that_is_wrong_is_told_with_its_place() {
    let Some(place) = place() else { return };
    place.write("in.jsonl", "");
    for (config, parts) in [
        (
            r#"{"path": ["/healthz"]}"#,
            &[
                "line 1, column 2",
                "path: there is no such key; there is `paths`",
            ][..],
        ),
        (
            r#"{"paths": "/healthz"}"#,
            &["line 1, column 2", "it is a list of texts"],
        ),
        (r#"{"paths": []}"#, &["paths: the list is empty"]),
        (
            r#"{"paths": ["healthz"]}"#,
            &["paths: each begins with a slash"],
        ),
        (r#"{"paths": ["/healthz", 7]}"#, &["paths: each is a text"]),
        (r#"{"paths": [["/healthz"]]}"#, &["paths: each is a text"]),
        (
            &json!({"paths": vec!["/healthz"; 65]}).to_string(),
            &["paths: more than 64 paths"],
        ),
        (
            &json!({"paths": ["/".repeat(257)]}).to_string(),
            &["at most 256 bytes"],
        ),
    ] {
        place.write("rule.json", config);
        place
            .process("in.jsonl -o out --rule health-checks.wasm --rule-config rule.json")
            .fails(
                2,
                &[&["refuses the configuration rule.json"], parts].concat(),
            );
    }
    // The most that there may be.
    let paths: Vec<String> = (0..64).map(|number| format!("/{number}")).collect();
    place.write("rule.json", json!({ "paths": paths }).to_string());
    place
        .process("in.jsonl -n --rule health-checks.wasm --rule-config rule.json")
        .well();
}

/// A health check, and a job with a hundred links to it and to others.
fn batch(number: u64) -> Value {
    let id = |number: u64| format!("{number:032x}");
    let check = json!({
        "traceId": id(number), "spanId": "00000000000000aa", "name": "GET /healthz", "kind": 2,
        "attributes": [{"key": "url.path", "value": {"stringValue": "/healthz"}}],
    });
    let links = (0..100).map(|link| {
        let target = if link == 7 { number } else { 1_000_000 + link };
        json!({"traceId": id(target), "spanId": "00000000000000aa"})
    });
    let job = json!({
        "traceId": id(2_000_000 + number), "spanId": "00000000000000bb", "name": "job",
        "links": links.collect::<Vec<_>>(),
    });
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [check, job]}]}]})
}

/// Each batch takes 30 kB or so of its memory: five hundred of them would need
/// 15 MB if it kept them.
#[test]
fn its_memory_does_not_grow_from_batch_to_batch() {
    let Some(place) = place() else { return };
    let lines: Vec<String> = (1..=500)
        .map(|number| format!("{}\n", batch(number)))
        .collect();
    place.write("in.jsonl", lines.concat());
    let figures =
        place.figures("in.jsonl -o out.jsonl --rule health-checks.wasm --limit memory=256KiB -j 1");
    assert_eq!(figures["rule_faults"], 0);
    assert_eq!(figures["links_dropped_unwanted"], 500);
    assert_eq!(figures["links_out"], 500 * 99);
}

#[test]
fn it_stands_in_a_pipeline() {
    let Some(place) = place() else { return };
    let pipeline = fs::read_to_string(folder().join("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", pipeline);
    place.validate("pipeline.yaml").well();
}
