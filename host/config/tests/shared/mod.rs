//! The fuzz target of configurations: a function of any bytes, which panics at a
//! fault.

mod same;
mod yaml;

use linkmend_config::{Place, read};
use serde_json::Value;

use super::choices::Choices;

/// Reads a text: as it lies when the first byte is even, otherwise one that looks
/// like a configuration, made of the decisions that the bytes stand for, perhaps
/// with damage. What both readers accept they read the same, and places lie
/// inside of the text.
pub fn config(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let mut text = if first & 1 == 0 {
        String::from_utf8_lossy(rest).into_owned()
    } else {
        let mut choices = Choices::from_bytes(rest);
        let mut text = yaml::document(&mut choices);
        if choices.one_in(2) {
            yaml::damage(&mut text, &mut choices);
        }
        text
    };
    // Whether a block of text ends with a line break that is not there readers see
    // differently: ours says it does.
    if !text.ends_with('\n') {
        text.push('\n');
    }
    check(&text);
}

fn check(text: &str) {
    let ours = read(text);
    match &ours {
        Ok(document) => {
            let value = Value::Object(document.value().clone());
            check_places(text, &value, "", &|path| document.place(path));
            if is_common(text)
                && let Ok(theirs) = yaml_serde::from_str::<yaml_serde::Value>(text)
            {
                same::as_yaml(&value, &theirs, text);
            }
        }
        Err(error) => check_place(text, error.place),
    }
    if let Ok(Value::Object(json)) = serde_json::from_str::<Value>(text) {
        same::as_json(&ours, json, text);
    }
}

/// The other reader does not merge, takes a byte order mark for a character of the
/// first key, and an alias for another one where an anchor is named twice. It has
/// binary numbers, a sign before hexadecimal and octal ones (words in YAML 1.2), and
/// rules of YAML 1.1 for question marks in words and for names of anchors.
fn is_common(text: &str) -> bool {
    let mut anchors = text.split('&').skip(1);
    let is_plain = |name: &str| {
        let name = name.split_whitespace().next().unwrap_or_default();
        name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let are_plain = anchors.next().is_none_or(is_plain) && anchors.next().is_none();
    are_plain
        && !["<<", "\u{feff}", "0b", "-0x", "+0x", "-0o", "+0o", "?"]
            .iter()
            .any(|odd| text.contains(odd))
}

/// Every value has a place.
fn check_places(text: &str, value: &Value, path: &str, of: &dyn Fn(&str) -> Option<Place>) {
    if let Some(place) = of(path) {
        check_place(text, place);
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                check_places(text, value, &format!("{path}.{key}"), of);
            }
        }
        Value::Array(list) => {
            for (number, value) in list.iter().enumerate() {
                check_places(text, value, &format!("{path}[{number}]"), of);
            }
        }
        _ => {}
    }
}

/// Behind the last line at the most.
fn check_place(text: &str, place: Place) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.split('\n');
    let line = lines.nth(place.line.wrapping_sub(1));
    let is_inside = match line {
        Some(line) => (1..=line.chars().count() + 1).contains(&place.column),
        None => place.line == text.split('\n').count() + 1 && place.column == 1,
    };
    assert!(is_inside, "{place} is not in {text:?}");
}
