//! Whether readers read the same.

use linkmend_config::{ConfigError, Document};
use serde_json::{Map, Number, Value};
use yaml_serde::Value as Yaml;

/// A YAML value, as another reader has it, which knows YAML 1.1 better.
#[track_caller]
pub(super) fn as_yaml(ours: &Value, theirs: &Yaml, text: &str) {
    let is_same = match (ours, theirs) {
        (Value::Null, Yaml::Null) => true,
        // A document without anything is one without keys.
        (Value::Object(map), Yaml::Null) => map.is_empty(),
        (Value::Bool(ours), Yaml::Bool(theirs)) => ours == theirs,
        (Value::String(ours), Yaml::String(theirs)) => ours == theirs,
        (Value::Number(ours), Yaml::Number(theirs)) => is_same_number(ours, theirs),
        // YAML 1.1 has octal numbers with a zero first, and has others as text.
        (Value::Number(ours), Yaml::String(theirs)) => is_padded(ours, theirs),
        (Value::Array(ours), Yaml::Sequence(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{text:?}");
            for (ours, theirs) in ours.iter().zip(theirs) {
                as_yaml(ours, theirs, text);
            }
            true
        }
        (Value::Object(ours), Yaml::Mapping(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{text:?}");
            for (key, value) in ours {
                let theirs = theirs.get(key.as_str());
                let theirs = theirs.unwrap_or_else(|| panic!("no {key:?} in {text:?}"));
                as_yaml(value, theirs, text);
            }
            true
        }
        _ => false,
    };
    assert!(is_same, "{ours:?}, not {theirs:?}, in {text:?}");
}

fn is_same_number(ours: &Number, theirs: &yaml_serde::Number) -> bool {
    if let Some(ours) = ours.as_u64() {
        return theirs.as_u64() == Some(ours);
    }
    if let Some(ours) = ours.as_i64() {
        return theirs.as_i64() == Some(ours);
    }
    let bits = |number: Option<f64>| number.map(f64::to_bits);
    bits(ours.as_f64()) == bits(theirs.as_f64())
}

fn is_padded(ours: &Number, theirs: &str) -> bool {
    let unsigned = theirs.trim_start_matches(['-', '+']);
    let number = theirs.trim_start_matches('+').parse::<f64>();
    unsigned.starts_with('0') && number.ok() == ours.as_f64()
}

/// JSON is read as JSON: what only JSON allows is an error, never another value.
#[track_caller]
pub(super) fn as_json(ours: &Result<Document, ConfigError>, json: Map<String, Value>, text: &str) {
    if let Ok(document) = ours {
        let (ours, theirs) = (Value::Object(document.value().clone()), Value::Object(json));
        assert!(
            is_same_json(&ours, &theirs),
            "{ours}, not {theirs}, in {text:?}"
        );
    }
}

fn is_same_json(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| is_same_json(a, b))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, value)| {
                    let theirs = theirs.get(key);
                    theirs.is_some_and(|theirs| is_same_json(value, theirs))
                })
        }
        // `1e3` is a number of either kind.
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        _ => ours == theirs,
    }
}
