//! What can be wrong with a message, and where.

use core::fmt;

/// A message is not well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where: bytes from the start of the batch to the value at fault, or to
    /// the last byte of its tag when that is at fault or no value follows.
    pub offset: usize,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes end inside a varint or a fixed-width value.
    Truncated,
    /// A length reaches past the end of the message that holds it.
    LengthPastEnd,
    /// A varint has more than 64 bits.
    VarintTooLong,
    /// A tag with field number 0, or one that does not fit 32 bits.
    BadTag,
    /// A group (wire types 3 and 4), which proto3 does not have.
    Group,
    /// Wire types 6 and 7 do not exist.
    BadWireType,
    /// A known field has another wire type than the schema says.
    WrongWireType,
    /// Messages nested deeper than [`crate::scan::MAX_DEPTH`].
    TooDeep,
    /// More than [`crate::scan::MAX_PARTS`] resources, scopes and spans.
    TooManyParts,
    /// More links than anything that looks at them may be shown.
    TooManyLinks,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end inside a value",
            Self::LengthPastEnd => "a length reaches past the end of its message",
            Self::VarintTooLong => "a varint has more than 64 bits",
            Self::BadTag => "a tag with an impossible field number",
            Self::Group => "a group, which OTLP does not have",
            Self::BadWireType => "an unknown wire type",
            Self::WrongWireType => "a field with the wrong wire type",
            Self::TooDeep => "values nested deeper than 100 messages",
            Self::TooManyLinks => "more than 524,288 links: send smaller batches",
            Self::TooManyParts => {
                "more than 524,288 resources, scopes and spans: send smaller batches"
            }
        })
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind, self.offset)
    }
}

impl core::error::Error for WireError {}
