//! Texts that look like configurations.

use super::Choices;

/// Words with a meaning, and others.
const WORDS: [&str; 40] = [
    "a",
    "b",
    "max_links",
    "64",
    "-1",
    "+7",
    "007",
    "0x1F",
    "0o17",
    "0b11",
    "1e3",
    "1.5",
    ".5",
    "1.",
    "-0",
    "1_000",
    "true",
    "True",
    "yes",
    "no",
    "null",
    "~",
    "NULL",
    ".inf",
    ".nan",
    "=",
    "<<",
    "2001-01-01",
    "18446744073709551615",
    "99999999999999999999",
    "5s",
    "${env:A}",
    "é",
    "\u{1f600}",
    "a: b",
    "# no",
    "it's",
    "\"q\"",
    "",
    " ",
];

/// What bends a text.
const TELLING: [&str; 32] = [
    ":", ": ", "- ", "-", "?", "? ", "[", "]", "{", "}", ",", ", ", "#", " #", "&a ", "*a", "!",
    "!!str ", "|", "|-\n", ">", ">+2\n", "'", "\"", "%", "@", "`", "\n", "\r\n", "\t", "---\n",
    "...\n",
];

/// A mapping.
pub(super) fn document(choices: &mut Choices<'_>) -> String {
    let mut out = String::new();
    if choices.one_in(4) {
        out.push_str(choices.pick(&["---\n", "# a comment\n", "%YAML 1.2\n---\n", "\u{feff}"]));
    }
    if choices.one_in(4) {
        out.push_str(&flow(choices, 3));
        out.push('\n');
    } else {
        mapping(choices, 0, &mut out);
    }
    out
}

fn mapping(choices: &mut Choices<'_>, indent: usize, out: &mut String) {
    for number in 0..=choices.below(4) {
        out.push_str(&" ".repeat(indent));
        // Each once, mostly.
        let word = choices.pick(&["a", "b", "key", "'quoted'", "\"twice\"", "1"]);
        let key = if choices.one_in(20) {
            word.to_owned()
        } else {
            format!("k{number}")
        };
        out.push_str(&key);
        out.push(':');
        value(choices, indent, out);
    }
}

fn value(choices: &mut Choices<'_>, indent: usize, out: &mut String) {
    let is_deep = indent > 8;
    match choices.below(if is_deep { 6 } else { 10 }) {
        0..=2 => {
            out.push(' ');
            out.push_str(&scalar(choices));
            out.push_str(choices.pick(&["\n", "\n", " # comment\n", "\n\n"]));
        }
        3 => {
            out.push(' ');
            out.push_str(&flow(choices, 2));
            out.push('\n');
        }
        4 => {
            out.push_str(choices.pick(&[" |\n", " >\n", " |-\n", " >+\n", " |2\n"]));
            for _ in 0..=choices.below(3) {
                out.push_str(&" ".repeat(indent + 2 + choices.below(3)));
                out.push_str(choices.pick(&WORDS));
                out.push('\n');
            }
        }
        5 => out.push_str(choices.pick(&[" &a x\n", " *a\n", " !!str 1\n", "\n", " ~\n"])),
        6 | 7 => {
            out.push_str(choices.pick(&["\n", " &m\n", "  # why\n"]));
            mapping(choices, indent + 2, out);
        }
        _ => {
            out.push('\n');
            for _ in 0..=choices.below(3) {
                out.push_str(&" ".repeat(indent));
                out.push('-');
                value(choices, indent + 2, out);
            }
        }
    }
}

fn scalar(choices: &mut Choices<'_>) -> String {
    let word = choices.pick(&WORDS);
    match choices.below(4) {
        0 => format!("'{}'", word.replace('\'', "''")),
        1 => {
            let escape = choices.pick(&[
                "",
                "\\n",
                "\\u00e9",
                "\\x41",
                "\\\\",
                "\\t",
                "\\ud83d\\ude00",
            ]);
            format!("\"{}{escape}\"", word.replace('"', "\\\""))
        }
        _ => word.to_owned(),
    }
}

fn flow(choices: &mut Choices<'_>, depth: usize) -> String {
    match choices.below(if depth == 0 { 1 } else { 3 }) {
        0 => scalar(choices),
        1 => {
            let parts = choices.many(3, |choices| flow(choices, depth - 1));
            format!("[{}]", parts.join(choices.pick(&[", ", ",", " ,\n  "])))
        }
        _ => {
            let mut number = 0;
            let parts = choices.many(3, |choices| {
                number += 1;
                let colon = choices.pick(&[": ", ":", " : "]);
                format!("\"k{number}\"{colon}{}", flow(choices, depth - 1))
            });
            format!("{{{}}}", parts.join(choices.pick(&[", ", ",", "\n ,\t"])))
        }
    }
}

/// Changes a text in a few places.
pub(super) fn damage(text: &mut String, choices: &mut Choices<'_>) {
    for _ in 0..=choices.below(3) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = places.get(choices.below(places.len())).copied();
        let at = at.unwrap_or_default();
        match choices.below(4) {
            0 => text.truncate(at),
            1 => drop((at < text.len()).then(|| text.remove(at))),
            2 => {
                let end = places.get(choices.below(places.len())).copied();
                let piece = text.get(at..end.unwrap_or_default()).unwrap_or_default();
                let piece = piece.to_owned();
                text.insert_str(at, &piece);
            }
            _ => text.insert_str(at, choices.pick(&TELLING)),
        }
    }
}
