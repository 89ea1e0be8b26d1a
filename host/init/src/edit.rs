//! Edits of a YAML text.

use std::fmt::Write as _;
use std::ops::Range;

use linkmend_config::Part;
use serde_json::Value;

/// Some bytes of a text, and what is to stand in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) bytes: Range<usize>,
    pub(crate) text: String,
}

/// The text with all edits made, which do not overlap. Those at one place come in
/// the order in which they are given.
pub(crate) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.bytes.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for Edit { bytes, text: new } in edits {
        out.push_str(text.get(done..bytes.start).unwrap_or_default());
        out.push_str(&new);
        done = bytes.end.max(done);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// The byte behind the colon of a key.
pub(crate) fn behind_colon(text: &str, key: &Range<usize>) -> usize {
    let rest = text.get(key.end..).unwrap_or_default();
    key.end + rest.find(':').map_or(0, |colon| colon + 1)
}

/// Where the line of a byte begins.
pub(crate) fn line_start(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or_default();
    before.rfind('\n').map_or(0, |at| at + 1)
}

/// Where the line behind that of a byte begins, and whether the text ends before.
pub(crate) fn next_line(text: &str, byte: usize) -> (usize, bool) {
    let rest = text.get(byte..).unwrap_or_default();
    match rest.find('\n') {
        Some(at) => (byte + at + 1, false),
        None => (text.len(), true),
    }
}

/// How far the text before a byte is indented.
pub(crate) fn column(text: &str, byte: usize) -> usize {
    text.get(line_start(text, byte)..byte)
        .map_or(0, |before| before.chars().count())
}

/// Adds a member to a mapping, before the others.
pub(crate) fn add_member(
    text: &str,
    key: &Range<usize>,
    section: &Part,
    (name, value, comment): (&str, &Value, &str),
) -> Edit {
    if section.is_flow {
        let at = section.bytes.start + 1;
        let comma = if section.members().is_empty() {
            ""
        } else {
            ", "
        };
        return Edit {
            bytes: at..at,
            text: format!("{}: {value}{comma}", Value::from(name)),
        };
    }
    let first = section.members().first();
    let indent = first.map_or(column(text, key.start) + 2, |(_, key, _)| {
        column(text, key.start)
    });
    let mut lines = String::new();
    for line in comment.lines() {
        let _ = writeln!(lines, "{:indent$}# {line}", "");
    }
    block(&mut lines, name, value, indent);
    let (at, is_end) = next_line(text, behind_colon(text, key));
    Edit {
        bytes: at..at,
        text: if is_end { format!("\n{lines}") } else { lines },
    }
}

/// Writes a member in lines.
pub(crate) fn block(out: &mut String, name: &str, value: &Value, indent: usize) {
    let key = scalar(&Value::from(name));
    match value {
        Value::Object(members) if !members.is_empty() => {
            let _ = writeln!(out, "{:indent$}{key}:", "");
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name != "endpoint");
            for (name, value) in members {
                block(out, name, value, indent + 2);
            }
        }
        Value::Array(elements) if elements.iter().all(Value::is_string) => {
            let elements: Vec<_> = elements.iter().map(scalar).collect();
            let _ = writeln!(out, "{:indent$}{key}: [{}]", "", elements.join(", "));
        }
        Value::Null => {
            let _ = writeln!(out, "{:indent$}{key}:", "");
        }
        other => {
            let _ = writeln!(out, "{:indent$}{key}: {}", "", scalar(other));
        }
    }
}

/// A value in one line: JSON, or a word that needs no quotes.
pub(crate) fn scalar(value: &Value) -> String {
    let plain = |text: &&str| {
        let mut characters = text.chars();
        characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
            && characters
                .all(|character| character.is_ascii_alphanumeric() || "_/-.".contains(character))
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
                .contains(&text.to_ascii_lowercase().as_str())
    };
    match value.as_str().filter(plain) {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

/// Ids as the elements of a list in one line.
pub(crate) fn words(ids: &[String]) -> String {
    let ids = ids.iter().map(|id| scalar(&Value::from(id.as_str())));
    ids.collect::<Vec<_>>().join(", ")
}

/// Lines of a text at another indentation: `bytes` begin with the key of a member.
pub(crate) fn moved(text: &str, bytes: &Range<usize>, indent: usize) -> String {
    let old = column(text, bytes.start);
    let source = text.get(bytes.clone()).unwrap_or_default();
    // What follows in the last line is a comment, or the rest of one in brackets.
    let rest = text.get(bytes.end..).unwrap_or_default();
    let rest = rest.lines().next().unwrap_or_default();
    let comment = if rest.trim_start().starts_with('#') {
        rest
    } else {
        ""
    };
    let mut out = String::new();
    for (number, line) in format!("{source}{comment}").lines().enumerate() {
        let shifted = match number {
            0 => line,
            _ => line
                .char_indices()
                .take(old)
                .take_while(|(_, character)| *character == ' ')
                .last()
                .map_or(line, |(at, _)| line.get(at + 1..).unwrap_or_default()),
        };
        if shifted.is_empty() {
            out.push('\n');
        } else {
            let _ = writeln!(out, "{:indent$}{shifted}", "");
        }
    }
    if source.ends_with(':') || !source.contains(':') {
        // Nothing stands behind its colon.
        let line = out.trim_end();
        let colon = if line.ends_with(':') { "" } else { ":" };
        out = format!("{line}{colon}\n");
    }
    out
}
