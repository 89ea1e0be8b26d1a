//! The rule, in a plain `cargo test`.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use linkmend_rule::testing::{LinkBuilder, SpanBuilder, TestHost, TracesBuilder};

use super::TeamTypes;

/// What the table says of the links of a consumer of the service `billing`.
fn links(config: &str, links: impl IntoIterator<Item = LinkBuilder>) -> Vec<String> {
    let span = SpanBuilder::consumer(10)
        .in_trace(99)
        .parent(5)
        .attribute("queue", "invoices.eu")
        .attribute("attempt", 2);
    let span = links.into_iter().fold(span, SpanBuilder::link);
    let batch = TracesBuilder::new().service("billing").span(span).build();
    TestHost::<TeamTypes>::new(config).mend(&batch).links(10)
}

fn table(lines: &str) -> String {
    format!(r#"{{"types": [{lines}]}}"#)
}

/// The first line that fits gives the type; a link that has one keeps it.
#[test]
fn the_first_line_that_fits_holds() {
    let config = table(
        r#"{"type": "retry_of", "link": {"retry": true}},
           {"type": "triggered_by", "target": "other_trace"},
           {"type": "related_to"}"#,
    );
    let made = links(
        &config,
        [
            LinkBuilder::to(1).attribute("retry", true),
            LinkBuilder::to(2).attribute("retry", false),
            LinkBuilder::to(3).in_trace(99),
            LinkBuilder::to(4).attribute("link.type", "settles"),
        ],
    );
    assert_eq!(
        made,
        [
            "1 retry=true link.type=retry_of",
            "2 retry=false link.type=triggered_by",
            "99/3 link.type=related_to",
            "4 link.type=settles",
        ]
    );
}

/// Conditions on the span: attributes with an ending, numbers, kind, service.
#[test]
fn all_conditions_must_hold() {
    let typed = |condition: &str| {
        let config = table(&format!(r#"{{"type": "t", {condition}}}"#));
        links(&config, [LinkBuilder::to(1)]) == ["1 link.type=t"]
    };
    assert!(typed(r#""span": {"queue": "invoices.*"}"#));
    assert!(typed(r#""span": {"queue": "*", "attempt": 2}"#));
    assert!(!typed(r#""span": {"queue": "invoices"}"#));
    assert!(!typed(r#""span": {"attempt": "2"}"#));
    assert!(!typed(r#""span": {"nothing": "*"}"#));
    assert!(typed(
        r#""kind": ["server", "consumer"], "service": "bill*"}"#.trim_end_matches('}')
    ));
    assert!(!typed(r#""kind": "server""#));
    assert!(!typed(r#""service": ["orders", "web"]"#));
    assert!(!typed(r#""kind": "consumer", "service": "orders""#));
    assert!(!typed(r#""link": {"retry": "*"}"#));
}

/// A link to the span's own parent.
#[test]
fn links_to_the_parent_are_told_apart() {
    let config = table(r#"{"type": "child_of", "target": "parent"}"#);
    let made = links(
        &config,
        [LinkBuilder::to(5).in_trace(99), LinkBuilder::to(5)],
    );
    assert_eq!(made, ["99/5 link.type=child_of", "5"]);
}

/// Another attribute than `link.type`.
#[test]
fn the_attribute_is_configured() {
    let config = r#"{"attribute": "acme.why", "types": [{"type": "t"}]}"#;
    let link = LinkBuilder::to(1).attribute("link.type", "settles");
    assert_eq!(links(config, [link]), ["1 link.type=settles acme.why=t"]);
}

/// What is wrong is named, and what would be right.
#[test]
fn wrong_configurations_are_refused() {
    let error = |config: &str| TestHost::<TeamTypes>::try_new(config).unwrap_err();
    assert!(error(r#"{"type": []}"#).contains("unknown field `type`, expected"));
    assert!(error(&table(r#"{"kind": "server"}"#)).contains("missing field `type`"));
    let unknown = error(&table(r#"{"type": "t", "kind": "job"}"#));
    assert!(
        unknown.contains("types[0].kind: \"job\" is no kind; it is"),
        "{unknown}"
    );
    let first = error(&table(r#"{"type": "t"}, {"type": "u", "kind": "server"}"#));
    assert!(first.contains("types[0]: it fits every link"), "{first}");
    let target = error(&table(r#"{"type": "t", "target": "child"}"#));
    assert!(
        target.contains("unknown variant `child`, expected one of `same_trace`"),
        "{target}"
    );
    assert!(target.starts_with("types[0].target: "), "{target}");
    let pattern = error(&table(r#"{"type": "t", "link": {"a": 0.5}}"#));
    assert_eq!(
        pattern,
        "types[0].link.a: expected a text, an integer or a boolean"
    );
    assert!(error(r#"{"attribute": ""}"#).contains("leave it away"));
}
