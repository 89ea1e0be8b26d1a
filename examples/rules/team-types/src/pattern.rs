//! What a value is compared with.

use linkmend_rule::AnyValue;
use serde::Deserialize;

/// A value as it is, or a text with `*` at its end that stands for any ending.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text, an integer or a boolean")]
pub enum Pattern {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A text, or the beginning of one. `*` alone is any value at all.
    Text(String),
}

impl Pattern {
    /// The value of an attribute fits; of an array, one of its elements.
    pub fn fits(&self, value: Option<AnyValue<'_>>) -> bool {
        match (self, value) {
            (_, None | Some(AnyValue::Empty)) => false,
            (Self::Text(text), Some(_)) if text == "*" => true,
            (_, Some(AnyValue::Array(array))) => array.iter().any(|element| self.fits_one(element)),
            (_, Some(value)) => self.fits_one(value),
        }
    }

    fn fits_one(&self, value: AnyValue<'_>) -> bool {
        match (self, value) {
            (Self::Bool(wanted), AnyValue::Bool(value)) => *wanted == value,
            (Self::Int(wanted), AnyValue::Int(value)) => *wanted == value,
            (Self::Text(_), AnyValue::String(text)) => {
                std::str::from_utf8(text).is_ok_and(|text| self.fits_text(text))
            }
            _ => false,
        }
    }

    /// The text fits.
    pub fn fits_text(&self, text: &str) -> bool {
        let Self::Text(wanted) = self else {
            return false;
        };
        match wanted.strip_suffix('*') {
            Some(beginning) => text.starts_with(beginning),
            None => text == wanted,
        }
    }
}
