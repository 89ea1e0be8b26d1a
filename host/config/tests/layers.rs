//! Several files that are one configuration, and the environment in it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use std::env::VarError;

use linkmend_config::{Layers, Node, nearest};
use serde_json::json;

fn env(name: &str) -> Result<String, VarError> {
    match name {
        "PORT" => Ok("4317".into()),
        "MAP" => Ok("{a: [1, x]}".into()),
        "COLON" => Ok("a: b: c".into()),
        "RAW" => Ok("$$${PORT}".into()),
        _ => Err(VarError::NotPresent),
    }
}

#[track_caller]
fn layers(texts: &[&str]) -> Layers {
    let mut layers = Layers::default();
    for text in texts {
        layers.add(text).unwrap();
    }
    layers
}

fn spot(node: &Node, path: &str) -> (usize, usize, usize) {
    let spot = node.find(path);
    (spot.file, spot.place.line, spot.place.column)
}

#[test]
fn a_later_file_holds() {
    let layers = layers(&[
        "a: {b: 1, c: [1, 2]}\nd: {e: 1}\nf: 1\n",
        "f: {g: 1}\na:\n  c: [3]\n",
        "d:\n",
    ]);
    let root = layers.root().unwrap();
    assert_eq!(
        root.to_value(),
        json!({"a": {"b": 1, "c": [3]}, "d": null, "f": {"g": 1}})
    );
    assert_eq!(spot(root, "a.b"), (0, 1, 5));
    assert_eq!(spot(root, "a.c[0]"), (1, 3, 7));
    assert_eq!(spot(root, "d"), (2, 1, 1));
    assert_eq!(spot(root, "f.g"), (1, 1, 5));
    // What is not there stands where it would.
    assert_eq!(spot(root, "a.x.y"), (0, 1, 1));
    assert_eq!(spot(root, "a.c[7]"), (1, 3, 3));
}

#[test]
fn keys_with_dots_are_found() {
    let layers = layers(&["a.b: {c: 1}\na: {x: {c: 2}}\n'a.b.c': [{x.y: 1}]\n"]);
    let root = layers.root().unwrap();
    assert_eq!(spot(root, "a.b.c[0].x.y"), (0, 3, 12));
    assert_eq!(spot(root, "a.b.d"), (0, 1, 1));
}

#[test]
fn the_environment_is_put_in_with_its_place() {
    let mut layers = layers(&[
        "a: ${PORT}\nb: ${MAP}\nc: x${env:PORT}\nd: ${COLON}\ne: ${RAW}\nf: ${X:-${PORT}}\n",
    ]);
    let findings = layers.expand(&env);
    assert!(findings.faults.is_empty() && findings.warnings.is_empty());
    let root = layers.root().unwrap();
    assert_eq!(
        root.to_value(),
        json!({"a": 4317, "b": {"a": [1, "x"]}, "c": "x4317", "d": "a: b: c", "e": "$$${PORT}", "f": 4317})
    );
    assert_eq!(spot(root, "b.a[1]"), (0, 2, 1));
    let expanded = root.get("a").unwrap().expanded.as_ref().unwrap();
    assert_eq!(
        (expanded.source.as_str(), expanded.text.as_str()),
        ("${PORT}", "4317")
    );
    // A tree that is shown has no values.
    assert!(!format!("{root:?}{:?}", root.get("a")).contains("4317"));
}

#[test]
fn two_variables_are_a_text() {
    let mut layers = layers(&["a: ${PORT}${PORT}\nb: $${PORT}\nc: $$\nd: $x\ne: ${X:-$$}\n"]);
    assert!(layers.expand(&env).faults.is_empty());
    assert_eq!(
        layers.root().unwrap().to_value(),
        json!({"a": "43174317", "b": "${PORT}", "c": "$", "d": "$x", "e": "$"})
    );
}

#[test]
fn defaults_in_defaults_have_an_end() {
    let deep = format!("a: '{}{}'\n", "${X:-".repeat(40), "}".repeat(40));
    let mut layers = layers(&[&deep]);
    let findings = layers.expand(&env);
    assert_eq!(
        findings.faults[0].text,
        "`${` lie in each other more than 16 deep"
    );
}

#[test]
fn the_nearest_word_takes_the_fewest_changes() {
    assert_eq!(nearest("endpiont", &["path", "endpoint"]), Some("endpoint"));
    assert_eq!(nearest("x", &[]), None);
    // It was said to be near.
    assert_eq!(nearest("redis", &["otlp", "otlpjsonfile"]), None);
    assert_eq!(nearest("reciever", &["receivers"]), Some("receivers"));
    // Letters that changed places are one change.
    assert_eq!(nearest("oltp", &["otlp"]), Some("otlp"));
    assert_eq!(nearest("olpt", &["otlp"]), None);
}

/// As the Collector has it, for what is given in one line.
#[test]
fn keys_in_one_are_those_of_mappings_in_each_other() {
    let layers = layers(&["a: {b: 1}\na::c: 2\na::d::e: {f::g: 3}\nh: [{i::j: 4}]\n"]);
    let root = layers.root().unwrap();
    assert_eq!(
        root.to_value(),
        json!({"a": {"b": 1, "c": 2, "d": {"e": {"f": {"g": 3}}}}, "h": [{"i": {"j": 4}}]})
    );
    assert_eq!(spot(root, "a.d.e.f.g"), (0, 3, 11));
}

fn lines_of(text: &str) -> Vec<(String, usize)> {
    let mut layers = Layers::default();
    layers.add(text).unwrap();
    let root = layers.root().unwrap();
    let members = root.members().iter();
    members
        .map(|(key, node)| (key.clone(), node.spot.place.line))
        .collect()
}

#[test]
fn configurations_in_resources_are_found_with_their_lines() {
    let mapping = "apiVersion: opentelemetry.io/v1beta1\nkind: OpenTelemetryCollector\nspec:\n  \
                   config:\n    receivers: {a: }\n    service: {}\n";
    let text = "apiVersion: opentelemetry.io/v1alpha1\nkind: OpenTelemetryCollector\nspec:\n  \
                config: |\n\n    receivers: {a: }\n    service: {}\n";
    let data = "apiVersion: v1\nkind: ConfigMap\ndata:\n  other: x\n  relay: |\n    receivers: {a: }\n    \
                service: {}\n";
    let chart = "mode: deployment\nconfig:\n  receivers: {a: }\n  service: {}\n";
    for (given, first) in [(mapping, 5), (text, 6), (data, 6), (chart, 3)] {
        let expected = [
            ("receivers".to_owned(), first),
            ("service".to_owned(), first + 1),
        ];
        assert_eq!(lines_of(given), expected, "{given}");
    }
    // In quotes, its lines are not those of the file.
    let quoted =
        "apiVersion: v1\nkind: ConfigMap\ndata: {relay: \"receivers: {a: }\\nservice: {}\"}\n";
    assert_eq!(lines_of(quoted)[1], ("service".to_owned(), 3));
}

#[test]
fn what_is_wrong_in_a_resource_has_its_line() {
    let bad = "apiVersion: v1\nkind: OpenTelemetryCollector\nspec:\n  config: |\n    receivers: {}\n    \
               receivers: {}\n";
    let error = Layers::default().add(bad).unwrap_err();
    assert_eq!((error.place.line, error.place.column), (6, 5), "{error}");
    for (text, expected) in [
        ("apiVersion: v1\nkind: Service\n", "without a configuration"),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: {a: 'receivers: {}', b: 'service: {}'}\n",
            "several configurations",
        ),
    ] {
        let error = Layers::default().add(text).unwrap_err();
        assert!(error.text.contains(expected), "{error}");
    }
}

#[test]
fn files_are_put_in() {
    let file = std::env::temp_dir().join(format!("linkmend-config-{}", std::process::id()));
    std::fs::write(&file, "s3cret$HOME\n").unwrap();
    let path = file.display();
    let mut layers = Layers::default();
    layers
        .add(&format!("whole: ${{file:{path}}}\npart: a ${{file:{path}}} b\nno: ${{file:/no/such}}\nfolder: ${{file:/}}\n"))
        .unwrap();
    let findings = layers.expand(&|_| Err(VarError::NotPresent));
    std::fs::remove_file(&file).unwrap();
    let root = layers.root().unwrap();
    let text = |key: &str| root.get(key).unwrap().to_value();
    assert_eq!(text("whole"), "s3cret$HOME");
    assert_eq!(text("part"), "a s3cret$HOME b");
    let told: Vec<_> = findings
        .faults
        .iter()
        .map(|fault| (&*fault.path, &*fault.text))
        .collect();
    assert_eq!(told.len(), 2);
    assert!(
        told[0].1.starts_with("cannot read the file `/no/such`: "),
        "{told:?}"
    );
    assert_eq!(
        told[1],
        ("folder", "cannot read the file `/`: it is no file")
    );
}
