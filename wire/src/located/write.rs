//! From the bytes of a batch to located fields.

use alloc::vec::Vec;
use core::ops::Range;

use super::entries::Buffers;
use super::layout::{ATTRIBUTE_SIZE, HEAD, Located, RESOURCE, SCOPE, SCOPE_SIZE, SPAN, SPAN_SIZE};
use super::put::{Put, put_text};
use super::reads::Reads;
use crate::check::{SPAN_DEPTH, check_any_attribute, check_field, plain_attribute};
use crate::cursor::Cursor;
use crate::error::WireError;
use crate::fields::Fields;
use crate::links::{span_id, trace_id};
use crate::otlp::{resource, resource_spans, scope, scope_spans, span, status};
use crate::scan::{Frame, Scan};
use crate::schema;
use crate::walk::{Walk, delimited};

/// Writes located fields. Made once and used for batch after batch.
#[derive(Debug, Default)]
pub struct Locator {
    pub(super) out: Buffers,
    /// Of the span that is read, and how many of them are wanted at most.
    links: Vec<Range<usize>>,
    pub(super) most_links: usize,
    events: Vec<Range<usize>>,
}

/// What is kept room for a span: itself and ten attributes.
const FOR_EACH: usize = HEAD + SPAN_SIZE + 10 * ATTRIBUTE_SIZE;

/// What a span says of itself, beside its links and events.
#[derive(Default)]
pub(super) struct Head {
    /// Where its item begins.
    start: usize,
    trace_id: u128,
    span_id: u64,
    parent_span_id: u64,
    start_time: u64,
    end_time: u64,
    flags: u32,
    pub(super) kind: u32,
    status: u32,
    dropped_links: u32,
    name: Range<usize>,
    trace_state: Range<usize>,
    attributes: u32,
    /// How many it has; those that are too many are not written.
    pub(super) links: usize,
}

impl Head {
    /// Both ids are valid.
    pub(super) fn has_ids(&self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }
}

impl Locator {
    /// What was located last.
    #[must_use]
    pub fn located(&self) -> Located<'_> {
        Located {
            fields: &self.out.fields,
            values: &self.out.values,
        }
    }

    /// What it keeps room for, in bytes.
    #[must_use]
    pub fn takes(&self) -> usize {
        let ranges = self.links.capacity() + self.events.capacity();
        let out = self.out.fields.capacity() + self.out.values.capacity();
        out + ranges * size_of::<Range<usize>>()
    }

    /// Locates those of the selected spans of a batch whose numbers are in the
    /// range. `scan` is the walk over `batch`.
    pub fn locate(&mut self, batch: &[u8], scan: &Scan, spans: Range<usize>, reads: &Reads) {
        self.out.clear();
        self.most_links = usize::MAX;
        let selected = scan.selected.get(spans).unwrap_or_default();
        self.out.fields.reserve(selected.len() * FOR_EACH);
        self.out.values.reserve(selected.len() * FOR_EACH);
        let mut resource = usize::MAX;
        for spans in selected.chunk_by(|a, b| a.scope() == b.scope()) {
            let Some(first) = spans.first() else {
                continue;
            };
            let parent = scan.resource_of(first);
            if parent != resource {
                resource = parent;
                let frame = scan.resources.get(resource);
                self.resource(others(batch, frame, &scan.resource_others), reads);
            }
            let scope = self.begin_scope();
            for span in spans {
                let cursor = Cursor::new(batch).within(span.body.clone());
                let mut head = self.begin_span();
                // What is not well-formed the walk over the batch refused before.
                let _ = self.read_span(cursor, &mut head, reads);
                self.end_span(cursor, &head, reads);
            }
            let frame = scan.scopes.get(first.scope());
            self.end_scope(scope, others(batch, frame, &scan.scope_others));
        }
    }

    /// Of all fields of a `ResourceSpans`, which lie in these pieces, its resource.
    pub(super) fn resource<'b>(&mut self, pieces: impl Iterator<Item = &'b [u8]>, reads: &Reads) {
        let start = self.out.begin(RESOURCE);
        for message in pieces.flat_map(|piece| Walk::new(piece).all(resource_spans::RESOURCE)) {
            for attribute in Walk::new(message).all(resource::ATTRIBUTES) {
                self.out.attribute(attribute, &reads.attributes);
            }
        }
        self.out.end(start);
    }

    /// A scope, of which nothing is known yet.
    pub(super) fn begin_scope(&mut self) -> usize {
        let start = self.out.begin(SCOPE);
        self.out.fields.extend_from_slice(&[0; SCOPE_SIZE]);
        self.out.end(start);
        start
    }

    /// What a scope says of itself, of all fields of its `ScopeSpans`.
    pub(super) fn end_scope<'b>(&mut self, start: usize, pieces: impl Iterator<Item = &'b [u8]>) {
        const NAME: u64 = delimited(scope::NAME);
        const VERSION: u64 = delimited(scope::VERSION);
        let (mut name, mut version) = (&[][..], &[][..]);
        for message in pieces.flat_map(|piece| Walk::new(piece).all(scope_spans::SCOPE)) {
            for (tag, text) in Walk::new(message) {
                match tag {
                    NAME => name = text,
                    VERSION => version = text,
                    _ => {}
                }
            }
        }
        let texts = [name, version].map(|text| put_text(&mut self.out.values, text));
        self.out.put_at(start, texts.as_flattened());
    }

    pub(super) fn begin_span(&mut self) -> Head {
        self.links.clear();
        self.events.clear();
        let start = self.out.begin(SPAN);
        self.out.fields.extend_from_slice(&[0; SPAN_SIZE]);
        Head {
            start,
            ..Head::default()
        }
    }

    /// Reads the fields of a span, writes its attributes, and checks all of it.
    pub(super) fn read_span(
        &mut self,
        mut cursor: Cursor<'_>,
        head: &mut Head,
        reads: &Reads,
    ) -> Result<(), WireError> {
        while !cursor.is_at_end() {
            self.span_field(&mut cursor, head, reads)?;
        }
        Ok(())
    }

    /// Writes links and events, and then the head. `cursor` is in the batch.
    pub(super) fn end_span(&mut self, cursor: Cursor<'_>, head: &Head, reads: &Reads) {
        for link in &self.links {
            let body = cursor.slice(link.clone());
            self.out.link(body, self.links.len() > 1, &reads.attributes);
        }
        let mut shown = 0;
        for event in &self.events {
            let body = cursor.slice(event.clone());
            shown += u32::from(self.out.event(body, &reads.events));
        }
        let name = put_text(&mut self.out.values, cursor.slice(head.name.clone()));
        let trace_state = put_text(&mut self.out.values, cursor.slice(head.trace_state.clone()));
        let counts = [head.attributes, self.links.len() as u32, shown];
        self.out
            .put_at(head.start, &laid_out(head, name, trace_state, counts));
        self.out.end(head.start);
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
        const TRACE_ID: u32 = span::TRACE_ID << 3 | DELIMITED;
        const SPAN_ID: u32 = span::SPAN_ID << 3 | DELIMITED;
        const PARENT_SPAN_ID: u32 = span::PARENT_SPAN_ID << 3 | DELIMITED;
        const TRACE_STATE: u32 = span::TRACE_STATE << 3 | DELIMITED;
        const NAME: u32 = span::NAME << 3 | DELIMITED;
        const KIND: u32 = span::KIND << 3;
        const DROPPED_LINKS: u32 = span::DROPPED_LINKS_COUNT << 3;
        const START: u32 = span::START_TIME_UNIX_NANO << 3 | 1;
        const END: u32 = span::END_TIME_UNIX_NANO << 3 | 1;
        const FLAGS: u32 = span::FLAGS << 3 | 5;
        let tag = cursor.tag()?;
        match tag {
            // Half of all fields.
            ATTRIBUTE => {
                let body = cursor.delimited()?;
                head.attributes += self.attribute(*cursor, body, reads)?;
            }
            TRACE_ID => {
                let id = cursor.delimited()?;
                head.trace_id = trace_id(cursor.slice(id)).unwrap_or(0);
            }
            SPAN_ID => {
                let id = cursor.delimited()?;
                head.span_id = span_id(cursor.slice(id)).unwrap_or(0);
            }
            PARENT_SPAN_ID => {
                let id = cursor.delimited()?;
                head.parent_span_id = span_id(cursor.slice(id)).unwrap_or(0);
            }
            TRACE_STATE => head.trace_state = cursor.delimited()?,
            NAME => head.name = cursor.delimited()?,
            // Enums are int32: readers take the low 32 bits.
            KIND => head.kind = cursor.varint()? as u32,
            DROPPED_LINKS => head.dropped_links = cursor.varint()? as u32,
            START => head.start_time = cursor.fixed64()?,
            END => head.end_time = cursor.fixed64()?,
            FLAGS => head.flags = cursor.fixed32()?,
            _ => self.other_field(tag, cursor, head, reads)?,
        }
        Ok(())
    }

    #[inline]
    fn attribute(
        &mut self,
        cursor: Cursor<'_>,
        body: Range<usize>,
        reads: &Reads,
    ) -> Result<u32, WireError> {
        let message = cursor.slice(body.clone());
        if let Some((key, value)) = plain_attribute(message) {
            return Ok(self.out.plain_attribute(key, value, &reads.attributes));
        }
        check_any_attribute(cursor.within(body))?;
        Ok(self.out.any_attribute(message, &reads.attributes))
    }

    fn other_field(
        &mut self,
        tag: u32,
        cursor: &mut Cursor<'_>,
        head: &mut Head,
        reads: &Reads,
    ) -> Result<(), WireError> {
        const LINK: u32 = span::LINKS << 3 | 2;
        const EVENT: u32 = span::EVENTS << 3 | 2;
        const STATUS: u32 = span::STATUS << 3 | 2;
        let mut before = *cursor;
        check_field(&schema::SPAN, tag, cursor, SPAN_DEPTH)?;
        match tag {
            LINK => {
                head.links += 1;
                if head.links <= self.most_links {
                    self.links.push(before.delimited()?);
                }
            }
            EVENT if reads.of_events() => {
                let body = before.delimited()?;
                // One of no bytes has no attribute.
                if !body.is_empty() {
                    self.events.push(body);
                }
            }
            STATUS => {
                let body = before.delimited()?;
                if let Some(code) = status_code(cursor.slice(body)) {
                    head.status = code;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn laid_out(head: &Head, name: [u8; 8], trace_state: [u8; 8], counts: [u32; 3]) -> [u8; SPAN_SIZE] {
    let mut out = [0; SPAN_SIZE];
    let mut put = Put(&mut out);
    put.bytes(&((head.trace_id >> 64) as u64).to_le_bytes());
    put.bytes(&(head.trace_id as u64).to_le_bytes());
    let numbers = [
        head.span_id,
        head.parent_span_id,
        head.start_time,
        head.end_time,
    ];
    for number in numbers {
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
) -> impl Iterator<Item = &'b [u8]> {
    let ranges = frame.and_then(|frame| ranges.get(frame.others.clone()));
    pieces(batch, ranges.unwrap_or_default())
}

pub(super) fn pieces<'b>(
    batch: &'b [u8],
    ranges: &[Range<usize>],
) -> impl Iterator<Item = &'b [u8]> {
    let ranges = ranges.iter().cloned();
    ranges.filter_map(|range| batch.get(range))
}
