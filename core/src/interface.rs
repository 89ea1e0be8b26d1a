//! The words of the rule interface, see `wit/rule.wit`: what a rule is asked, and what it
//! answers. Whatever a rule runs in has words like these of its own, and puts them into
//! these.

use std::fmt;

use bitflags::bitflags;

/// The version of `linkmend:rule` that these words are of.
pub const VERSION: &str = "0.2.0";

/// A range of the texts that lie beside it, UTF-8. One of length 0 is the empty text,
/// whatever its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Where it begins, in bytes.
    pub offset: u32,
    /// In bytes.
    pub length: u32,
}

impl Text {
    /// Its bytes; `None` where it does not lie in these.
    #[must_use]
    pub fn of(self, texts: &[u8]) -> Option<&[u8]> {
        if self.length == 0 {
            return Some(&[]);
        }
        let start = self.offset as usize;
        texts.get(start..start.checked_add(self.length as usize)?)
    }
}

/// What a link points at (W3C Trace Context). The ids are big-endian numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanContext {
    /// The first eight bytes of the trace id.
    pub trace_id_high: u64,
    /// The last eight bytes of the trace id.
    pub trace_id_low: u64,
    /// The span id.
    pub span_id: u64,
    /// `tracestate` header value.
    pub trace_state: Text,
    /// OTLP `flags`: bits 0-7 are the W3C trace flags, bit 8 says that bit 9 is known, bit 9
    /// that the context is remote.
    pub flags: u32,
}

/// Which member of an [`Attribute`] holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// [`Attribute::text`]
    Text,
    /// [`Attribute::bits`] is 0 or 1.
    Boolean,
    /// [`Attribute::bits`] is a two's complement 64-bit integer.
    Integer,
    /// [`Attribute::bits`] is an IEEE 754 binary64.
    Double,
}

/// An attribute to put on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its key.
    pub key: Text,
    /// Where its value is.
    pub kind: ValueKind,
    /// Its value, if that is a text.
    pub text: Text,
    /// Its value, if that is none.
    pub bits: u64,
}

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Append a link to the context, with the attributes.
    AddLink,
    /// Give a link another context; attributes are appended.
    ReplaceContext,
    /// Remove a link.
    DropLink,
    /// Append attributes to a link.
    AddAttributes,
}

/// Why a link is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// Its context is invalid and could not be repaired.
    Invalid,
    /// Another link of the span says the same.
    Duplicate,
    /// The span has more links than it may have.
    OverLimit,
    /// It is well-formed and true, and yet of no use.
    Unwanted,
}

/// One change of one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Which span: its place among those that the rule was shown.
    pub span: u32,
    /// Which of its links, as it came.
    pub link: u32,
    /// What is done.
    pub action: Action,
    /// Why, if it is dropped.
    pub reason: DropReason,
    /// Of [`Action::AddLink`] and [`Action::ReplaceContext`].
    pub context: SpanContext,
    /// A range of [`Verdict::attributes`].
    pub first_attribute: u32,
    /// How many of them.
    pub attribute_count: u32,
}

/// Why a link that may be missing was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// A message whose producer is not known (yet).
    Unresolved,
    /// A message whose known producers all started too late to be it.
    TooLate,
    /// A message that was not looked at: the span names too many.
    TooMany,
    /// A message with several producers, and no way to choose.
    Ambiguous,
    /// A link that was found but did not fit under the limit.
    NoRoom,
    /// A message that is named, but not well enough to tell it from others.
    Incomplete,
    /// A consumer that is linked to nothing and names no message at all.
    Unnamed,
}

/// Something that the rule found and could not mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Which span, as in [`Edit`].
    pub span: u32,
    /// What it tells.
    pub kind: NoteKind,
    /// How often.
    pub count: u32,
}

/// Names a message: 128 bits of a hash of what identifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageKey {
    /// The first 64 bits.
    pub high: u64,
    /// The last 64 bits.
    pub low: u64,
}

/// Why a span was or was not mended, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Which span, as in [`Edit`].
    pub span: u32,
    /// Lines, the last one without its end.
    pub text: Text,
}

/// Keep a span back until a producer of one of these keys is remembered, or until its time is
/// up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deferral {
    /// Which span, as in [`Edit`].
    pub span: u32,
    /// A range of [`Verdict::keys`].
    pub first_key: u32,
    /// How many of them.
    pub key_count: u32,
}

/// The answer to a batch. All empty: nothing to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// In any order of the spans.
    pub edits: Vec<Edit>,
    /// Of the edits.
    pub attributes: Vec<Attribute>,
    /// What could not be mended.
    pub notes: Vec<Note>,
    /// Spans to keep back.
    pub deferrals: Vec<Deferral>,
    /// Of the deferrals.
    pub keys: Vec<MessageKey>,
    /// What texts are ranges of.
    pub texts: Vec<u8>,
    /// Where they were asked for.
    pub explanations: Vec<Explanation>,
}

bitflags! {
    /// What the host wants of a call.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Tasks: u8 {
        /// Remember the producers of the batch.
        const REMEMBER = 1;
        /// Answer with edits.
        const MEND = 1 << 1;
        /// Spans may be deferred.
        const DEFER = 1 << 2;
        /// Explanations are wanted beside the edits.
        const EXPLAIN = 1 << 3;
    }
}

bitflags! {
    /// Span kinds (opentelemetry.proto.trace.v1.Span.SpanKind).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct SpanKinds: u8 {
        /// SPAN_KIND_UNSPECIFIED
        const UNSPECIFIED = 1;
        /// SPAN_KIND_INTERNAL
        const INTERNAL = 1 << 1;
        /// SPAN_KIND_SERVER
        const SERVER = 1 << 2;
        /// SPAN_KIND_CLIENT
        const CLIENT = 1 << 3;
        /// SPAN_KIND_PRODUCER
        const PRODUCER = 1 << 4;
        /// SPAN_KIND_CONSUMER
        const CONSUMER = 1 << 5;
    }
}

/// Which spans a rule wants to see: those that at least one member names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Spans of these kinds.
    pub kinds: SpanKinds,
    /// Spans with an attribute of one of these keys.
    pub attribute_keys: Vec<String>,
    /// Spans with an attribute whose key begins like this.
    pub attribute_prefixes: Vec<String>,
    /// Spans that have links.
    pub with_links: bool,
}

/// What a configured rule asks of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which spans it is shown.
    pub selector: Selector,
    /// It remembers or recalls.
    pub uses_index: bool,
    /// The attribute of a link that says why it exists, for counters. Empty: none.
    pub type_attribute: String,
    /// Every link that is dropped is added to the `dropped_links_count` of its span.
    pub count_all_drops: bool,
    /// The keys of the attributes that are shown, where not all of them are.
    pub reads: Vec<String>,
}

/// What a rule says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// 1 to 64 characters of `a-z`, `0-9`, `-`, `_` and `.`.
    pub name: String,
    /// The rule's own version (semver).
    pub version: String,
    /// One sentence.
    pub summary: String,
}

/// A span that produced a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Producer {
    /// Of the message.
    pub key: MessageKey,
    /// The first eight bytes of the span's trace id.
    pub trace_id_high: u64,
    /// The last eight bytes of it.
    pub trace_id_low: u64,
    /// The span's id.
    pub span_id: u64,
    /// `start_time_unix_nano` of the span.
    pub start: u64,
    /// `end_time_unix_nano` of the span.
    pub end: u64,
    /// `trace_state` of the span. One of more than 512 bytes is not kept (W3C Trace Context
    /// asks for at least 512 characters).
    pub trace_state: Text,
    /// `flags` of the span, all 32 bits.
    pub flags: u32,
    /// What the rule wants to find again with the producer.
    pub hint: u16,
    /// Which of several producers of a message to prefer: 0 is best. 255: no producer, but
    /// something that the rule notes for itself.
    pub rank: u8,
}

/// What is known of the keys that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recalled {
    /// How many producers each key has, 0 to 4; or 5 when more than 4 were seen, of which the
    /// best 4 are given.
    pub counts: Vec<u8>,
    /// In the order of the keys; those of one key by rank, then the latest start first.
    pub producers: Vec<Producer>,
    /// What trace states are ranges of.
    pub texts: Vec<u8>,
}

impl Recalled {
    /// That nothing is known of so many keys.
    #[must_use]
    pub fn nothing(keys: usize) -> Self {
        Self {
            counts: vec![0; keys],
            ..Self::default()
        }
    }
}

/// Why an index did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// A range or a list that does not fit the others.
    #[error("a range or a list that does not fit the others")]
    Malformed,
    /// More than the host takes, or gives, in one call.
    #[error("too many")]
    TooMany,
    /// The store behind the index cannot be reached.
    #[error("the store behind the index cannot be reached")]
    Unavailable,
}

/// A world of the rule interface, see `wit/rule.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// `field-rule`: spans as located fields.
    Field,
    /// `batch-rule`: spans as OTLP bytes.
    Batch,
    /// `span-rule`: spans as records.
    Span,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field => "field-rule",
            Self::Batch => "batch-rule",
            Self::Span => "span-rule",
        })
    }
}
