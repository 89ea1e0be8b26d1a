//! Texts out of the data, of rules and of file names, for a terminal, a log and
//! metrics.

use std::borrow::Cow;

/// The text on one line, with nothing in it that a terminal would obey: control
/// characters and marks that turn the direction of writing are spelled out.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_obeyed(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out.into()
}

/// The same of a text of several lines, which stay apart.
#[must_use]
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| character != '\n' && is_obeyed(character)) {
        return text.into();
    }
    let lines: Vec<_> = text.split('\n').map(plain).collect();
    lines.join("\n").into()
}

fn is_obeyed(character: char) -> bool {
    character.is_control() || turns_direction(character)
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text of a rule, cut to what a log line can take, with nothing in it that a
/// terminal would obey.
#[allow(
    clippy::needless_pass_by_value,
    reason = "callers have made the text for this and have no use for it"
)]
#[must_use]
pub fn clip(text: String) -> String {
    const LONGEST: usize = 1000;
    let mut text = plain(&text).into_owned();
    if text.len() > LONGEST {
        let length = text.len();
        text.truncate(text.floor_char_boundary(LONGEST));
        text = format!("{text}... ({length} bytes)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(plain("größer – 訂單"), "größer – 訂單");
        assert_eq!(plain("a\tb\r\n\u{7f}\u{9b}"), "a\\tb\\r\\n\\u{7f}\\u{9b}");
        assert_eq!(plain("\u{202e}txt"), "\\u{202e}txt");
        assert_eq!(plain_lines("a\nb\u{1b}[31m\n"), "a\nb\\u{1b}[31m\n");
    }
}
