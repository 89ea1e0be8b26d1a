//! The one thing that JSON has and YAML has not: a character that is escaped as
//! two UTF-16 surrogates (`"\ud83d\ude00"`).

use serde_json::Value;

/// A JSON text with such characters as YAML writes them; `None` when it is not
/// JSON, or has none.
pub(crate) fn without_surrogates(text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).ok()?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // In JSON, backslashes are in strings only.
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some((character, behind)) = surrogates(escape) {
            out.push(character);
            rest = behind;
        } else {
            out.push('\\');
            // What is escaped may be a backslash.
            let (escaped, behind) = escape.split_at_checked(1)?;
            out.push_str(escaped);
            rest = behind;
        }
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// The character of `ud83d\ude00`, and what follows.
fn surrogates(escape: &str) -> Option<(char, &str)> {
    let (high, rest) = unit(escape)?;
    let (low, rest) = unit(rest.strip_prefix('\\')?)?;
    let mut characters = char::decode_utf16([high, low]);
    match (characters.next(), characters.next()) {
        (Some(Ok(character)), None) => Some((character, rest)),
        _ => None,
    }
}

/// The number of `ud83d`, and what follows.
fn unit(escape: &str) -> Option<(u16, &str)> {
    let (digits, rest) = escape.strip_prefix('u')?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}
