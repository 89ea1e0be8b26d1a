//! OTLP/JSON in the spellings that are read: keys in snake case, ids in base64,
//! names of before OTLP 0.15, keys that nobody knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::shared::choices::Choices;

/// What is spelled in another way.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a decision of its own"
)]
struct Spelling {
    snake: bool,
    base64_ids: bool,
    old_names: bool,
    unknown_keys: bool,
}

/// The same text in another spelling.
pub fn respell(text: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    let value: Value = serde_json::from_slice(text).unwrap();
    let spelling = Spelling {
        snake: choices.one_in(2),
        base64_ids: choices.one_in(3),
        old_names: choices.one_in(3),
        unknown_keys: choices.one_in(2),
    };
    let value = spelling.value(value, choices);
    if choices.one_in(2) {
        serde_json::to_vec_pretty(&value).unwrap()
    } else {
        serde_json::to_vec(&value).unwrap()
    }
}

impl Spelling {
    fn value(&self, value: Value, choices: &mut Choices<'_>) -> Value {
        match value {
            Value::Array(items) => {
                let items = items.into_iter();
                Value::Array(items.map(|item| self.value(item, choices)).collect())
            }
            Value::Object(members) => Value::Object(self.object(members, choices)),
            other => other,
        }
    }

    fn object(&self, members: Map<String, Value>, choices: &mut Choices<'_>) -> Map<String, Value> {
        let mut out = Map::new();
        if self.unknown_keys && choices.one_in(4) {
            let unknown = choices.pick(&[
                json!("x"),
                json!({"links": [1, {}]}),
                json!([[null], "}]"]),
                json!(-0.5),
            ]);
            // No spans could be lost behind a scalar; behind the others neither,
            // where the object has its own.
            let has_spans = ["resourceSpans", "scopeSpans", "spans"];
            let is_inner = !has_spans.iter().any(|key| members.contains_key(*key));
            let holds = members.contains_key("resource") || members.contains_key("scope");
            if !(is_inner && (holds || members.is_empty())) {
                out.insert("unknownKey".to_owned(), unknown);
            }
        }
        for (key, value) in members {
            let value = match key.as_str() {
                "traceId" | "spanId" | "parentSpanId" if self.base64_ids => base64(value),
                _ => self.value(value, choices),
            };
            out.insert(self.key(&key), value);
        }
        out
    }

    fn key(&self, key: &str) -> String {
        let key = match key {
            "scopeSpans" if self.old_names => "instrumentationLibrarySpans",
            "scope" if self.old_names => "instrumentationLibrary",
            key => key,
        };
        if !self.snake {
            return key.to_owned();
        }
        key.chars()
            .flat_map(|char| {
                let break_before = char.is_ascii_uppercase().then_some('_');
                break_before.into_iter().chain([char.to_ascii_lowercase()])
            })
            .collect()
    }
}

/// An id in base64, where that can be told from hex.
fn base64(value: Value) -> Value {
    let Some(hex) = value.as_str() else {
        return value;
    };
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let text = STANDARD.encode(bytes);
    if text.ends_with('=') {
        Value::String(text)
    } else {
        value
    }
}
