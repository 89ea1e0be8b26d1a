//! The links of one span: reading them, and writing the span with others.

use alloc::vec::Vec;
use core::ops::Range;

use crate::cursor::Cursor;
use crate::encode::{put_bytes_field, put_fixed32_field, put_varint_field};
use crate::error::WireError;
use crate::fields::{Field, Fields, Value};
use crate::otlp::{link, span};
use crate::value::Attribute;

/// Where the links of a span lie. Made once and used for span after span.
#[derive(Debug, Default)]
pub struct SpanLinks {
    links: Vec<LinkAt>,
    /// The last `dropped_links_count`, and where it lies.
    dropped: Option<(u64, Range<usize>)>,
}

#[derive(Debug)]
struct LinkAt {
    field: Range<usize>,
    body: Range<usize>,
}

/// What becomes of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Keep,
    /// It goes.
    Drop,
    /// It becomes the `Link` message in this range of [`Rewrite::fresh`].
    Replace(Range<usize>),
}

/// What a span becomes.
#[derive(Debug, Clone, Copy)]
pub struct Rewrite<'a> {
    /// One for each link of the span, in their order. Links beyond them stay.
    pub fates: &'a [Fate],
    /// Links to append: ranges of `fresh`.
    pub added: &'a [Range<usize>],
    /// Holds the `Link` messages that are new.
    pub fresh: &'a [u8],
    /// The new `dropped_links_count`, when it is to change.
    pub dropped: Option<u32>,
}

impl SpanLinks {
    /// Forgets the links of the span before: the next one has none. Then its
    /// `dropped_links_count` is not known and stays as it is, unless it is to
    /// change.
    pub fn clear(&mut self) {
        self.links.clear();
        self.dropped = None;
    }

    /// Finds the links of the span whose fields lie in `body` of `batch`, and
    /// forgets those of the span before. The span is well-formed: a
    /// [`crate::Scan`] checked it.
    pub fn read(&mut self, batch: &[u8], body: Range<usize>) {
        self.clear();
        let mut cursor = Cursor::new(batch).within(body);
        while !cursor.is_at_end() {
            let start = cursor.position();
            if self.read_field(&mut cursor, start).is_err() {
                break;
            }
        }
    }

    /// Every edited span comes by here: only what is looked for is read.
    #[inline]
    fn read_field(&mut self, cursor: &mut Cursor<'_>, start: usize) -> Result<(), WireError> {
        const LINK: u32 = span::LINKS << 3 | 2;
        const DROPPED: u32 = span::DROPPED_LINKS_COUNT << 3;
        match cursor.tag()? {
            LINK => {
                let body = cursor.delimited()?;
                let field = start..body.end;
                self.links.push(LinkAt { field, body });
            }
            DROPPED => {
                let count = cursor.varint()?;
                self.dropped = Some((count, start..cursor.position()));
            }
            tag => cursor.skip(tag)?,
        }
        Ok(())
    }

    /// How many links the span has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// The span has no links.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// The message of a link, empty when there is no such link. `batch` is the
    /// one that was read.
    #[must_use]
    pub fn link<'b>(&self, batch: &'b [u8], index: usize) -> &'b [u8] {
        let body = self.links.get(index).map(|link| link.body.clone());
        body.and_then(|body| batch.get(body)).unwrap_or_default()
    }

    /// The span's `dropped_links_count`; what does not fit a uint32 is read as
    /// protobuf readers do, by its low 32 bits.
    #[must_use]
    pub fn dropped_links_count(&self) -> u32 {
        self.dropped.as_ref().map_or(0, |(count, _)| *count as u32)
    }

    /// Appends the fields of the span that was read, with other links, to
    /// `out`, but for those in front of the first one that changes: the answer is
    /// where these lie, see [`crate::Patch::kept`]. All that is not a link or the
    /// dropped count is copied as it lies. Added links follow the last link, or
    /// stand at the end.
    #[must_use]
    pub fn rewrite(
        &self,
        batch: &[u8],
        body: Range<usize>,
        rewrite: Rewrite<'_>,
        out: &mut Vec<u8>,
    ) -> Range<usize> {
        let mut copier = Copier {
            batch,
            kept: None,
            copied: body.start,
            old_count: self.dropped.as_ref().map(|(_, range)| range.clone()),
            new_count: rewrite.dropped,
            out,
        };
        for (link, fate) in self.links.iter().zip(rewrite.fates) {
            if *fate == Fate::Keep {
                continue;
            }
            copier.cut(link.field.clone());
            if let Fate::Replace(range) = fate {
                copier.put_link(rewrite.fresh, range);
            }
        }
        let insert_at = self.links.last().map_or(body.end, |last| last.field.end);
        copier.cut(insert_at..insert_at);
        for range in rewrite.added {
            copier.put_link(rewrite.fresh, range);
        }
        if self.dropped.is_none() {
            copier.put_count();
        }
        copier.cut(body.end..body.end);
        body.start..copier.kept.unwrap_or(body.start)
    }
}

/// Copies a span, but for what is cut out of it.
struct Copier<'a> {
    batch: &'a [u8],
    /// Where the fields end that are not copied: those in front of all others.
    kept: Option<usize>,
    copied: usize,
    old_count: Option<Range<usize>>,
    new_count: Option<u32>,
    out: &'a mut Vec<u8>,
}

impl Copier<'_> {
    /// Copies up to the start of `range` and goes on at its end. The old
    /// dropped count, wherever it lies before, becomes the new one on the way.
    fn cut(&mut self, range: Range<usize>) {
        if self.new_count.is_some()
            && let Some(count) = self.old_count.take_if(|count| count.start < range.start)
        {
            self.copy_to(count.start);
            self.put_count();
            self.copied = count.end;
        }
        self.copy_to(range.start);
        self.copied = range.end;
    }

    fn copy_to(&mut self, end: usize) {
        if self.kept.is_none() {
            self.kept = Some(end);
            self.copied = end;
            return;
        }
        let piece = self.batch.get(self.copied..end).unwrap_or_default();
        self.out.extend_from_slice(piece);
    }

    fn put_count(&mut self) {
        if let Some(count) = self.new_count {
            put_varint_field(self.out, span::DROPPED_LINKS_COUNT, u64::from(count));
        }
    }

    fn put_link(&mut self, fresh: &[u8], range: &Range<usize>) {
        let message = fresh.get(range.clone()).unwrap_or_default();
        put_bytes_field(self.out, span::LINKS, message);
    }
}

/// A `Link` message.
#[derive(Debug, Clone, Copy, Default)]
pub struct Link<'a> {
    /// 16 bytes when it is valid.
    pub trace_id: &'a [u8],
    /// 8 bytes when it is valid.
    pub span_id: &'a [u8],
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// OTLP flags.
    pub flags: u32,
    message: &'a [u8],
}

impl<'a> Link<'a> {
    /// Reads a `Link` message. Of repeated fields the last wins.
    #[inline]
    #[must_use]
    pub fn read(message: &'a [u8]) -> Self {
        let mut link = Self {
            message,
            ..Self::default()
        };
        for field in Fields::new(message).flatten() {
            match (field.number, field.value) {
                (link::TRACE_ID, Value::Bytes(id)) => link.trace_id = id,
                (link::SPAN_ID, Value::Bytes(id)) => link.span_id = id,
                (link::TRACE_STATE, Value::Bytes(state)) => link.trace_state = state,
                (link::FLAGS, Value::Fixed32(flags)) => link.flags = flags,
                _ => {}
            }
        }
        link
    }

    /// Both ids have their length and are not all zeros.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        trace_id(self.trace_id).is_some() && span_id(self.span_id).is_some()
    }

    /// The attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        Fields::new(self.message)
            .flatten()
            .filter(|field| field.number == link::ATTRIBUTES)
            .filter_map(|field| field.bytes())
            .map(Attribute::read)
    }
}

/// A valid trace id (W3C: 16 bytes, not all zeros).
#[inline]
#[must_use]
pub fn trace_id(bytes: &[u8]) -> Option<u128> {
    let id = u128::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(id)
}

/// A valid span id (W3C: 8 bytes, not all zeros).
#[inline]
#[must_use]
pub fn span_id(bytes: &[u8]) -> Option<u64> {
    let id = u64::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(id)
}

/// What a link points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// W3C trace id, big-endian.
    pub trace_id: u128,
    /// W3C span id, big-endian.
    pub span_id: u64,
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// OTLP flags.
    pub flags: u32,
}

impl Context<'_> {
    /// Neither id is all zeros.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.trace_id != 0 && self.span_id != 0
    }

    /// Appends the fields of a new `Link` message.
    pub fn put(&self, out: &mut Vec<u8>) {
        self.put_ids(out);
        if !self.trace_state.is_empty() {
            put_bytes_field(out, link::TRACE_STATE, self.trace_state);
        }
        self.put_flags(out);
    }

    /// Appends the fields of the `Link` message `original`, with this context
    /// for its own. Its trace state stays when this has none; its flags do not.
    pub fn put_over(&self, original: &[u8], out: &mut Vec<u8>) {
        self.put_ids(out);
        if !self.trace_state.is_empty() {
            put_bytes_field(out, link::TRACE_STATE, self.trace_state);
        }
        let replaced = |field: &Field<'_>| match field.number {
            link::TRACE_ID | link::SPAN_ID | link::FLAGS => true,
            link::TRACE_STATE => !self.trace_state.is_empty(),
            _ => false,
        };
        for field in Fields::new(original)
            .flatten()
            .filter(|field| !replaced(field))
        {
            out.extend_from_slice(original.get(field.start..field.end).unwrap_or_default());
        }
        self.put_flags(out);
    }

    fn put_ids(&self, out: &mut Vec<u8>) {
        put_bytes_field(out, link::TRACE_ID, &self.trace_id.to_be_bytes());
        put_bytes_field(out, link::SPAN_ID, &self.span_id.to_be_bytes());
    }

    fn put_flags(&self, out: &mut Vec<u8>) {
        if self.flags != 0 {
            put_fixed32_field(out, link::FLAGS, self.flags);
        }
    }
}
