//! A batch as records, for the world `span-rule`: what the wire has in pieces
//! and any order, in flat lists with ranges into them. Whoever runs a rule makes
//! of these what crosses its boundary.

mod read;

use std::borrow::Cow;
use std::ops::Range;

use linkmend_wire::Selector;

/// The selected spans of a batch, read.
#[derive(Debug, Default)]
pub struct Records<'a> {
    /// The resources and scopes of the spans.
    pub origins: Vec<Origin<'a>>,
    /// In their order in the batch.
    pub spans: Vec<Span<'a>>,
    /// Of all spans.
    pub links: Vec<Link<'a>>,
    /// Of all origins, spans and links: keys and values.
    pub attributes: Vec<(Cow<'a, str>, Value<'a>)>,
    /// The elements of arrays that are texts.
    pub texts: Vec<Cow<'a, str>>,
    /// The elements of arrays that are integers.
    pub integers: Vec<i64>,
}

/// A resource and a scope.
#[derive(Debug, Default)]
pub struct Origin<'a> {
    /// A range of [`Records::attributes`], of the resource.
    pub attributes: Range<usize>,
    /// Its name.
    pub scope_name: Cow<'a, str>,
    /// Its version.
    pub scope_version: Cow<'a, str>,
}

/// A span. Ids that are not valid are 0.
#[derive(Debug, Default)]
pub struct Span<'a> {
    /// A place in [`Records::origins`].
    pub origin: u32,
    /// As a big-endian number.
    pub trace_id: u128,
    /// As a big-endian number.
    pub span_id: u64,
    /// 0 on a root span.
    pub parent_span_id: u64,
    /// `tracestate` header value.
    pub trace_state: Cow<'a, str>,
    /// Its name.
    pub name: Cow<'a, str>,
    /// OTLP's `SpanKind`.
    pub kind: i32,
    /// In nanoseconds since the Unix epoch.
    pub start: u64,
    /// In nanoseconds since the Unix epoch.
    pub end: u64,
    /// A range of [`Records::attributes`].
    pub attributes: Range<usize>,
    /// A range of [`Records::links`].
    pub links: Range<usize>,
    /// OTLP's `dropped_links_count`.
    pub dropped_links_count: u32,
    /// OTLP's `StatusCode`.
    pub status: i32,
    /// OTLP's `flags`.
    pub flags: u32,
}

/// A link. Ids that are not valid are 0.
#[derive(Debug)]
pub struct Link<'a> {
    /// As a big-endian number.
    pub trace_id: u128,
    /// As a big-endian number.
    pub span_id: u64,
    /// `tracestate` header value.
    pub trace_state: Cow<'a, str>,
    /// A range of [`Records::attributes`].
    pub attributes: Range<usize>,
    /// OTLP's `flags`.
    pub flags: u32,
}

/// The value of an attribute.
#[derive(Debug)]
pub enum Value<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A double.
    Double(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An array of strings only: a range of [`Records::texts`].
    Texts(Range<usize>),
    /// An array of integers only: a range of [`Records::integers`].
    Integers(Range<usize>),
    /// Any other array, a list of keys and values, or no value.
    Other,
}

/// The attributes that a rule with this plan is shown. A last character `*` stands for any
/// ending.
#[must_use]
pub fn reads(keys: &[String]) -> Selector {
    keys.iter()
        .fold(Selector::none(), |reads, key| match key.strip_suffix('*') {
            Some(prefix) => reads.with_prefix(prefix),
            None => reads.with_key(key),
        })
}
