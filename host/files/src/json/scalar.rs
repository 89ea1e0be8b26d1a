//! The values that are not messages: numbers, strings, ids, bytes, enums.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use linkmend_wire::encode::put_varint;
use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::schema::{Field, Kind};
use super::sink::Sink;

/// Padding is optional, as in protobuf's JSON mapping.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The integers that a double holds exactly end here (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads one scalar and writes it, with its tag.
pub(super) struct ScalarSeed<'s> {
    pub(super) sink: &'s mut Sink,
    pub(super) field: &'static Field,
    /// Write it even if it is the default.
    pub(super) keep: bool,
}

impl<'de> DeserializeSeed<'de> for ScalarSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl Visitor<'_> for ScalarSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.field.kind {
            Kind::Text => "a string",
            Kind::Id => "a string of hex digits, or base64",
            Kind::Bytes => "a string in base64",
            Kind::Bool => "true or false",
            Kind::Int64 | Kind::Fixed64 | Kind::Uint32 | Kind::Fixed32 => {
                "an integer, as a number or a string"
            }
            Kind::Double => "a number",
            Kind::Enum(_) => "an enum as an integer",
            Kind::Message(message) => message.name,
        })
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        // An array must keep its length.
        if self.field.repeated {
            self.delimited(&[]);
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.field.kind {
            Kind::Bool => {
                self.varint(u64::from(value));
                Ok(())
            }
            _ => Err(self.mismatch(&format_args!("{value}"))),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(i128::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double => {
                self.fixed64(value.to_bits());
                Ok(())
            }
            // 1e3 and 5.0 are integers as well.
            _ if value.fract() == 0.0 && value.abs() <= EXACT => self.integer(value as i128),
            _ => Err(self.mismatch(&value)),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        match self.field.kind {
            Kind::Text => {
                self.delimited(value.as_bytes());
                Ok(())
            }
            Kind::Id => self.id(value),
            Kind::Bytes => self.base64(value),
            Kind::Double => self.double_text(value),
            Kind::Enum(names) => match names.iter().position(|name| *name == value) {
                Some(number) => self.integer(number as i128),
                None => self.integer_text(value),
            },
            Kind::Int64 | Kind::Fixed64 | Kind::Uint32 | Kind::Fixed32 => self.integer_text(value),
            Kind::Bool | Kind::Message(_) => Err(self.mismatch(&quoted(value))),
        }
    }
}

impl ScalarSeed<'_> {
    #[cold]
    fn mismatch<E: Error>(&self, found: &dyn fmt::Display) -> E {
        let expected: &dyn serde::de::Expected = self;
        E::custom(format_args!("expected {expected}, found {found}"))
    }

    fn integer<E: Error>(self, value: i128) -> Result<(), E> {
        let fits = match self.field.kind {
            Kind::Int64 => i64::try_from(value).map(|value| self.varint(value.cast_unsigned())),
            Kind::Enum(_) => {
                i32::try_from(value).map(|value| self.varint(i64::from(value).cast_unsigned()))
            }
            Kind::Uint32 => u32::try_from(value).map(|value| self.varint(u64::from(value))),
            Kind::Fixed64 => u64::try_from(value).map(|value| self.fixed64(value)),
            Kind::Fixed32 => u32::try_from(value).map(|value| self.fixed32(value)),
            #[allow(
                clippy::cast_precision_loss,
                reason = "JSON has one kind of number; the nearest double is what it means"
            )]
            Kind::Double => {
                self.fixed64((value as f64).to_bits());
                return Ok(());
            }
            _ => return Err(self.mismatch(&value)),
        };
        fits.map_err(|_| E::custom(format_args!("the number {value} is out of range")))
    }

    fn integer_text<E: Error>(self, value: &str) -> Result<(), E> {
        match value.parse::<i128>() {
            Ok(number) => self.integer(number),
            Err(_) => match value.parse::<f64>() {
                Ok(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                    self.integer(number as i128)
                }
                _ => Err(self.mismatch(&quoted(value))),
            },
        }
    }

    fn double_text<E: Error>(self, value: &str) -> Result<(), E> {
        // Rust reads "inf" and "nan" too; JSON knows only these spellings.
        let number = match value {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ if value.bytes().any(|byte| byte.is_ascii_digit()) => value.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => {
                self.fixed64(number.to_bits());
                Ok(())
            }
            None => Err(self.mismatch(&quoted(value))),
        }
    }

    fn id<E: Error>(self, value: &str) -> Result<(), E> {
        if value.is_empty() && !self.keep {
            return Ok(());
        }
        // Protobuf's own JSON mapping has ids in base64; those of 16 and of 8
        // bytes end with what is no hex digit.
        if value.ends_with('=') {
            self.sink.base64_ids = true;
            return self.base64(value);
        }
        let sink = self.sink;
        sink.tag(self.field);
        let start = sink.leave_length();
        let (pairs, rest) = value.as_bytes().as_chunks::<2>();
        let mut wrong = u8::from(!rest.is_empty()) << 7;
        for &[high, low] in pairs {
            let (high, low) = (nibble(high), nibble(low));
            wrong |= (high | low) & 0xf0;
            sink.out.push(high << 4 | low & 0xf);
        }
        sink.set_length(start);
        if wrong == 0 {
            return Ok(());
        }
        Err(E::custom(format_args!(
            "expected an even number of hex digits, found {}",
            quoted(value)
        )))
    }

    fn base64<E: Error>(self, value: &str) -> Result<(), E> {
        let decoded = BASE64
            .decode(value)
            .or_else(|_| BASE64_URL.decode(value))
            .map_err(|error| {
                E::custom(format_args!("not base64: {error}, in {}", quoted(value)))
            })?;
        self.delimited(&decoded);
        Ok(())
    }

    fn delimited(self, bytes: &[u8]) {
        if self.keep || !bytes.is_empty() {
            self.sink.tag(self.field);
            put_varint(&mut self.sink.out, bytes.len() as u64);
            self.sink.out.extend_from_slice(bytes);
        }
    }

    fn varint(self, value: u64) {
        if self.keep || value != 0 {
            self.sink.tag(self.field);
            put_varint(&mut self.sink.out, value);
        }
    }

    fn fixed64(self, value: u64) {
        if self.keep || value != 0 {
            self.sink.tag(self.field);
            self.sink.out.extend_from_slice(&value.to_le_bytes());
        }
    }

    fn fixed32(self, value: u32) {
        if self.keep || value != 0 {
            self.sink.tag(self.field);
            self.sink.out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// The value of a hex digit; 0xff for anything else.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0xff,
    }
}

/// A string for an error: short, and without control characters.
fn quoted(value: &str) -> String {
    let mut text: String = value.chars().take(40).collect();
    if text.len() < value.len() {
        text.push('…');
    }
    format!("\"{}\"", text.escape_debug())
}
