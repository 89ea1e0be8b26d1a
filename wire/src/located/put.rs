//! Numbers and texts, as located fields have them.

use alloc::vec::Vec;

use super::layout::{MAX_ELEMENTS, kind};
use crate::value::{AnyValue, Array};

/// Writes one number after the other.
pub(super) struct Put<'o>(pub(super) &'o mut [u8]);

impl Put<'_> {
    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let room = core::mem::take(&mut self.0);
        if let Some((place, rest)) = room.split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

/// A text, and where it lies.
#[inline]
pub(super) fn put_text(values: &mut Vec<u8>, text: &[u8]) -> [u8; 8] {
    let start = values.len();
    // Most are short, and pieces of a fixed length are copied without a call.
    let (pieces, rest) = text.as_chunks::<8>();
    if pieces.len() > 8 {
        values.extend_from_slice(text);
        return range(start, values);
    }
    for piece in pieces {
        values.extend_from_slice(piece);
    }
    match (rest.is_empty(), text.last_chunk::<8>()) {
        (true, _) => {}
        // The last eight bytes once more, over what is there of them.
        (false, Some(last)) => {
            values.truncate(start + text.len() - 8);
            values.extend_from_slice(last);
        }
        (false, None) => values.extend_from_slice(rest),
    }
    range(start, values)
}

#[inline]
fn range(start: usize, values: &[u8]) -> [u8; 8] {
    let (offset, length) = (start as u32, (values.len() - start) as u32);
    (u64::from(offset) | u64::from(length) << 32).to_le_bytes()
}

/// An array: how many of its elements were put, and where it lies.
pub(super) fn put_array(values: &mut Vec<u8>, array: Array<'_>) -> (usize, [u8; 8]) {
    let start = values.len();
    values.extend_from_slice(&[0; 4]);
    let mut count = 0_u32;
    for element in array.iter() {
        if (count as usize) < MAX_ELEMENTS {
            put_element(values, element);
        }
        count = count.saturating_add(1);
    }
    if let Some(room) = values.get_mut(start..start + 4) {
        room.copy_from_slice(&count.to_le_bytes());
    }
    (MAX_ELEMENTS.min(count as usize), range(start, values))
}

fn put_element(values: &mut Vec<u8>, element: AnyValue<'_>) {
    let mut put_bits = |kind, bits: [u8; 8]| {
        values.push(kind);
        values.extend_from_slice(&bits);
    };
    match element {
        AnyValue::Bool(value) => put_bits(kind::BOOL, u64::from(value).to_le_bytes()),
        AnyValue::Int(value) => put_bits(kind::INT, value.to_le_bytes()),
        AnyValue::Double(value) => put_bits(kind::DOUBLE, value.to_le_bytes()),
        AnyValue::String(text) => put_counted(values, kind::TEXT, text),
        AnyValue::Bytes(bytes) => put_counted(values, kind::BYTES, bytes),
        AnyValue::Array(_) | AnyValue::KvList | AnyValue::Empty => values.push(kind::NONE),
    }
}

fn put_counted(values: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    values.push(kind);
    values.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    values.extend_from_slice(bytes);
}
