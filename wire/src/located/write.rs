//! From the bytes of a batch to located fields.

use alloc::vec::Vec;
use core::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::put::{Put, put_array, put_text};
use super::reads::{KeyTable, Reads};
use super::{
    ATTRIBUTE_SIZE, EVENT_SIZE, HEAD, LINK_SIZE, Located, RESOURCE, SCOPE, SPAN, SPAN_SIZE, kind,
};
use crate::cursor::Cursor;
use crate::error::WireError;
use crate::fields::{Fields, Value};
use crate::links::{span_id, trace_id};
use crate::otlp::{
    any_value, event, field_number, link, resource, resource_spans, scope, scope_spans, span,
    status, wire_type,
};
use crate::scan::{Frame, Scan, SelectedSpan};
use crate::value::{AnyValue, Attribute, plain_pair};

/// Writes located fields. Made once and used for batch after batch.
#[derive(Debug, Default)]
pub struct Locator {
    fields: Vec<u8>,
    values: Vec<u8>,
    links: Vec<Range<usize>>,
    events: Vec<Range<usize>>,
}

/// What is kept room for a span: itself and ten attributes.
const FOR_EACH: usize = HEAD + SPAN_SIZE + 10 * ATTRIBUTE_SIZE;

/// What a span says of itself, beside its attributes and links.
#[derive(Default)]
struct Head {
    trace_id: u128,
    span_id: u64,
    parent_span_id: u64,
    start: u64,
    end: u64,
    flags: u32,
    kind: u32,
    status: u32,
    dropped_links: u32,
    name: Range<usize>,
    trace_state: Range<usize>,
    attributes: u32,
}

impl Locator {
    /// What was located last.
    #[must_use]
    pub fn located(&self) -> Located<'_> {
        Located {
            fields: &self.fields,
            values: &self.values,
        }
    }

    /// What it keeps room for, in bytes.
    #[must_use]
    pub fn takes(&self) -> usize {
        let ranges = self.links.capacity() + self.events.capacity();
        self.fields.capacity() + self.values.capacity() + ranges * size_of::<Range<usize>>()
    }

    /// Locates those of the selected spans of a batch whose numbers are in the
    /// range. `scan` is the walk over `batch`.
    pub fn locate(&mut self, batch: &[u8], scan: &Scan, spans: Range<usize>, reads: &Reads) {
        self.fields.clear();
        self.values.clear();
        let selected = scan.selected.get(spans).unwrap_or_default();
        self.fields.reserve(selected.len() * FOR_EACH);
        self.values.reserve(selected.len() * FOR_EACH);
        let mut scope = usize::MAX;
        let mut resource = usize::MAX;
        for span in selected {
            if span.scope != scope {
                scope = span.scope;
                let parent = scan.resource_of(span);
                if parent != resource {
                    resource = parent;
                    self.resource(batch, scan, resource, reads);
                }
                self.scope(batch, scan, scope);
            }
            self.span(batch, span, reads);
        }
    }

    fn resource(&mut self, batch: &[u8], scan: &Scan, number: usize, reads: &Reads) {
        let start = self.begin(RESOURCE);
        let others = others(batch, scan.resources.get(number), &scan.resource_others);
        for message in others.filter_map(|field| field.delimited(resource_spans::RESOURCE)) {
            let attributes = Fields::new(message).flatten();
            for attribute in attributes.filter_map(|field| delimited(&field, resource::ATTRIBUTES))
            {
                self.attribute(attribute, &reads.attributes);
            }
        }
        self.end(start);
    }

    fn scope(&mut self, batch: &[u8], scan: &Scan, number: usize) {
        let start = self.begin(SCOPE);
        let (mut name, mut version) = (&[][..], &[][..]);
        let others = others(batch, scan.scopes.get(number), &scan.scope_others);
        for message in others.filter_map(|field| field.delimited(scope_spans::SCOPE)) {
            for field in Fields::new(message).flatten() {
                match (field.number, field.value) {
                    (scope::NAME, Value::Bytes(text)) => name = text,
                    (scope::VERSION, Value::Bytes(text)) => version = text,
                    _ => {}
                }
            }
        }
        for text in [name, version] {
            let text = put_text(&mut self.values, text);
            self.fields.extend_from_slice(&text);
        }
        self.end(start);
    }

    /// An item, whose length is not known yet.
    fn begin(&mut self, kind: u32) -> usize {
        self.fields.extend_from_slice(&kind.to_le_bytes());
        self.fields.extend_from_slice(&[0; 4]);
        self.fields.len()
    }

    fn end(&mut self, start: usize) {
        let length = (self.fields.len() - start) as u32;
        self.put_at(start - 4, &length.to_le_bytes());
    }

    fn put_at(&mut self, place: usize, bytes: &[u8]) {
        if let Some(room) = self.fields.get_mut(place..place + bytes.len()) {
            room.copy_from_slice(bytes);
        }
    }

    fn span(&mut self, batch: &[u8], span: &SelectedSpan, reads: &Reads) {
        let start = self.begin(SPAN);
        self.fields.extend_from_slice(&[0; SPAN_SIZE]);
        self.links.clear();
        self.events.clear();
        let mut head = Head::default();
        let mut cursor = Cursor::new(batch).within(span.body.clone());
        // What is not well-formed the walk over the batch refused before.
        while !cursor.is_at_end() && self.span_field(&mut cursor, &mut head, reads).is_ok() {}
        let links = core::mem::take(&mut self.links);
        for link in &links {
            let body = cursor.slice(link.clone());
            self.link(body, links.len() > 1, &reads.attributes);
        }
        let events = core::mem::take(&mut self.events);
        let mut shown = 0;
        for event in &events {
            shown += u32::from(self.event(cursor.slice(event.clone()), &reads.events));
        }
        let counts = [head.attributes, links.len() as u32, shown];
        (self.links, self.events) = (links, events);
        let head = self.head(batch, &head, counts);
        self.put_at(start, &head);
        self.end(start);
    }

    #[inline]
    fn span_field(
        &mut self,
        cursor: &mut Cursor<'_>,
        head: &mut Head,
        reads: &Reads,
    ) -> Result<(), WireError> {
        const DELIMITED: u32 = 2;
        const ATTRIBUTE: u32 = span::ATTRIBUTES << 3 | DELIMITED;
        let tag = cursor.tag()?;
        // Half of all fields.
        if tag == ATTRIBUTE {
            let body = cursor.delimited()?;
            head.attributes += self.attribute(cursor.slice(body), &reads.attributes);
            return Ok(());
        }
        match (field_number(tag), wire_type(tag)) {
            (number, DELIMITED) => {
                let body = cursor.delimited()?;
                self.span_bytes(number, body, cursor, head, reads);
            }
            // Enums are int32: readers take the low 32 bits.
            (span::KIND, 0) => head.kind = cursor.varint()? as u32,
            (span::DROPPED_LINKS_COUNT, 0) => head.dropped_links = cursor.varint()? as u32,
            (span::START_TIME_UNIX_NANO, 1) => head.start = cursor.fixed64()?,
            (span::END_TIME_UNIX_NANO, 1) => head.end = cursor.fixed64()?,
            (span::FLAGS, 5) => head.flags = cursor.fixed32()?,
            _ => cursor.skip(tag)?,
        }
        Ok(())
    }

    #[inline]
    fn span_bytes(
        &mut self,
        number: u32,
        body: Range<usize>,
        cursor: &Cursor<'_>,
        head: &mut Head,
        reads: &Reads,
    ) {
        match number {
            span::TRACE_ID => head.trace_id = trace_id(cursor.slice(body)).unwrap_or(0),
            span::SPAN_ID => head.span_id = span_id(cursor.slice(body)).unwrap_or(0),
            span::PARENT_SPAN_ID => head.parent_span_id = span_id(cursor.slice(body)).unwrap_or(0),
            span::TRACE_STATE => head.trace_state = body,
            span::NAME => head.name = body,
            span::LINKS => self.links.push(body),
            span::EVENTS if reads.of_events() => self.events.push(body),
            span::STATUS => {
                if let Some(code) = status_code(cursor.slice(body)) {
                    head.status = code;
                }
            }
            _ => {}
        }
    }

    fn head(&mut self, batch: &[u8], head: &Head, counts: [u32; 3]) -> [u8; SPAN_SIZE] {
        let text = |range: &Range<usize>| batch.get(range.clone()).unwrap_or_default();
        let name = put_text(&mut self.values, text(&head.name));
        let trace_state = put_text(&mut self.values, text(&head.trace_state));
        let mut out = [0; SPAN_SIZE];
        let mut put = Put(&mut out);
        put.bytes(&((head.trace_id >> 64) as u64).to_le_bytes());
        put.bytes(&(head.trace_id as u64).to_le_bytes());
        for number in [head.span_id, head.parent_span_id, head.start, head.end] {
            put.bytes(&number.to_le_bytes());
        }
        for number in [head.flags, head.kind, head.status, head.dropped_links] {
            put.bytes(&number.to_le_bytes());
        }
        put.bytes(&name);
        put.bytes(&trace_state);
        for number in counts {
            put.bytes(&number.to_le_bytes());
        }
        out
    }

    fn link(&mut self, message: &[u8], has_others: bool, reads: &KeyTable) {
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
    fn event(&mut self, message: &[u8], reads: &KeyTable) -> bool {
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
    fn attribute(&mut self, message: &[u8], reads: &KeyTable) -> u32 {
        match plain_pair(message) {
            Some((key, value)) => match reads.number(key) {
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
            },
            None => self.any_attribute(message, reads),
        }
    }

    /// One that is written otherwise than nearly all are.
    #[inline(never)]
    fn any_attribute(&mut self, message: &[u8], reads: &KeyTable) -> u32 {
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
            AnyValue::Array(array) => (kind::ARRAY, put_array(&mut self.values, array)),
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

fn status_code(message: &[u8]) -> Option<u32> {
    let codes = Fields::new(message)
        .flatten()
        .filter(|field| field.number == status::CODE);
    codes.last()?.number_value().map(|code| code as u32)
}

/// What lies in a frame beside what it holds.
fn others<'b>(
    batch: &'b [u8],
    frame: Option<&Frame>,
    ranges: &[Range<usize>],
) -> impl Iterator<Item = Other<'b>> {
    let ranges = frame.and_then(|frame| ranges.get(frame.others.clone()));
    let ranges = ranges.unwrap_or_default().iter().cloned();
    ranges.flat_map(|range| Fields::within(batch, range).flatten().map(Other))
}

struct Other<'b>(crate::fields::Field<'b>);

impl<'b> Other<'b> {
    fn delimited(&self, number: u32) -> Option<&'b [u8]> {
        delimited(&self.0, number)
    }
}

fn delimited<'b>(field: &crate::fields::Field<'b>, number: u32) -> Option<&'b [u8]> {
    field.bytes().filter(|_| field.number == number)
}
