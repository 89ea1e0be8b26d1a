//! Texts that are kept until links say them.

use crate::records::Run;
use crate::value::Value;

/// Appends a text. What goes into links must be UTF-8; other texts are left
/// out.
pub fn put_text(text: &[u8], texts: &mut Vec<u8>) -> Run {
    let start = texts.len();
    if core::str::from_utf8(text).is_ok() {
        texts.extend_from_slice(text);
    }
    Run::since(start, texts)
}

/// Appends a value, as it is written in keys.
pub fn put_value(value: Value<'_>, texts: &mut Vec<u8>) -> Run {
    let mut made = Vec::new();
    put_text(value.written(&mut made), texts)
}
