//! Values: texts, numbers, durations, sizes.

use std::path::PathBuf;
use std::time::Duration;

use linkmend_config::{Content, Node};

use super::member::Refusal;

type Read<T> = Result<T, Refusal>;

/// The values that [`flag`] takes.
pub(super) const FLAG: &str = "true, false";
/// The values that [`duration`] takes.
pub(super) const DURATION: &str = "a duration like 500ms, 1.5s or 1h30m";
/// The values that [`positive_duration`] takes.
pub(super) const POSITIVE: &str = "a duration above 0, like 500ms, 1.5s or 1h30m";
/// The values that [`size`] takes.
pub(super) const SIZE: &str = "a number of bytes, or one like 64MiB";
/// The values that [`texts`] takes.
pub(super) const TEXTS: &str = "a list of texts";
/// The values that [`path`] takes.
pub(super) const PATH: &str = "a path";

/// A text. What came from the environment is one whatever it looks like.
pub(super) fn text(node: &Node) -> Read<String> {
    match (&node.content, &node.expanded) {
        (_, Some(expanded)) => Ok(expanded.text.clone()),
        (Content::Text(text), None) => Ok(text.clone()),
        (Content::Null, None) => Err(Refusal::Default),
        (Content::Bool(_) | Content::Number(_), None) => Err(Refusal::Because(format!(
            "{} is {}, not a text; put it in quotes",
            super::member::shown(node),
            node.kind()
        ))),
        _ => Err(Refusal::Value),
    }
}

/// A text with something in it.
pub(super) fn name(node: &Node) -> Read<String> {
    match text(node)? {
        text if text.is_empty() => Err(Refusal::Value),
        text => Ok(text),
    }
}

/// The path of a file.
pub(super) fn path(node: &Node) -> Read<PathBuf> {
    name(node).map(PathBuf::from)
}

/// A list of texts.
pub(super) fn texts(node: &Node) -> Read<Vec<String>> {
    match &node.content {
        Content::List(list) => list
            .iter()
            .map(|element| text(element).map_err(|_| Refusal::Value))
            .collect(),
        Content::Null => Err(Refusal::Default),
        _ => Err(Refusal::Value),
    }
}

/// True or false.
pub(super) fn flag(node: &Node) -> Read<bool> {
    match node.content {
        Content::Bool(value) => Ok(value),
        Content::Null => Err(Refusal::Default),
        _ => Err(Refusal::Value),
    }
}

/// An integer in a range.
pub(super) fn integer(node: &Node, least: u64, most: u64) -> Read<u64> {
    let number = match &node.content {
        Content::Number(number) => number.as_u64(),
        Content::Null => return Err(Refusal::Default),
        _ => None,
    };
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or(Refusal::Value)
}

/// A number that may be below zero.
pub(super) fn signed(node: &Node, least: i32, most: i32) -> Read<i32> {
    let number = match &node.content {
        Content::Number(number) => number.as_i64(),
        Content::Null => return Err(Refusal::Default),
        _ => None,
    };
    number
        .and_then(|number| i32::try_from(number).ok())
        .filter(|number| (least..=most).contains(number))
        .ok_or(Refusal::Value)
}

/// A number of things, at least one.
pub(super) fn count(node: &Node) -> Read<usize> {
    let number = integer(node, 1, u64::from(u32::MAX))?;
    usize::try_from(number).map_err(|_| Refusal::Value)
}

/// MiB, as bytes.
pub(super) fn mib(node: &Node) -> Read<u64> {
    integer(node, 0, u64::from(u32::MAX)).map(|number| number << 20)
}

/// A number that is not below zero.
pub(super) fn factor(node: &Node, most: f64) -> Read<f64> {
    let number = match &node.content {
        Content::Number(number) => number.as_f64(),
        Content::Null => return Err(Refusal::Default),
        _ => None,
    };
    number
        .filter(|number| (0.0..=most).contains(number))
        .ok_or(Refusal::Value)
}

/// One of several words.
pub(super) fn choice<T: Copy>(node: &Node, words: &[(&str, T)]) -> Read<T> {
    let given = text(node).map_err(|refusal| match refusal {
        Refusal::Default => Refusal::Default,
        _ => Refusal::Value,
    })?;
    let word = words.iter().find(|(word, _)| *word == given);
    word.map(|(_, value)| *value).ok_or(Refusal::Value)
}

/// A duration as Go writes it.
pub(super) fn duration(node: &Node) -> Read<Duration> {
    match &node.content {
        Content::Null => Err(Refusal::Default),
        Content::Number(number) if number.as_u64() == Some(0) => Ok(Duration::ZERO),
        Content::Number(number) => Err(Refusal::Because(format!(
            "{} has no unit (the Collector would take it for nanoseconds); \
             write `{number}s` if it is seconds",
            super::member::shown(node),
        ))),
        Content::Text(text) => go_duration(text).ok_or(Refusal::Value),
        _ => Err(Refusal::Value),
    }
}

/// A duration that is longer than nothing.
pub(super) fn positive_duration(node: &Node) -> Read<Duration> {
    match duration(node)? {
        Duration::ZERO => Err(Refusal::Value),
        duration => Ok(duration),
    }
}

/// A duration where 0 stands for none.
pub(super) fn optional_duration(node: &Node) -> Read<Option<Duration>> {
    duration(node).map(|duration| (!duration.is_zero()).then_some(duration))
}

/// `1h30m`, `1.5s`, `0`: numbers with units, one after the other.
fn go_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("\u{b5}s", 1_000),
        ("\u{3bc}s", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = None;
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.find(|c: char| !is_number(c))?);
        let (unit, behind) = behind.split_at(behind.find(is_number).unwrap_or(behind.len()));
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let nanos = times(number, *nanos)?;
        total = Some(nanos.checked_add(total.unwrap_or(0))?);
        rest = behind;
    }
    total.map(Duration::from_nanos)
}

fn is_number(character: char) -> bool {
    character.is_ascii_digit() || character == '.'
}

/// `1.5` of a unit; what is less than one is cut off.
fn times(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let scaled = digits.parse::<u128>().ok()?.checked_mul(unit.into())?;
    u64::try_from(scaled / scale).ok()
}

/// A size in bytes: a number, or one with a unit.
pub(super) fn size(node: &Node) -> Read<u64> {
    const UNITS: [(&str, u64); 10] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("k", 1_000),
        ("m", 1_000_000),
        ("g", 1_000_000_000),
        ("b", 1),
    ];
    let text = match &node.content {
        Content::Text(text) => text.trim().to_ascii_lowercase(),
        _ => return integer(node, 1, u64::MAX >> 1),
    };
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let (unit, factor) = *unit.ok_or(Refusal::Value)?;
    let number = text.strip_suffix(unit).unwrap_or_default().trim_end();
    let bytes = times(number, factor).filter(|bytes| *bytes > 0);
    bytes.ok_or(Refusal::Value)
}

/// Permissions of a file, in octal digits.
pub(super) fn permissions(node: &Node) -> Read<u32> {
    let mode = u32::from_str_radix(&name(node)?, 8).ok();
    mode.filter(|mode| *mode <= 0o7777).ok_or(Refusal::Value)
}
