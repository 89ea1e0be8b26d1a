//! The configuration, and what the rule asks for.

use linkmend_repair::Repair;
use linkmend_repair::config::{Config, SETTINGS};
use linkmend_rule::BatchRule;

fn error(config: &str) -> String {
    Config::read(config).unwrap_err()
}

#[test]
fn nothing_is_the_default() {
    for nothing in ["", " ", "{}"] {
        assert_eq!(Config::read(nothing), Ok(Config::default()));
    }
    let default = Config::default();
    assert_eq!(default.max_links, 128);
    assert_eq!(default.clock_skew, 5_000_000_000);
    assert_eq!(default.type_attribute, "link.type");
    assert_eq!(default.provenance_attribute, "link.repaired");
}

#[test]
fn the_defaults_of_the_table_are_read() {
    for setting in SETTINGS {
        let config = format!("{{\"{}\": {}}}", setting.key, setting.default);
        assert_eq!(Config::read(&config), Ok(Config::default()), "{config}");
    }
}

#[test]
fn an_unknown_key_is_named_with_the_nearest() {
    let error = error(r#"{"max_link": 1}"#);
    assert!(error.starts_with("max_link: unknown key; the nearest is max_links (all keys: "));
}

#[test]
fn a_bad_value_is_named_with_what_the_key_takes() {
    assert_eq!(
        error(r#"{"invalid_links": "delete"}"#),
        "invalid_links: \"delete\" is not a value it takes; it takes \"drop\", \"drop_bare\", \"keep\""
    );
    for bad in [
        r#"{"max_links": -1}"#,
        r#"{"max_links": 4294967296}"#,
        r#"{"max_links": 1.5}"#,
        r#"{"link_to_parent": "yes"}"#,
        r#"{"same_trace": true}"#,
        r#"{"ambiguous": "any"}"#,
        r#"{"clock_skew": 5}"#,
        r#"{"clock_skew": "5"}"#,
        r#"{"clock_skew": "five s"}"#,
        r#"{"clock_skew": "99999999999999999999s"}"#,
        r#"{"link_type_attribute": "messaging.system"}"#,
        r#"{"provenance_attribute": "link.type"}"#,
        "[]",
        "{",
    ] {
        assert!(Config::read(bad).is_err(), "{bad}");
    }
}

#[test]
fn durations() {
    for (text, nanos) in [
        ("0s", 0),
        ("5ns", 5),
        ("7us", 7_000),
        ("500ms", 500_000_000),
        ("2m", 120_000_000_000),
    ] {
        let config = Config::read(&format!("{{\"clock_skew\": \"{text}\"}}")).unwrap();
        assert_eq!(config.clock_skew, nanos);
    }
}

#[test]
fn the_plan_asks_for_spans_that_name_messages_or_have_links() {
    let (_, plan) = Repair::configure(r#"{"link_type_attribute": "why"}"#).unwrap();
    assert!(plan.uses_index && plan.selector.with_links);
    assert_eq!(plan.type_attribute, "why");
    let keys = plan.selector.attribute_keys;
    assert!(keys.iter().any(|key| key == "messaging.message.id"));
    assert_eq!(Repair::describe().name, "repair");
}

#[test]
fn the_manual_has_every_key_as_the_code_has_it() {
    let manual = include_str!("../../../../docs/rule.md");
    for setting in SETTINGS {
        let (key, default) = (setting.key, setting.default);
        let row = format!(
            "| `{key}` | `{default}` | {} | {} |",
            setting.values, setting.summary
        );
        assert!(manual.contains(&row), "docs/rule.md lacks this row:\n{row}");
    }
}
