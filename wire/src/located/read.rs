//! Reading located fields.

use super::layout::{
    ATTRIBUTE_SIZE, EVENT_SIZE, HEAD, LINK_SIZE, Located, RESOURCE, SCOPE, SPAN, SPAN_SIZE, kind,
};

/// The items of a batch, one after the other. Ends where something is missing:
/// the host that wrote them does not.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    fields: &'a [u8],
    values: &'a [u8],
}

/// One of them.
#[derive(Debug, Clone)]
pub enum Item<'a> {
    /// What follows is of a resource with these attributes.
    Resource(Attributes<'a>),
    /// The spans that follow are of a scope with this name and version.
    Scope(&'a [u8], &'a [u8]),
    /// A span.
    Span(Span<'a>),
}

/// A span. What is empty or 0 was not there, or is not valid.
#[derive(Debug, Clone)]
pub struct Span<'a> {
    /// Big-endian.
    pub trace_id: u128,
    /// Big-endian.
    pub span_id: u64,
    /// 0: a root span.
    pub parent_span_id: u64,
    /// Nanoseconds since the Unix epoch.
    pub start: u64,
    /// Nanoseconds since the Unix epoch.
    pub end: u64,
    /// OTLP flags.
    pub flags: u32,
    /// The number of its kind.
    pub kind: u32,
    /// 0 unset, 1 ok, 2 error.
    pub status: u32,
    /// How many links its SDK dropped.
    pub dropped_links: u32,
    /// The name.
    pub name: &'a [u8],
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// How many links it has.
    pub links: u32,
    attributes: u32,
    rest: &'a [u8],
    values: &'a [u8],
}

/// A link. What is empty or 0 was not there, or is not valid.
#[derive(Debug, Clone)]
pub struct Link<'a> {
    /// Big-endian.
    pub trace_id: u128,
    /// Big-endian.
    pub span_id: u64,
    /// A sum over the attributes that are not read, see [`super`].
    pub unread: u64,
    /// W3C `tracestate`.
    pub trace_state: &'a [u8],
    /// OTLP flags.
    pub flags: u32,
    /// How many attributes it has, read or not.
    pub attribute_count: u32,
    /// Those that are read.
    pub attributes: Attributes<'a>,
}

/// An event of a span.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// Nanoseconds since the Unix epoch.
    pub time: u64,
    /// The name.
    pub name: &'a [u8],
    /// Those of its attributes that are read.
    pub attributes: Attributes<'a>,
}

/// Attributes, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Attributes<'a> {
    entries: &'a [u8],
    values: &'a [u8],
}

/// An attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribute<'a> {
    /// The place of its key in what is read.
    pub number: u16,
    /// The key, where it is read by its beginning, and empty otherwise.
    pub key: &'a [u8],
    /// The value.
    pub value: Value<'a>,
}

/// The value of an attribute, or an element of an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// None, or one of another kind.
    None,
    /// A string, as it came: UTF-8 by the protocol, which nobody checked.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// An array.
    Array(Elements<'a>),
}

/// The elements of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elements<'a>(&'a [u8]);

/// Numbers of fixed places.
#[derive(Clone, Copy)]
struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    #[inline]
    fn u64(self, place: usize) -> u64 {
        let bytes = self.0.get(place..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    #[inline]
    fn u32(self, place: usize) -> u32 {
        let bytes = self.0.get(place..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    #[inline]
    fn u128(self, place: usize) -> u128 {
        u128::from(self.u64(place)) << 64 | u128::from(self.u64(place + 8))
    }

    #[inline]
    fn text(self, place: usize, values: &'a [u8]) -> &'a [u8] {
        let start = self.u32(place) as usize;
        let end = start.saturating_add(self.u32(place + 4) as usize);
        values.get(start..end).unwrap_or_default()
    }
}

impl<'a> Located<'a> {
    /// The items.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        Items {
            fields: self.fields,
            values: self.values,
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        let (head, rest) = self.fields.split_first_chunk::<HEAD>()?;
        let head = Numbers(head);
        let (body, rest) = rest.split_at_checked(head.u32(4) as usize)?;
        self.fields = rest;
        Some(match head.u32(0) {
            RESOURCE => Item::Resource(Attributes {
                entries: body,
                values: self.values,
            }),
            SCOPE => {
                let body = Numbers(body);
                Item::Scope(body.text(0, self.values), body.text(8, self.values))
            }
            SPAN => Item::Span(Span::read(body, self.values)?),
            _ => return None,
        })
    }
}

impl<'a> Span<'a> {
    #[inline]
    fn read(body: &'a [u8], values: &'a [u8]) -> Option<Self> {
        let (head, rest) = body.split_first_chunk::<SPAN_SIZE>()?;
        let head = Numbers(head);
        Some(Self {
            trace_id: head.u128(0),
            span_id: head.u64(16),
            parent_span_id: head.u64(24),
            start: head.u64(32),
            end: head.u64(40),
            flags: head.u32(48),
            kind: head.u32(52),
            status: head.u32(56),
            dropped_links: head.u32(60),
            name: head.text(64, values),
            trace_state: head.text(72, values),
            attributes: head.u32(80),
            links: head.u32(84),
            rest,
            values,
        })
    }

    /// Those of its attributes that are read.
    #[inline]
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        let length = self.attributes as usize * ATTRIBUTE_SIZE;
        Attributes {
            entries: self.rest.get(..length).unwrap_or_default(),
            values: self.values,
        }
    }

    /// Its links, in their order.
    #[inline]
    pub fn links(&self) -> impl Iterator<Item = Link<'a>> + use<'a> {
        let start = self.attributes as usize * ATTRIBUTE_SIZE;
        let mut rest = self.rest.get(start..).unwrap_or_default();
        let values = self.values;
        (0..self.links).map_while(move |_| Link::read(&mut rest, values))
    }

    /// Its events, in their order.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        let start = self.attributes as usize * ATTRIBUTE_SIZE;
        let mut rest = self.rest.get(start..).unwrap_or_default();
        let values = self.values;
        for _ in 0..self.links {
            if Link::read(&mut rest, values).is_none() {
                rest = &[];
            }
        }
        core::iter::from_fn(move || Event::read(&mut rest, values))
    }
}

/// Entries of attributes, cut off from what follows.
#[inline]
fn attributes<'a>(rest: &mut &'a [u8], count: u32, values: &'a [u8]) -> Option<Attributes<'a>> {
    let length = count as usize * ATTRIBUTE_SIZE;
    let (entries, others) = rest.split_at_checked(length)?;
    *rest = others;
    Some(Attributes { entries, values })
}

impl<'a> Link<'a> {
    #[inline]
    fn read(rest: &mut &'a [u8], values: &'a [u8]) -> Option<Self> {
        let (head, others) = rest.split_first_chunk::<LINK_SIZE>()?;
        *rest = others;
        let head = Numbers(head);
        Some(Self {
            trace_id: head.u128(0),
            span_id: head.u64(16),
            unread: head.u64(24),
            trace_state: head.text(32, values),
            flags: head.u32(40),
            attribute_count: head.u32(44),
            attributes: attributes(rest, head.u32(48), values)?,
        })
    }
}

impl<'a> Event<'a> {
    fn read(rest: &mut &'a [u8], values: &'a [u8]) -> Option<Self> {
        let (head, others) = rest.split_first_chunk::<EVENT_SIZE>()?;
        *rest = others;
        let head = Numbers(head);
        Some(Self {
            time: head.u64(0),
            name: head.text(8, values),
            attributes: attributes(rest, head.u32(16), values)?,
        })
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    #[inline]
    fn next(&mut self) -> Option<Attribute<'a>> {
        let mut key = &[][..];
        loop {
            let (entry, rest) = self.entries.split_first_chunk::<ATTRIBUTE_SIZE>()?;
            self.entries = rest;
            let &[low, high, kind, ..] = entry;
            let entry = Numbers(entry);
            if kind == kind::KEY {
                key = entry.text(4, self.values);
                continue;
            }
            return Some(Attribute {
                number: u16::from_le_bytes([low, high]),
                key,
                value: value(kind, entry, self.values),
            });
        }
    }
}

#[inline]
fn value<'a>(kind: u8, entry: Numbers<'a>, values: &'a [u8]) -> Value<'a> {
    match kind {
        kind::TEXT => Value::Text(entry.text(4, values)),
        kind::BYTES => Value::Bytes(entry.text(4, values)),
        kind::ARRAY => Value::Array(Elements(entry.text(4, values))),
        _ => number(kind, entry.u64(4)),
    }
}

#[inline]
fn number<'a>(kind: u8, bits: u64) -> Value<'a> {
    match kind {
        kind::BOOL => Value::Bool(bits != 0),
        kind::INT => Value::Int(bits.cast_signed()),
        kind::DOUBLE => Value::Double(f64::from_bits(bits)),
        _ => Value::None,
    }
}

impl<'a> Elements<'a> {
    /// How many it had.
    #[must_use]
    pub fn count(self) -> u32 {
        Numbers(self.0).u32(0)
    }

    /// Those that are shown, one after the other.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let mut rest = self.0.get(4..).unwrap_or_default();
        core::iter::from_fn(move || element(&mut rest))
    }
}

fn element<'a>(elements: &mut &'a [u8]) -> Option<Value<'a>> {
    let (&kind, rest) = elements.split_first()?;
    let size = match kind {
        kind::TEXT | kind::BYTES => (Numbers(rest).u32(0) as usize).saturating_add(4),
        kind::BOOL | kind::INT | kind::DOUBLE => 8,
        _ => 0,
    };
    let (element, rest) = rest.split_at_checked(size)?;
    *elements = rest;
    Some(match kind {
        kind::TEXT => Value::Text(element.get(4..).unwrap_or_default()),
        kind::BYTES => Value::Bytes(element.get(4..).unwrap_or_default()),
        _ => number(kind, Numbers(element).u64(0)),
    })
}
