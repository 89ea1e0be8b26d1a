//! Texts of the page: what comes from the data is escaped, all of it.

use std::fmt::Write as _;

/// For HTML and SVG, between tags and in attributes in quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match shown(character) {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            character => out.push(character),
        }
    }
    out
}

/// Without what is no text of a page, and what would show the rest in another
/// order.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(shown).collect()
}

fn shown(character: char) -> char {
    match character {
        '\0'..='\u{8}'
        | '\u{b}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fffe}'
        | '\u{ffff}' => '\u{fffd}',
        character => character,
    }
}

/// At most `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// What is not known has a name, too.
pub(crate) fn named<'a>(text: &'a str, unknown: &'a str) -> &'a str {
    if text.is_empty() { unknown } else { text }
}

/// JSON within a `<script>`: nothing in it ends the script.
pub(crate) fn json_in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// A number with commas.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// In the unit that people would use.
#[allow(clippy::cast_precision_loss, reason = "three digits of it are shown")]
pub(crate) fn duration(nanoseconds: u64) -> String {
    let value = nanoseconds as f64;
    match nanoseconds {
        0 => "0".into(),
        1..1_000_000 => format!("{} µs", digits(value / 1e3)),
        1_000_000..1_000_000_000 => format!("{} ms", digits(value / 1e6)),
        1_000_000_000..60_000_000_000 => format!("{} s", digits(value / 1e9)),
        60_000_000_000..3_600_000_000_000 => format!("{} min", digits(value / 60e9)),
        3_600_000_000_000..172_800_000_000_000 => format!("{} h", digits(value / 3_600e9)),
        _ => format!("{} days", digits(value / 86_400e9)),
    }
}

fn digits(value: f64) -> String {
    let places = match value {
        100.0.. => 0,
        10.0..100.0 => 1,
        _ => 2,
    };
    format!("{value:.places$}")
}

/// Or a dash.
pub(crate) fn duration_or(nanoseconds: Option<u64>) -> String {
    nanoseconds.map_or_else(|| "–".into(), duration)
}

/// Lower-case hex digits.
#[must_use]
pub fn hex(id: &[u8]) -> String {
    let mut text = String::with_capacity(id.len() * 2);
    for byte in id {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place() {
        assert_eq!(
            escaped("</script><img src=x onerror=\"a('b')\">&\u{202e}\0"),
            "&lt;/script&gt;&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;\u{fffd}\u{fffd}"
        );
        assert_eq!(
            json_in_script("\"</script><!--\u{2028}\""),
            "\"\\u003c/script>\\u003c!--\\u2028\""
        );
    }

    #[test]
    fn durations_have_the_unit_that_people_would_use() {
        for (nanoseconds, text) in [
            (0, "0"),
            (1_500, "1.50 µs"),
            (12_345_678, "12.3 ms"),
            (1_234_567_890, "1.23 s"),
            (600_000_000_000, "10.0 min"),
            (7_200_000_000_000, "2.00 h"),
            (864_000_000_000_000, "10.0 days"),
        ] {
            assert_eq!(duration(nanoseconds), text);
        }
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(shortened("abcdef", 4), "abc…");
    }
}
