//! Records as the canonical ABI lays them out in the memory of a rule, for the world
//! `span-rule`: each list is an allocation of its own there, so an image has as many blocks,
//! and says where the address of one stands in another.

use std::borrow::Cow;
use std::ops::Range;

use linkmend_core::records::{Link, Origin, Records, Span, Value};

use crate::numbers::put_u32;

/// The image of `traces`, the argument of `spans.process`.
#[derive(Default)]
struct Image {
    blocks: Vec<Block>,
    fixups: Vec<Fixup>,
}

/// An allocation; 0 is none, but the arguments of the call.
struct Block {
    align: u32,
    bytes: Vec<u8>,
}

/// Where the address of a block stands.
struct Fixup {
    block: u32,
    offset: u32,
    target: u32,
}

/// A list that has been laid out: its block, and how many items it has.
#[derive(Clone, Copy)]
struct List {
    block: Option<u32>,
    length: u32,
    align: u32,
}

/// Some of the spans, with the origins of these alone.
pub(crate) fn of(records: &Records<'_>, part: Range<usize>) -> Vec<u8> {
    let spans = records.spans.get(part).unwrap_or_default();
    let first = spans.first().map_or(0, |span| span.origin);
    let last = spans.last().map_or(0, |span| span.origin);
    let origins = records.origins.get(first as usize..=last as usize);
    let mut image = Image::default();
    image.blocks.push(Block {
        align: 4,
        bytes: Vec::new(),
    });
    let origins = image.list(4, origins.unwrap_or_default(), |image, at, origin| {
        image.put_origin(at, records, origin);
    });
    let spans = image.list(8, spans, |image, at, span| {
        image.put_span(at, records, span, span.origin - first);
    });
    image.put_list(0, origins);
    image.put_list(0, spans);
    image.end()
}

impl Image {
    /// Lays a list out, whose items are put one after the other.
    fn list<T>(&mut self, align: u32, items: &[T], put: impl Fn(&mut Self, u32, &T)) -> List {
        let length = items.len() as u32;
        if items.is_empty() {
            let block = None;
            return List {
                block,
                length,
                align,
            };
        }
        let block = self.blocks.len() as u32;
        self.blocks.push(Block {
            align,
            bytes: Vec::new(),
        });
        for item in items {
            put(self, block, item);
        }
        List {
            block: Some(block),
            length,
            align,
        }
    }

    fn bytes_list(&mut self, bytes: &[u8]) -> List {
        let block = (!bytes.is_empty()).then_some(self.blocks.len() as u32);
        if block.is_some() {
            self.blocks.push(Block {
                align: 1,
                bytes: bytes.to_vec(),
            });
        }
        List {
            block,
            length: bytes.len() as u32,
            align: 1,
        }
    }

    /// Puts bytes at the end of a block.
    fn put(&mut self, at: u32, bytes: &[u8]) {
        if let Some(block) = self.blocks.get_mut(at as usize) {
            block.bytes.extend_from_slice(bytes);
        }
    }

    fn length(&self, block: u32) -> u32 {
        let block = self.blocks.get(block as usize);
        block.map_or(0, |block| block.bytes.len() as u32)
    }

    fn put_list(&mut self, at: u32, list: List) {
        if let Some(target) = list.block {
            let offset = self.length(at);
            self.fixups.push(Fixup {
                block: at,
                offset,
                target,
            });
        }
        // An address that nobody reads, and that is none of null.
        self.put_u32(at, list.align);
        self.put_u32(at, list.length);
    }

    fn put_text(&mut self, at: u32, text: &str) {
        let text = self.bytes_list(text.as_bytes());
        self.put_list(at, text);
    }

    fn put_u64(&mut self, at: u32, number: u64) {
        self.put(at, &number.to_le_bytes());
    }

    fn put_u32(&mut self, at: u32, number: u32) {
        self.put(at, &number.to_le_bytes());
    }

    fn put_ids(&mut self, at: u32, trace_id: u128, span_id: u64) {
        self.put_u64(at, (trace_id >> 64) as u64);
        self.put_u64(at, trace_id as u64);
        self.put_u64(at, span_id);
    }

    fn put_origin(&mut self, at: u32, records: &Records<'_>, origin: &Origin<'_>) {
        self.put_attributes(at, records, &origin.attributes);
        self.put_text(at, &origin.scope_name);
        self.put_text(at, &origin.scope_version);
    }

    fn put_span(&mut self, at: u32, records: &Records<'_>, span: &Span<'_>, origin: u32) {
        self.put_u32(at, origin);
        self.put_u32(at, 0);
        self.put_ids(at, span.trace_id, span.span_id);
        self.put_u64(at, span.parent_span_id);
        self.put_text(at, &span.trace_state);
        self.put_text(at, &span.name);
        self.put_u32(at, span.kind.cast_unsigned());
        self.put_u32(at, 0);
        self.put_u64(at, span.start);
        self.put_u64(at, span.end);
        self.put_attributes(at, records, &span.attributes);
        let links = records.links.get(span.links.clone()).unwrap_or_default();
        let links = self.list(8, links, |image, at, link| {
            image.put_link(at, records, link);
        });
        self.put_list(at, links);
        self.put_u32(at, span.dropped_links_count);
        self.put_u32(at, span.status.cast_unsigned());
        self.put_u32(at, span.flags);
        self.put_u32(at, 0);
    }

    fn put_link(&mut self, at: u32, records: &Records<'_>, link: &Link<'_>) {
        self.put_ids(at, link.trace_id, link.span_id);
        self.put_text(at, &link.trace_state);
        self.put_attributes(at, records, &link.attributes);
        self.put_u32(at, link.flags);
        self.put_u32(at, 0);
    }

    fn put_attributes(&mut self, at: u32, records: &Records<'_>, range: &Range<usize>) {
        let attributes = records.attributes.get(range.clone()).unwrap_or_default();
        let list = self.list(8, attributes, |image, at, (key, value)| {
            image.put_text(at, key);
            image.put_value(at, records, value);
        });
        self.put_list(at, list);
    }

    /// A variant of eight cases, whose payload is as large as the largest.
    fn put_value(&mut self, at: u32, records: &Records<'_>, value: &Value<'_>) {
        let case: u64 = match value {
            Value::Text(_) => 0,
            Value::Boolean(_) => 1,
            Value::Integer(_) => 2,
            Value::Double(_) => 3,
            Value::Bytes(_) => 4,
            Value::Texts(_) => 5,
            Value::Integers(_) => 6,
            Value::Other => 7,
        };
        self.put_u64(at, case);
        match value {
            Value::Text(text) => self.put_text(at, text),
            Value::Boolean(value) => self.put_u64(at, u64::from(*value)),
            Value::Integer(value) => self.put_u64(at, value.cast_unsigned()),
            Value::Double(value) => self.put_u64(at, value.to_bits()),
            Value::Bytes(bytes) => {
                let bytes = self.bytes_list(bytes);
                self.put_list(at, bytes);
            }
            Value::Texts(range) => {
                let texts: &[Cow<'_, str>] = records.texts.get(range.clone()).unwrap_or_default();
                let texts = self.list(4, texts, |image, at, text| image.put_text(at, text));
                self.put_list(at, texts);
            }
            Value::Integers(range) => {
                let integers = records.integers.get(range.clone()).unwrap_or_default();
                let integers = self.list(8, integers, |image, at, integer| {
                    image.put_u64(at, integer.cast_unsigned());
                });
                self.put_list(at, integers);
            }
            Value::Other => self.put_u64(at, 0),
        }
    }

    /// How many blocks and fixups, these, and the bytes of the blocks.
    fn end(self) -> Vec<u8> {
        let bytes: usize = self.blocks.iter().map(|block| block.bytes.len()).sum();
        let tables = 8 + self.blocks.len() * 8 + self.fixups.len() * 12;
        let mut out = Vec::with_capacity(tables + bytes);
        put_u32(&mut out, self.blocks.len() as u32);
        put_u32(&mut out, self.fixups.len() as u32);
        for block in &self.blocks {
            put_u32(&mut out, block.align);
            put_u32(&mut out, block.bytes.len() as u32);
        }
        for fixup in &self.fixups {
            put_u32(&mut out, fixup.block);
            put_u32(&mut out, fixup.offset);
            put_u32(&mut out, fixup.target);
        }
        for block in &self.blocks {
            out.extend_from_slice(&block.bytes);
        }
        out
    }
}
