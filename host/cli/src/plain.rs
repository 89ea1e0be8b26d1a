//! Texts out of the data, for a terminal.

use std::borrow::Cow;

/// The text on one line, with nothing in it that a terminal would obey: control
/// characters and marks that turn the direction of writing are spelled out.
pub fn plain(text: &str) -> String {
    spelled_out(text, |character| character.is_control())
}

/// The same of a text that may have several lines.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    let is_wild = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text
        .chars()
        .any(|character| is_wild(character) || turns_direction(character))
    {
        return Cow::Owned(spelled_out(text, is_wild));
    }
    Cow::Borrowed(text)
}

fn spelled_out(text: &str, is_wild: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_wild(character) || turns_direction(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(plain("größer – 訂單"), "größer – 訂單");
        assert_eq!(plain("a\tb\r\n\u{7f}\u{9b}"), "a\\tb\\r\\n\\u{7f}\\u{9b}");
        assert_eq!(plain("\u{202e}txt"), "\\u{202e}txt");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(plain_lines("a\n\tb"), "a\n\tb");
        assert_eq!(plain_lines("a\n\u{1b}[2Jb\r"), "a\n\\u{1b}[2Jb\\r");
    }
}
