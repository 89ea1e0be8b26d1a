//! Golden traces, compared link by link.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::toolchains::Example;

/// The links of each span, by its name and id.
pub type Links = BTreeMap<String, Vec<String>>;

/// The links in OTLP/JSON lines.
pub fn links(lines: &[u8]) -> Links {
    lines_of(lines)
        .iter()
        .flat_map(spans)
        .map(of_span)
        .collect()
}

fn lines_of(lines: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(lines).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn spans(line: &Value) -> impl Iterator<Item = &Value> {
    let resources = line["resourceSpans"].as_array().unwrap().iter();
    resources
        .flat_map(|resource| resource["scopeSpans"].as_array().unwrap())
        .flat_map(|scope| scope["spans"].as_array().unwrap())
}

fn of_span(span: &Value) -> (String, Vec<String>) {
    let name = format!("{} {} {}", span["name"], span["traceId"], span["spanId"]);
    let links = span["links"].as_array();
    let links = links.map(|links| links.iter().map(of_link).collect());
    (name, links.unwrap_or_default())
}

fn of_link(link: &Value) -> String {
    let ids = format!("{} {}", link["traceId"], link["spanId"]);
    format!("{ids} {} {}", link["flags"], link["attributes"])
}

/// Runs a rule on each of its cases.
pub fn all_of(example: &Example) {
    let mut count = 0;
    for entry in std::fs::read_dir(example.path("tests")).unwrap() {
        let case = entry.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        count += 1;
        let name = case.display();
        let wanted = std::fs::read(case.join("after.jsonl")).unwrap();
        let made = example.process(&case.join("before.jsonl"));
        assert_eq!(links(&made), links(&wanted), "{name}");
        // And nothing else has changed.
        assert_eq!(lines_of(&made), lines_of(&wanted), "{name}");
        // linkmend over its own output changes nothing.
        let again = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(again.path(), &made).unwrap();
        assert_eq!(example.process(again.path()), made, "{name}");
    }
    assert!(count >= 2, "{} has {count} cases", example.name);
}
