//! Batches as large as pipelines have them, under the default limits: an
//! interpreter takes more memory and time for a span than a compiled rule.

use std::fmt::Write as _;

use crate::cases;
use crate::toolchains::{database_context, event_fan_out};

/// What a batch processor sends at most, by default.
const SPANS: usize = 8192;

fn batch(spans: impl Iterator<Item = String>) -> tempfile::NamedTempFile {
    let spans: Vec<String> = spans.collect();
    let text = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text + "\n").unwrap();
    file
}

fn span(number: usize, kind: u8, attributes: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (key, value) in attributes {
        let comma = if text.is_empty() { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#
        )
        .unwrap();
    }
    let id = number + 1;
    format!(
        r#"{{"traceId":"{id:032x}","spanId":"{id:016x}","name":"work","kind":{kind},"startTimeUnixNano":"1760000000000000000","attributes":[{text}]}}"#
    )
}

fn linked(made: &[u8]) -> usize {
    let links = cases::links(made);
    links.values().filter(|links| links.len() == 1).count()
}

#[test]
fn a_rule_in_python_takes_large_batches() {
    let Some(example) = database_context() else {
        return;
    };
    let file = batch((0..SPANS).map(|number| {
        let row = number + SPANS;
        let ids = [
            ("db.row.trace_id", format!("{row:032x}")),
            ("db.row.span_id", format!("{row:016x}")),
        ];
        span(number, 1, &ids)
    }));
    assert_eq!(linked(&example.process(file.path())), SPANS);
}

#[test]
fn a_rule_in_javascript_takes_large_batches() {
    let Some(example) = event_fan_out() else {
        return;
    };
    let file = batch((0..SPANS).map(|number| {
        let kind = if number % 2 == 0 { 4 } else { 5 };
        let event = [("event.id", format!("event-{}", number / 2))];
        span(number, kind, &event)
    }));
    assert_eq!(linked(&example.process(file.path())), SPANS / 2);
}
