//! What is read of a configuration, and what is told of one that is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use std::fmt::Write as _;

use linkmend_config::{Place, read};
use serde_json::{Value, json};

#[track_caller]
fn value(text: &str) -> Value {
    let document = read(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Value::Object(document.into_value())
}

#[track_caller]
fn error(text: &str) -> String {
    match read(text) {
        Ok(document) => panic!("it was read: {text:?}: {document:?}"),
        Err(error) => error.to_string(),
    }
}

const YAML: &str = "\
# What the team agreed on.
max_links: 64
clock_skew: 5s
invalid_links: \"keep\"
link_to_parent: true
environment_attributes: []
link_type_values: {triggered_by: caused_by}
recipes:
  - name: report
    attributes: [report.request_id, 'it''s']
    summary: >-
      two
      lines
  -
    name: job
    scope: ~
";

fn expected() -> Value {
    json!({
        "max_links": 64,
        "clock_skew": "5s",
        "invalid_links": "keep",
        "link_to_parent": true,
        "environment_attributes": [],
        "link_type_values": {"triggered_by": "caused_by"},
        "recipes": [
            {"name": "report", "attributes": ["report.request_id", "it's"], "summary": "two lines"},
            {"name": "job", "scope": null}
        ]
    })
}

#[test]
fn yaml_becomes_json() {
    assert_eq!(value(YAML), expected());
    assert_eq!(value(&YAML.replace('\n', "\r\n")), expected());
    assert_eq!(value(&format!("\u{feff}---\n{YAML}...\n")), expected());
}

#[test]
fn json_is_read_in_every_layout() {
    let pretty = serde_json::to_string_pretty(&expected()).unwrap();
    assert_eq!(value(&expected().to_string()), expected());
    assert_eq!(value(&pretty), expected());
    assert_eq!(value(&pretty.replace("  ", "\t")), expected());
    assert_eq!(
        value("{\"a\":\"\\u00e9\\/\\n\\\"\\\\\",\"b\":[-1,1.5,2e3,null,\"true\"]}"),
        json!({"a": "\u{e9}/\n\"\\", "b": [-1, 1.5, 2000.0, null, "true"]})
    );
    assert_eq!(
        value(r#"{"a": "\\ud83d \ud83D\uDe00\u00e9\n", "b": 1}"#),
        json!({"a": "\\ud83d \u{1f600}\u{e9}\n", "b": 1})
    );
    // A key twice is found there too.
    assert_eq!(
        error("{\"a\": \"\\ud83d\\ude00\",\n\"a\": 1}"),
        "line 2, column 1: the key `a` is given a second time"
    );
}

#[test]
fn words_mean_what_the_core_schema_says() {
    for (text, expected) in [
        ("", json!(null)),
        ("Null", json!(null)),
        ("TRUE", json!(true)),
        ("False", json!(false)),
        ("yes", json!("yes")),
        ("off", json!("off")),
        ("0", json!(0)),
        ("-7", json!(-7)),
        ("+7", json!(7)),
        ("007", json!(7)),
        ("0x1f", json!(31)),
        ("0o17", json!(15)),
        ("18446744073709551615", json!(u64::MAX)),
        ("1.50", json!(1.5)),
        (".5", json!(0.5)),
        ("1e3", json!(1000.0)),
        ("1_000", json!("1_000")),
        ("0x", json!("0x")),
        ("1.2.3", json!("1.2.3")),
        ("5s", json!("5s")),
        ("inf", json!("inf")),
        ("nan", json!("nan")),
        ("2024-01-01", json!("2024-01-01")),
        ("'12'", json!("12")),
        ("\"null\"", json!("null")),
    ] {
        assert_eq!(value(&format!("key: {text}\n")), json!({"key": expected}));
    }
}

#[test]
fn a_text_without_content_is_an_empty_mapping() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "---\n",
        "--- # one\n...\n",
        "{}",
    ] {
        assert_eq!(value(text), json!({}), "{text:?}");
    }
}

#[test]
fn every_key_has_its_place() {
    let document = read(YAML).unwrap();
    for (path, line, column) in [
        ("max_links", 2, 1),
        ("recipes", 8, 1),
        ("recipes[0]", 9, 5),
        ("recipes[0].attributes", 10, 5),
        ("recipes[0].attributes[1]", 10, 37),
        ("recipes[1].scope", 16, 5),
        ("link_type_values.triggered_by", 7, 20),
        // What is not there stands where it would.
        ("recipes[1].attributes", 15, 5),
        ("recipes[7].name", 8, 1),
        ("link_type_values.settles", 7, 1),
    ] {
        let place = document.place(path);
        assert_eq!(place, Some(Place { line, column }), "{path}");
    }
    for path in ["", "max_lynx", "nothing.at.all", "[0]", "max_links2"] {
        assert_eq!(document.place(path), None, "{path}");
    }
}

#[test]
fn what_json_cannot_say_is_told_with_its_place() {
    for (text, expected) in [
        ("a: 1\n? [b]\n: 2\n", "line 2, column 3: a key must be text, and this is a list or a mapping".to_owned()),
        ("a: 1\n7: 2\n", "line 2, column 1: a key must be text, and this is a number; put it in quotes".into()),
        ("true: 2\n", "line 1, column 1: a key must be text, and this is true or false; put it in quotes".into()),
        ("~: 2\n", "line 1, column 1: a key must be text, and this is nothing; put it in quotes".into()),
        ("a: !!int '1'\n", "line 1, column 4: tags (`!!int`) are not read here".into()),
        ("a: !env HOME\n", "line 1, column 4: tags (`!env`) are not read here".into()),
        ("a: .inf\n", "line 1, column 4: `.inf` is a number that JSON does not have".into()),
        ("a: -.INF\n", "line 1, column 4: `-.INF` is a number that JSON does not have".into()),
        ("a: .nan\n", "line 1, column 4: `.nan` is a number that JSON does not have".into()),
        ("a: 18446744073709551616\n", "line 1, column 4: the number `18446744073709551616` is too large; put it in quotes if it is meant as text".into()),
        ("a: 1e999\n", "line 1, column 4: the number `1e999` is too large; put it in quotes if it is meant as text".into()),
        ("a: &x [*x]\n", "line 1, column 8: this alias stands inside of the value that it names".into()),
        ("a: 1\nc:\n  <<: 2\n", "line 3, column 3: `<<` merges a mapping, or a list of some, and this is a number".into()),
        ("c:\n  <<: [{a: 1}, 2]\n", "line 2, column 3: `<<` merges a mapping, or a list of some, and this is a number".into()),
    ] {
        assert_eq!(error(text), expected, "{text:?}");
    }
}

/// The parser counts the bytes of directives and comments.
#[test]
fn a_place_behind_letters_of_several_bytes_is_in_its_line() {
    for (text, expected) in [
        (
            "%\u{e9}\u{e9}*\0\n",
            "line 1, column 6: found unprintable character",
        ),
        (
            "a: [1 # \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
            "line 2, column 1: while parsing a flow sequence, expected ',' or ']'",
        ),
        (
            "a: 1\r\n...\r\n%\u{20ac}\u{20ac}\u{20ac} x\r\nb: [",
            "line 4, column 1: did not find expected <document start>",
        ),
    ] {
        assert_eq!(error(text), expected, "{text:?}");
    }
}

#[test]
fn a_key_given_twice_is_told_with_its_place() {
    for (text, expected) in [
        (
            "a: 1\nb: 2\na: 3\n",
            "line 3, column 1: the key `a` is given a second time",
        ),
        (
            "a:\n  b: 1\n  \"b\": 1\n",
            "line 3, column 3: the key `b` is given a second time",
        ),
        (
            "{\"a\": 1,\n \"a\": 1}",
            "line 2, column 2: the key `a` is given a second time",
        ),
    ] {
        assert_eq!(error(text), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_mapping_is_told() {
    for (text, expected) in [
        (
            "max_links = 3",
            "line 1, column 1: it is a text, not a mapping of keys to values",
        ),
        (
            "\n[]",
            "line 2, column 1: it is a list, not a mapping of keys to values",
        ),
        (
            "- a: 1\n",
            "line 1, column 1: it is a list, not a mapping of keys to values",
        ),
        (
            "7",
            "line 1, column 1: it is a number, not a mapping of keys to values",
        ),
        (
            "null",
            "line 1, column 1: it is nothing, not a mapping of keys to values",
        ),
        (
            "a: 1\n---\nb: 1\n",
            "line 2, column 1: a second document begins; only one is read",
        ),
    ] {
        assert_eq!(error(text), expected, "{text:?}");
    }
}

#[test]
fn what_is_neither_yaml_nor_json_is_told_with_its_place() {
    for (text, place) in [
        ("a: 1\n b: 2\n", "line 2, column 3: "),
        ("a: [1, 2\n", "line 2, column 1: "),
        ("a: \"open\n", "line 1, column 4: "),
        ("{\"a\": 1,, \"b\": 2}", "line 1, column 9: "),
        ("a: b: c\n", "line 1, column 5: "),
        ("a:\n\tb: 1\n", "line 2, column "),
        ("a: @b\n", "line 1, column 4: "),
    ] {
        let error = error(text);
        assert!(error.starts_with(place), "{text:?}: {error}");
        assert!(error.len() > place.len() + 5, "{text:?}: {error}");
    }
}

#[test]
fn values_that_lie_too_deep_are_refused() {
    let deep = |depth: usize| format!("a: {}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&deep(60)).is_ok());
    assert!(error(&deep(100)).ends_with("values lie in each other more than 64 deep"));
    assert!(read(&deep(100_000)).is_err());
    assert!(read(&"a: {".repeat(50_000)).is_err());
    assert!(read(&"- ".repeat(50_000)).is_err());
}

/// Every prefix of a configuration, and every one with a byte changed, is read
/// or refused; none makes the reader loop or panic.
#[test]
fn damaged_texts_are_read_or_refused() {
    for text in [
        "{---", "{...", "[---", "*", "&", "? ", "!", "%", "a: |9\n", "\u{0}",
    ] {
        let _ = read(text);
    }
    let json = serde_json::to_string_pretty(&expected()).unwrap();
    for text in [YAML, &json] {
        for end in 0..text.len() {
            let _ = read(&text[..end]);
        }
        for at in 0..text.len() {
            for byte in [
                b'{', b'[', b'"', b'\'', b'\n', b'\t', b':', b'-', b'#', b'&', b'*', b'!', b'|',
                b'%',
            ] {
                let mut damaged = text.as_bytes().to_vec();
                damaged[at] = byte;
                let _ = read(std::str::from_utf8(&damaged).unwrap());
            }
        }
    }
}

#[test]
fn aliases_are_what_they_name_and_stand_where_that_does() {
    let text = "\
base: &base
  endpoint: &where localhost:4317
  tls: {insecure: true}
list: [&one 1, *one, *where]
copy: *base
*where : as a key
";
    let document = read(text).unwrap();
    let value = document.value();
    assert_eq!(value["copy"], value["base"]);
    assert_eq!(value["list"], serde_json::json!([1, 1, "localhost:4317"]));
    assert_eq!(value["localhost:4317"], "as a key");
    let line = |path| document.place(path).map(|place| place.line);
    assert_eq!(line("copy"), Some(5));
    assert_eq!(line("copy.tls.insecure"), Some(3));
    assert_eq!(line("base.tls.insecure"), Some(3));
}

#[test]
fn merge_keys_add_what_is_not_given() {
    let text = "\
one: &one {a: 1, b: {c: 2}}
two: &two {a: 10, d: 11}
x:
  a: 100
  <<: *one
y: {<<: [*one, *two], e: 5}
z: {<<: {f: 6}}
quoted: {\"<<\": 7}
";
    let document = read(text).unwrap();
    let value = document.value();
    assert_eq!(value["x"], serde_json::json!({"a": 100, "b": {"c": 2}}));
    assert_eq!(
        value["y"],
        serde_json::json!({"a": 1, "b": {"c": 2}, "d": 11, "e": 5})
    );
    assert_eq!(value["z"], serde_json::json!({"f": 6}));
    assert_eq!(value["quoted"], serde_json::json!({"<<": 7}));
    let line = |path| document.place(path).map(|place| place.line);
    assert_eq!(line("x.a"), Some(4));
    assert_eq!(line("x.b.c"), Some(1));
    assert_eq!(line("y.d"), Some(2));
}

/// A hundred lines that would be more than all memory: ten aliases each of what
/// is ten aliases of the line before; and a long text, named often.
#[test]
fn aliases_cannot_make_more_than_a_bound() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for line in 1..60 {
        let aliases = vec![format!("*a{}", line - 1); 10].join(", ");
        writeln!(text, "a{line}: &a{line} [{aliases}]").unwrap();
    }
    let error = read(&text).unwrap_err();
    assert!(error.text.contains("more than 16 MiB"), "{}", error.text);
    let long = "x".repeat(100_000);
    let aliases = vec!["*long"; 1000].join(", ");
    let text = format!("long: &long {long}\nall: [{aliases}]\n");
    let error = read(&text).unwrap_err();
    assert!(error.text.contains("more than 16 MiB"), "{}", error.text);
    let deep = (1..40).fold("a0: &a0 {k: {k: 1}}\n".to_owned(), |text, line| {
        text + &format!("a{line}: &a{line} {{k: {{k: *a{}}}}}\n", line - 1)
    });
    let error = read(&deep).unwrap_err();
    assert!(error.text.contains("more than 64 deep"), "{}", error.text);
}
