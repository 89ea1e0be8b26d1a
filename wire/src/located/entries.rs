//! What items are made of: attributes, links and events.

use alloc::vec::Vec;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::layout::{ATTRIBUTE_SIZE, EVENT_SIZE, LINK_SIZE, kind};
use super::put::{Put, put_array, put_text};
use super::reads::KeyTable;
use crate::fields::{Fields, Value};
use crate::links::{span_id, trace_id};
use crate::otlp::{any_value, event, link};
use crate::value::{AnyValue, Attribute, plain_pair};

/// The two buffers.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) fields: Vec<u8>,
    pub(super) values: Vec<u8>,
    /// How many elements the arrays in them have.
    pub(super) elements: usize,
}

/// What an element of an array weighs besides its bytes. It is one of many ids, of a batch
/// that was received at once: a rule makes a key of each, and asks for it.
const FOR_EACH_ELEMENT: usize = 64;

impl Buffers {
    pub(super) fn clear(&mut self) {
        self.fields.clear();
        self.values.clear();
        self.elements = 0;
    }

    /// How much they are for a rule, in bytes.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        self.fields.len() + self.values.len() + self.elements * FOR_EACH_ELEMENT
    }

    /// An item, whose length is not known yet.
    pub(super) fn begin(&mut self, kind: u32) -> usize {
        self.fields.extend_from_slice(&kind.to_le_bytes());
        self.fields.extend_from_slice(&[0; 4]);
        self.fields.len()
    }

    pub(super) fn end(&mut self, start: usize) {
        let length = (self.fields.len() - start) as u32;
        self.put_at(start - 4, &length.to_le_bytes());
    }

    pub(super) fn put_at(&mut self, place: usize, bytes: &[u8]) {
        if let Some(room) = self.fields.get_mut(place..place + bytes.len()) {
            room.copy_from_slice(bytes);
        }
    }

    pub(super) fn link(&mut self, message: &[u8], has_others: bool, reads: &KeyTable) {
        let start = self.fields.len();
        self.fields.extend_from_slice(&[0; LINK_SIZE]);
        let (mut trace, mut id, mut flags) = (0, 0, 0);
        let mut state = &[][..];
        let (mut attributes, mut shown) = (0_u32, 0_u32);
        let mut unread = 0_u64;
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (link::TRACE_ID, Value::Bytes(bytes)) => trace = trace_id(bytes).unwrap_or(0),
                (link::SPAN_ID, Value::Bytes(bytes)) => id = span_id(bytes).unwrap_or(0),
                (link::TRACE_STATE, Value::Bytes(text)) => state = text,
                (link::FLAGS, Value::Fixed32(bits)) => flags = bits,
                (link::ATTRIBUTES, Value::Bytes(attribute)) => {
                    let written = self.attribute(attribute, reads);
                    if written == 0 && has_others {
                        unread = unread.wrapping_add(checksum(attribute));
                    }
                    attributes += 1;
                    shown += written;
                }
                _ => {}
            }
        }
        let mut out = [0; LINK_SIZE];
        let mut put = Put(&mut out);
        put.bytes(&((trace >> 64) as u64).to_le_bytes());
        put.bytes(&(trace as u64).to_le_bytes());
        put.bytes(&id.to_le_bytes());
        put.bytes(&unread.to_le_bytes());
        put.bytes(&put_text(&mut self.values, state));
        for number in [flags, attributes, shown] {
            put.bytes(&number.to_le_bytes());
        }
        self.put_at(start, &out);
    }

    /// Writes an event that has an attribute that is read, and answers whether it
    /// has: others take two bytes of a batch, and would take ten times as much.
    pub(super) fn event(&mut self, message: &[u8], reads: &KeyTable) -> bool {
        let start = self.fields.len();
        self.fields.extend_from_slice(&[0; EVENT_SIZE]);
        let (mut time, mut name, mut shown) = (0_u64, &[][..], 0_u32);
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (event::TIME_UNIX_NANO, Value::Fixed64(nanoseconds)) => time = nanoseconds,
                (event::NAME, Value::Bytes(text)) => name = text,
                (event::ATTRIBUTES, Value::Bytes(attribute)) => {
                    shown += self.attribute(attribute, reads);
                }
                _ => {}
            }
        }
        if shown == 0 {
            self.fields.truncate(start);
            return false;
        }
        let mut out = [0; EVENT_SIZE];
        let mut put = Put(&mut out);
        put.bytes(&time.to_le_bytes());
        put.bytes(&put_text(&mut self.values, name));
        put.bytes(&shown.to_le_bytes());
        self.put_at(start, &out);
        true
    }

    /// Writes an attribute if it is read, and answers how many entries that
    /// took.
    #[inline]
    pub(super) fn attribute(&mut self, message: &[u8], reads: &KeyTable) -> u32 {
        match plain_pair(message) {
            Some((key, value)) => self.plain_attribute(key, value, reads),
            None => self.any_attribute(message, reads),
        }
    }

    /// The same of one whose key and value are known.
    #[inline]
    pub(super) fn plain_attribute(&mut self, key: &[u8], value: &[u8], reads: &KeyTable) -> u32 {
        match reads.number(key) {
            Some((number, false)) => {
                self.value(number, value);
                1
            }
            Some((number, true)) => {
                self.key(number, key);
                self.value(number, value);
                2
            }
            None => 0,
        }
    }

    /// One that is written otherwise than nearly all are.
    #[inline(never)]
    pub(super) fn any_attribute(&mut self, message: &[u8], reads: &KeyTable) -> u32 {
        let attribute = Attribute::read(message);
        let Some((number, by_beginning)) = reads.number(attribute.key) else {
            return 0;
        };
        if by_beginning {
            self.key(number, attribute.key);
        }
        self.any_value(number, attribute.value);
        1 + u32::from(by_beginning)
    }

    fn key(&mut self, number: u16, key: &[u8]) {
        let text = put_text(&mut self.values, key);
        self.entry(number, kind::KEY, text);
    }

    #[inline]
    fn value(&mut self, number: u16, message: &[u8]) {
        const STRING: u8 = (any_value::STRING << 3 | 2) as u8;
        match message.split_first_chunk() {
            Some((&[STRING, length], text)) if usize::from(length) == text.len() => {
                if length < 0x80 {
                    let text = put_text(&mut self.values, text);
                    self.entry(number, kind::TEXT, text);
                } else {
                    self.any_value(number, AnyValue::read(message));
                }
            }
            _ => self.any_value(number, AnyValue::read(message)),
        }
    }

    fn any_value(&mut self, number: u16, value: AnyValue<'_>) {
        let (kind, bits) = match value {
            AnyValue::String(text) => (kind::TEXT, put_text(&mut self.values, text)),
            AnyValue::Bytes(bytes) => (kind::BYTES, put_text(&mut self.values, bytes)),
            AnyValue::Array(array) => {
                let (elements, place) = put_array(&mut self.values, array);
                self.elements += elements;
                (kind::ARRAY, place)
            }
            AnyValue::Bool(value) => (kind::BOOL, u64::from(value).to_le_bytes()),
            AnyValue::Int(value) => (kind::INT, value.to_le_bytes()),
            AnyValue::Double(value) => (kind::DOUBLE, value.to_le_bytes()),
            AnyValue::KvList | AnyValue::Empty => (kind::NONE, [0; 8]),
        };
        self.entry(number, kind, bits);
    }

    #[inline]
    fn entry(&mut self, number: u16, kind: u8, value: [u8; 8]) {
        let head = u32::from(number) | u32::from(kind) << 16;
        let mut entry = [0; ATTRIBUTE_SIZE];
        let mut put = Put(&mut entry);
        put.bytes(&head.to_le_bytes());
        put.bytes(&value);
        self.fields.extend_from_slice(&entry);
    }
}

/// Of key and value, whichever is written first.
fn checksum(attribute: &[u8]) -> u64 {
    let (mut key, mut value) = (&[][..], &[][..]);
    match plain_pair(attribute) {
        Some(pair) => (key, value) = pair,
        None => {
            for field in Fields::new(attribute).flatten() {
                match (field.number, field.value) {
                    (crate::otlp::key_value::KEY, Value::Bytes(bytes)) => key = bytes,
                    (crate::otlp::key_value::VALUE, Value::Bytes(bytes)) => value = bytes,
                    _ => {}
                }
            }
        }
    }
    xxh3_64_with_seed(value, xxh3_64(key))
}
