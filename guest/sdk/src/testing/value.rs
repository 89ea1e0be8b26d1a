//! Values of attributes, for building spans.

use linkmend_wire::encode::{put_bytes_field, put_fixed64_field, put_varint_field};
use linkmend_wire::otlp::{any_value, key_value, list};

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum TestValue {
    /// A string.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An array.
    Array(Vec<TestValue>),
}

impl From<&str> for TestValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for TestValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for TestValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for TestValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for TestValue {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for TestValue {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl<V: Into<TestValue>> From<Vec<V>> for TestValue {
    fn from(values: Vec<V>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<TestValue>, const N: usize> From<[V; N]> for TestValue {
    fn from(values: [V; N]) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl TestValue {
    /// An `AnyValue` message.
    fn message(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Text(text) => put_bytes_field(&mut out, any_value::STRING, text.as_bytes()),
            Self::Bool(value) => put_varint_field(&mut out, any_value::BOOL, (*value).into()),
            Self::Int(value) => put_varint_field(&mut out, any_value::INT, value.cast_unsigned()),
            Self::Double(value) => put_fixed64_field(&mut out, any_value::DOUBLE, value.to_bits()),
            Self::Bytes(bytes) => put_bytes_field(&mut out, any_value::BYTES, bytes),
            Self::Array(values) => {
                let mut array = Vec::new();
                for value in values {
                    put_bytes_field(&mut array, list::VALUES, &value.message());
                }
                put_bytes_field(&mut out, any_value::ARRAY, &array);
            }
        }
        out
    }
}

/// Appends attributes, as fields of this number.
pub(super) fn put_attributes(attributes: &[(String, TestValue)], number: u32, out: &mut Vec<u8>) {
    for (key, value) in attributes {
        let mut pair = Vec::new();
        put_bytes_field(&mut pair, key_value::KEY, key.as_bytes());
        put_bytes_field(&mut pair, key_value::VALUE, &value.message());
        put_bytes_field(out, number, &pair);
    }
}
