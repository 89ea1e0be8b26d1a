//! What a word without quotes means: YAML 1.2's core schema.

use serde_json::{Number, Value};

/// A word without quotes as a value.
///
/// # Errors
///
/// When it is a number that JSON does not have.
pub(crate) fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_special(text) => {
            return Err(format!("`{text}` is a number that JSON does not have"));
        }
        _ => match number(text) {
            Some(number) => Value::Number(number?),
            None => Value::String(text.to_owned()),
        },
    })
}

/// Infinity, and what is not a number.
fn is_special(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// `None`: it is no number; an error: it is none that fits.
fn number(text: &str) -> Option<Result<Number, String>> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(text, digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(text, digits, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let signed = digits.parse::<i64>().map(Number::from);
        let number = signed.or_else(|_| digits.parse::<u64>().map(Number::from));
        return Some(number.map_err(|_| too_large(text)));
    }
    // Rust reads words as floats too ("inf", "nan"): those have no digit first.
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned);
    if !begins.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let float = text.parse::<f64>().ok()?;
    Some(Number::from_f64(float).ok_or_else(|| too_large(text)))
}

fn radix(text: &str, digits: &str, radix: u32) -> Option<Result<Number, String>> {
    let fits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let number = || u64::from_str_radix(digits, radix).map(Number::from);
    fits.then(|| number().map_err(|_| too_large(text)))
}

fn too_large(text: &str) -> String {
    format!("the number `{text}` is too large; put it in quotes if it is meant as text")
}
