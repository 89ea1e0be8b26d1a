//! The configuration, and what the rule asks for.

use linkmend_repair::Repair;
use std::fmt::Write as _;

use linkmend_repair::config::{CONTEXTS, Config, HEADERS, Member, RECIPE, SETTINGS};
use linkmend_rule::{FieldRule, SpanKinds};

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
fn all_that_is_wrong_is_told_at_once() {
    let wrong = r#"{
        "max_link": 3, "ambiguous": "al", "merge_link": true,
        "recipes": [{"atributes": ["a"]}, {"name": "b", "attributes": 1, "scop": []}],
        "link_type_values": {"triggered_by": 1, "trigered_by": "x"}
    }"#;
    let error = Config::read(wrong).unwrap_err();
    let told: Vec<_> = error
        .split("; ")
        .filter_map(|part| part.split_once(": "))
        .collect();
    let mut paths: Vec<_> = told.iter().map(|(path, _)| *path).collect();
    paths.retain(|path| !path.contains(' '));
    let expected = [
        "ambiguous",
        "link_type_values.trigered_by",
        "link_type_values.triggered_by",
        "recipes[0].name",
        "recipes[0].attributes",
        "recipes[0].atributes",
        "recipes[1].attributes",
        "recipes[1].scop",
        "max_link",
        "merge_link",
    ];
    assert_eq!(paths, expected, "{error}");
    assert_eq!(error.matches("all keys: max_links, ").count(), 1, "{error}");
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
fn the_plan_asks_for_what_the_configuration_names() {
    let (_, plan) = Repair::configure(
        r#"{"event_attributes": true, "count_invalid_in_dropped": true,
            "recipes": [{"name": "r", "attributes": ["a", "b"], "scope": ["c"]}],
            "context_attributes": [{"trace_id": "t", "span_id": "s"}],
            "captured_headers": [{"traceparent": "h"}]}"#,
    )
    .unwrap();
    let keys = plan.selector.attribute_keys;
    for name in ["a", "b", "t", "s", "h"] {
        assert!(keys.iter().any(|key| key == name), "{name}");
    }
    let kinds = SpanKinds::CONSUMER | SpanKinds::PRODUCER | SpanKinds::CLIENT;
    assert_eq!(plan.selector.kinds, kinds);
    assert!(plan.count_all_drops);
}

#[test]
fn what_is_wrong_inside_of_a_list_is_named_with_the_way_there() {
    for (config, text) in [
        (
            r#"{"recipes": [{"name": "r", "attributes": ["a"], "rol": "span"}]}"#,
            "recipes[0].rol: unknown key; the nearest is role (all keys: name, attributes, role, kinds, scope)",
        ),
        (
            r#"{"recipes": [{"name": "r", "attributes": ["a"]}, {"name": "s", "attributes": []}]}"#,
            "recipes[1].attributes: an array is not a value it takes; \
             it takes a list of 1 to 8 different attribute names",
        ),
        (
            r#"{"recipes": [{"attributes": ["a"]}]}"#,
            "recipes[0].name: is missing; it takes a name",
        ),
        (
            r#"{"recipes": ["a"]}"#,
            "recipes[0]: \"a\" is not an object",
        ),
        (
            r#"{"recipes": [{"name": "r", "attributes": ["link.type"]}]}"#,
            "recipes[0].attributes: \"link.type\" is what linkmend writes on links itself; \
             it can not identify a message",
        ),
        (
            r#"{"recipes": [{"name": "r", "attributes": ["a"]}, {"name": "r", "attributes": ["a", "b"]}]}"#,
            "recipes[1]: another recipe has the name \"r\" and another number of attributes or of \
             resource attributes; they can never meet",
        ),
        (
            r#"{"context_attributes": [{"trace_id": "t"}]}"#,
            "context_attributes[0].span_id: is missing; it takes an attribute name",
        ),
        (
            r#"{"captured_headers": [{"traceparent": ""}]}"#,
            "captured_headers[0].traceparent: \"\" is not a value it takes; it takes an attribute name",
        ),
        (
            r#"{"link_type_values": {"trigered_by": "x"}}"#,
            "link_type_values.trigered_by: unknown type; the nearest is triggered_by (all types: \
             triggered_by, aggregated_from, follows_from, child_of, retry_of, publish_of, created_by, settles, settled_by, related_to)",
        ),
        (
            r#"{"link_type_values": {"settles": ""}}"#,
            "link_type_values.settles: is not a text",
        ),
    ] {
        assert_eq!(error(config), text, "{config}");
    }
}

#[test]
fn a_rule_has_the_configuration_that_it_was_given() {
    let (rule, _) = Repair::configure(r#"{"max_links": 3}"#).unwrap();
    assert_eq!(rule.config().max_links, 3);
    let config = Config::read(r#"{"max_links": 4}"#).unwrap();
    assert_eq!(Repair::new(config).config().max_links, 4);
}

#[test]
fn as_many_attributes_are_read_as_can_be_numbered() {
    let config = |count: usize| {
        let mut headers = String::new();
        for number in 0..count {
            let comma = if number == 0 { "" } else { "," };
            write!(headers, r#"{comma}{{"traceparent": "h{number}"}}"#).unwrap();
        }
        Config::read(&format!(r#"{{"captured_headers": [{headers}]}}"#))
    };
    assert!(config(500).is_ok());
    for count in [501, 600] {
        let error = config(count).unwrap_err();
        let wanted = format!("name {count} attributes, and at most 500 are read");
        assert!(error.contains(&wanted), "{error}");
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
        ("3h", 10_800_000_000_000),
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
    assert_eq!(plan.selector.kinds, SpanKinds::CONSUMER);
    assert!(!plan.count_all_drops);
    assert_eq!(Repair::describe().name, "repair");
}

/// The rows of a table of the manual.
fn rows<T>(members: &[Member<T>]) -> String {
    let mut rows = String::from("| key | default | values | what it does |\n|---|---|---|---|\n");
    for member in members {
        let default = match member.default {
            "" => "(must be given)".to_owned(),
            default => format!("`{default}`"),
        };
        let Member {
            key,
            values,
            summary,
            ..
        } = member;
        writeln!(rows, "| `{key}` | {default} | {values} | {summary} |").unwrap();
    }
    rows
}

/// `LINKMEND_WRITE_DOCS=1 cargo test -p linkmend-repair the_manual` writes them
/// anew.
#[test]
fn the_manual_has_the_tables_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rule.md");
    let mut manual = std::fs::read_to_string(path).unwrap();
    for (name, rows) in [
        ("settings", rows(SETTINGS)),
        ("captured_headers", rows(HEADERS)),
        ("context_attributes", rows(CONTEXTS)),
        ("recipes", rows(RECIPE)),
    ] {
        let (begin, end) = (format!("<!-- {name} -->\n"), "<!-- end -->\n");
        let start = manual.find(&begin).unwrap() + begin.len();
        let length = manual[start..].find(end).unwrap();
        if std::env::var_os("LINKMEND_WRITE_DOCS").is_some() {
            manual.replace_range(start..start + length, &rows);
        }
        let table = &manual[start..start + manual[start..].find(end).unwrap()];
        assert_eq!(
            table, rows,
            "docs/rule.md: the table {name} is not that of the code"
        );
    }
    if std::env::var_os("LINKMEND_WRITE_DOCS").is_some() {
        std::fs::write(path, manual).unwrap();
    }
}

#[test]
fn one_letter_amiss_leaves_the_key_the_nearest() {
    for setting in SETTINGS {
        let key = setting.key;
        assert!(format!("{setting:?}").contains(key));
        for place in 0..=key.len() {
            let (before, after) = key.split_at(place);
            let rest = after.get(1..).unwrap_or_default();
            for typed in [
                format!("{before}{rest}"),
                format!("{before}q{after}"),
                format!("{before}qq{after}"),
                format!("{before}q{rest}"),
            ] {
                if typed == key {
                    continue;
                }
                let error = error(&format!(r#"{{"{typed}": 1}}"#));
                let wanted = format!("{typed}: unknown key; the nearest is {key} (");
                assert!(error.starts_with(&wanted), "{error}");
            }
        }
    }
}
