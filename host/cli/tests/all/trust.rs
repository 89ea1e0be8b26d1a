//! Rules that must be the very ones that were meant, and what each may use.

use sha2::{Digest, Sha256};

use crate::place::Place;
use crate::rules::guest;
use crate::traces::{consumer, line, links, producers, traces};

/// Gives the first span of a batch a link.
fn shell() -> Vec<u8> {
    guest("")
}

fn sum(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    let digits: Vec<String> = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// The rule is in the place, beside batches that are small enough for it.
fn place() -> Place {
    let place = Place::with("in.jsonl", line(producers(1)) + &line([consumer(1)]));
    place.write("team.wasm", shell());
    place
}

#[test]
fn a_rule_with_its_checksum_runs() {
    let place = place();
    let sum = sum(&shell());
    place.process("in.jsonl -o plain --rule team.wasm").well();
    for sum in [sum.clone(), sum.to_uppercase()] {
        place
            .process(&format!("in.jsonl -o out --rule team.wasm@sha256:{sum}"))
            .well();
        assert_eq!(place.read("out"), place.read("plain"));
    }
}

#[test]
fn another_file_than_the_one_that_was_meant_is_refused() {
    let place = place();
    let wanted = sum(&shell());
    place.write(
        "team.wasm",
        guest(include_str!("../../../../tests/guests/trap.wat")),
    );
    let found = sum(&place.read("team.wasm"));
    assert_ne!(found, wanted);
    place
        .process(&format!(
            "in.jsonl -o out --rule builtin --rule team.wasm@sha256:{wanted}"
        ))
        .fails(
            2,
            &[
                &format!("--rule team.wasm@sha256:{wanted}: "),
                &format!("has the SHA-256 {found}, and {wanted} is wanted"),
            ],
        );
    assert!(!place.has("out"));
}

#[test]
fn a_checksum_that_is_none_is_told() {
    let place = place();
    for (rule, part) in [
        (
            "team.wasm@sha256:abc",
            "has 64 hex digits; `sha256sum team.wasm` tells it",
        ),
        (
            &format!("team.wasm@sha256:{}x", "0".repeat(63)),
            "has 64 hex digits",
        ),
        (
            &format!("team.wasm@sha256:{}", "0".repeat(65)),
            "has 64 hex digits",
        ),
        (
            &format!("builtin@sha256:{}", "0".repeat(64)),
            "has no file to check",
        ),
        (
            &format!("missing.wasm@sha256:{}", "0".repeat(64)),
            "cannot be read: No such file",
        ),
    ] {
        place
            .process(&format!("in.jsonl -o out --rule {rule}"))
            .fails(2, &[&format!("--rule {rule}: "), part]);
    }
    assert!(!place.has("out"));
}

#[test]
fn a_file_may_have_such_a_name() {
    let place = place();
    place.write("odd@sha256:name.wasm", shell());
    place
        .process("in.jsonl -o out --rule odd@sha256:name.wasm")
        .well();
    let sum = sum(&shell());
    place
        .process(&format!(
            "in.jsonl -o out --rule odd@sha256:name.wasm@sha256:{sum}"
        ))
        .well();
    // A checksum is never taken for a part of a name.
    let other = "0".repeat(64);
    place.write(&format!("team.wasm@sha256:{other}"), shell());
    place
        .process(&format!("in.jsonl -o out --rule team.wasm@sha256:{other}"))
        .fails(2, &[&format!("{other} is wanted")]);
}

#[test]
fn a_limit_may_be_of_one_rule() {
    let place = place();
    let two = "in.jsonl -o out --rule builtin --rule team.wasm";
    place
        .process(&format!("{two} --limit 2:memory=64KiB"))
        .fails(
            2,
            &["rule `team.wasm` cannot be loaded", "limits.memory = 65536"],
        );
    place
        .process(&format!("{two} --limit 1:memory=64KiB"))
        .fails(
            2,
            &["rule `builtin` cannot be loaded", "limits.memory = 65536"],
        );
    // It holds against the limit of all, which may stand behind it.
    place
        .process(&format!(
            "{two} --limit 1:memory=64MiB --limit 2:memory=64MiB --limit memory=64KiB"
        ))
        .well();
    // One of the built-in rule, and one for each batch.
    assert_eq!(links(&place.read("out")).len(), 3);
}

/// The built-in rule cuts at the limit of its own place.
#[test]
fn the_built_in_rule_knows_its_own_limit() {
    let place = Place::with("in.jsonl", traces());
    let two = "in.jsonl -o out --rule builtin --rule builtin --limit";
    let figures = place.figures(&format!("{two} 2:max_links=3"));
    assert_eq!(
        (&figures["links_cut"], &figures["rule_faults"]),
        (&5.into(), &0.into())
    );
}

#[test]
fn a_limit_of_one_rule_that_is_wrong_is_told() {
    let place = place();
    for (limit, part) in [
        (
            "2:memory=1MiB",
            "there is no rule `2`; rules are numbered as they are given, from 1 to 1",
        ),
        ("0:memory=1MiB", "there is no rule `0`"),
        ("x:memory=1MiB", "there is no rule `x`"),
        (":memory=1MiB", "there is no rule ``"),
        (
            "1:links=3",
            "there is no limit `links`; there are max_links, call_time",
        ),
        ("1:memory=5zz", "`5zz` is no size"),
        ("1:memory", "a limit is given as NAME=VALUE"),
    ] {
        place
            .process(&format!("in.jsonl -o out --limit {limit}"))
            .fails(2, &[&format!("--limit {limit}: "), part]);
    }
    assert!(!place.has("out"));
}

/// A pipeline is checked before it runs.
#[test]
fn validate_holds_a_rule_against_its_checksum() {
    let place = place();
    let config = |sum: &str| {
        format!(
            "receivers: {{otlp: {{protocols: {{grpc: }}}}}}
processors:
  linkmend: {{rule: team.wasm, sha256: '{sum}'}}
exporters: {{debug: }}
service:
  pipelines: {{traces: {{receivers: [otlp], processors: [linkmend], exporters: [debug]}}}}
"
        )
    };
    let (found, wanted) = (sum(&shell()), "0".repeat(64));
    place.write("linkmend.yaml", config(&found));
    place.validate("linkmend.yaml").well();
    place.write("linkmend.yaml", config(&wanted));
    let both = format!("team.wasm has the SHA-256 {found}, and {wanted} is wanted");
    place
        .validate("linkmend.yaml")
        .fails(2, &["processors.linkmend.sha256: ", &both]);
}
