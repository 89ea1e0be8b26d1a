//! Strings and numbers.

use linkmend_wire::encode::put_varint;

use super::walk::{Done, Walk};
use crate::json::schema::{Field, Kind};

/// All bytes of a word.
const ONES: u64 = u64::MAX / 0xff;
const HIGHS: u64 = ONES << 7;

impl Walk<'_, '_> {
    /// Reads the quote at the beginning of a string, and finds the byte at which
    /// plain text ends: a quote, a backslash, or what must not stand there.
    fn plain(&mut self) -> Option<usize> {
        self.byte(b'"')?;
        Some(self.at + plain_length(self.rest()))
    }

    pub(super) fn string(&mut self, field: &Field, keep: bool) -> Done {
        let end = self.plain()?;
        if self.text.get(end) == Some(&b'"') {
            let text = self.text.get(self.at..end)?;
            self.at = end + 1;
            if keep || !text.is_empty() {
                self.tag(field);
                put_varint(self.out, text.len() as u64);
                self.out.extend_from_slice(text);
            }
            return Some(());
        }
        self.tag(field);
        self.out.push(0);
        let start = self.out.len();
        self.unescape(end)?;
        self.set_length(start, 1)
    }

    /// Writes a string in which there is an escape at `end`.
    fn unescape(&mut self, mut end: usize) -> Done {
        loop {
            self.out.extend_from_slice(self.text.get(self.at..end)?);
            self.at = end + 1;
            match self.text.get(end)? {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                _ => return None,
            }
            end = self.at + plain_length(self.rest());
        }
    }

    /// Writes what stands behind a backslash.
    fn escape(&mut self) -> Done {
        let byte = match self.text.get(self.at)? {
            byte @ (b'"' | b'\\' | b'/') => *byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return None,
        };
        self.at += 1;
        self.out.push(byte);
        Some(())
    }

    fn unicode(&mut self) -> Done {
        let mut code = self.hex4()?;
        if (0xd800..0xdc00).contains(&code) {
            if !self.rest().starts_with(b"\\u") {
                return None;
            }
            self.at += 2;
            let low = self.hex4()?;
            if !(0xdc00..0xe000).contains(&low) {
                return None;
            }
            code = 0x1_0000 + ((code - 0xd800) << 10 | (low - 0xdc00));
        }
        let text = char::from_u32(code)?;
        self.out
            .extend_from_slice(text.encode_utf8(&mut [0; 4]).as_bytes());
        Some(())
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.rest().first_chunk::<4>()?;
        let mut code = 0;
        for digit in digits {
            code = code << 4 | char::from(*digit).to_digit(16)?;
        }
        self.at += 4;
        Some(code)
    }

    /// Hex digits, as OTLP has it.
    pub(super) fn id(&mut self, field: &Field, keep: bool) -> Done {
        let end = self.plain()?;
        if self.text.get(end) != Some(&b'"') {
            return None;
        }
        let digits = self.text.get(self.at..end)?;
        self.at = end + 1;
        if digits.is_empty() && !keep {
            return Some(());
        }
        let (pairs, []) = digits.as_chunks::<2>() else {
            return None;
        };
        self.tag(field);
        put_varint(self.out, pairs.len() as u64);
        let mut wrong = 0;
        self.out.extend(pairs.iter().map(|&[high, low]| {
            let (high, low) = (nibble(high), nibble(low));
            wrong |= high | low;
            high << 4 | low & 0xf
        }));
        (wrong & 0xf0 == 0).then_some(())
    }

    pub(super) fn boolean(&mut self, field: &Field, keep: bool) -> Done {
        self.peek()?;
        let (value, length) = match self.rest() {
            rest if rest.starts_with(b"true") => (true, 4),
            rest if rest.starts_with(b"false") => (false, 5),
            _ => return None,
        };
        self.at += length;
        self.varint(field, keep, u64::from(value));
        Some(())
    }

    /// The name of a value of an enum; as a text a number may stand there, too.
    pub(super) fn name(&mut self, field: &Field, names: &[&str], keep: bool) -> Done {
        let begin = self.at;
        let end = self.plain()?;
        let name = self.text.get(self.at..end)?;
        let number = names.iter().position(|known| known.as_bytes() == name);
        match number {
            Some(number) if self.text.get(end) == Some(&b'"') => {
                self.at = end + 1;
                self.varint(field, keep, number as u64);
                Some(())
            }
            _ => {
                self.at = begin;
                self.integer(field, keep)
            }
        }
    }

    /// An integer of up to 19 digits, as a number or a string.
    pub(super) fn integer(&mut self, field: &Field, keep: bool) -> Done {
        let is_text = self.peek()? == b'"';
        self.at += usize::from(is_text);
        let is_negative = self.rest().first() == Some(&b'-');
        self.at += usize::from(is_negative);
        let rest = self.rest();
        let (mut value, mut count) = (0_u64, 0);
        for byte in rest.iter().take(20) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        }
        // A number does not begin with zeros; of one with a fraction the comma is
        // missed.
        let is_odd = !is_text && count > 1 && rest.first() == Some(&b'0');
        if count == 0 || count > 19 || is_odd {
            return None;
        }
        self.at += count;
        if is_text {
            if self.text.get(self.at) != Some(&b'"') {
                return None;
            }
            self.at += 1;
        }
        self.put_integer(field, keep, is_negative, value)
    }

    fn put_integer(&mut self, field: &Field, keep: bool, is_negative: bool, value: u64) -> Done {
        let signed = || {
            let value = i128::from(value);
            i64::try_from(if is_negative { -value } else { value }).ok()
        };
        if is_negative && !matches!(field.kind, Kind::Int64 | Kind::Enum(_)) && value > 0 {
            return None;
        }
        match field.kind {
            Kind::Int64 => self.varint(field, keep, signed()?.cast_unsigned()),
            Kind::Enum(_) => {
                let value = i32::try_from(signed()?).ok()?;
                self.varint(field, keep, i64::from(value).cast_unsigned());
            }
            Kind::Uint32 => self.varint(field, keep, u32::try_from(value).ok()?.into()),
            Kind::Fixed32 => {
                let value = u32::try_from(value).ok()?;
                self.fixed(field, keep || value != 0, &value.to_le_bytes());
            }
            Kind::Fixed64 => self.fixed(field, keep || value != 0, &value.to_le_bytes()),
            _ => return None,
        }
        Some(())
    }

    /// A double as a number.
    pub(super) fn double(&mut self, field: &Field, keep: bool) -> Done {
        self.peek()?;
        let length = number_length(self.rest())?;
        let text = self.rest().get(..length)?;
        let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        if value.is_infinite() {
            return None;
        }
        self.at += length;
        let bits = value.to_bits();
        self.fixed(field, keep || bits != 0, &bits.to_le_bytes());
        Some(())
    }

    fn varint(&mut self, field: &Field, keep: bool, value: u64) {
        if keep || value != 0 {
            self.tag(field);
            put_varint(self.out, value);
        }
    }

    fn fixed(&mut self, field: &Field, is_written: bool, bytes: &[u8]) {
        if is_written {
            self.tag(field);
            self.out.extend_from_slice(bytes);
        }
    }
}

/// How many bytes come before a quote, a backslash or a control character: eight at
/// a time.
pub(super) fn plain_length(text: &[u8]) -> usize {
    let (words, _) = text.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = text.get(length..).unwrap_or_default();
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    length + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// The high bit of the lowest byte that is special, and perhaps of some above it.
fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let quote = zero(word ^ (ONES * u64::from(b'"')));
    let backslash = zero(word ^ (ONES * u64::from(b'\\')));
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    quote | backslash | control
}

/// The length of a number as JSON has it, if one comes. Negative zero is left out:
/// of which zero it is, opinions differ.
fn number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let text = text.get(from..).unwrap_or_default();
        text.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    let begins_with_zero = text.get(at) == Some(&b'0');
    if whole == 0 || begins_with_zero && (whole > 1 || at > 0) {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        at += 1 + fraction;
        if fraction == 0 {
            return None;
        }
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        let exponent = digits(at);
        at += exponent;
        if exponent == 0 {
            return None;
        }
    }
    Some(at)
}

/// The values of hex digits; 0xff for anything else.
#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const NIBBLES: [u8; 256] = {
    let mut nibbles = [0xff; 256];
    let (mut digits, mut value): (&[u8], u8) = (b"0123456789abcdef", 0);
    while let [digit, rest @ ..] = digits {
        nibbles[*digit as usize] = value;
        nibbles[digit.to_ascii_uppercase() as usize] = value;
        (digits, value) = (rest, value + 1);
    }
    nibbles
};

fn nibble(digit: u8) -> u8 {
    NIBBLES.get(usize::from(digit)).copied().unwrap_or(0xff)
}
