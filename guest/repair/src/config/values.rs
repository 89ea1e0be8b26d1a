//! Values of the configuration that several keys take.

use serde_json::Value;

use super::object::Refusal;

/// Whole numbers of one unit.
pub fn duration(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// `true` or `false`.
pub fn boolean(value: &Value) -> Result<bool, Refusal> {
    value.as_bool().ok_or(Refusal::Value)
}

/// One of some words.
pub fn word<T: Copy>(value: &Value, words: &[(&str, T)]) -> Result<T, Refusal> {
    let given = value.as_str().ok_or(Refusal::Value)?;
    let found = words.iter().find(|(word, _)| *word == given);
    found.map(|(_, meaning)| *meaning).ok_or(Refusal::Value)
}

/// The name of an attribute that the rule writes. Names under `messaging.` say
/// which message a link is for.
pub fn written_name(value: &Value) -> Result<String, Refusal> {
    let name = value.as_str().ok_or(Refusal::Value)?;
    if name.starts_with("messaging.") {
        return Err(Refusal::Value);
    }
    Ok(name.to_owned())
}

/// The name of an attribute that the rule reads.
pub fn name(value: &Value) -> Result<String, Refusal> {
    let name = value.as_str().filter(|name| !name.is_empty());
    Ok(name.ok_or(Refusal::Value)?.to_owned())
}

/// A list of different names.
pub fn names(value: &Value) -> Result<Vec<String>, Refusal> {
    let list = value.as_array().ok_or(Refusal::Value)?;
    let names: Vec<String> = list.iter().map(name).collect::<Result<_, _>>()?;
    let is_new = |(place, name)| !names.iter().take(place).any(|other| other == name);
    if names.iter().enumerate().all(is_new) {
        Ok(names)
    } else {
        Err(Refusal::Value)
    }
}
