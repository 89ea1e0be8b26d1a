//! What can be wrong with an input, and where.

use std::fmt;
use std::io;

use crate::format::Format;

/// A part of an input that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{position}: {kind}")]
#[non_exhaustive]
pub struct InputFault {
    /// The running number of the batch that is not there.
    pub number: u64,
    /// Where in the input.
    pub position: Position,
    /// What is wrong.
    pub kind: FaultKind,
    /// Nothing can be read after it.
    pub ends_input: bool,
}

/// A place in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// In JSON.
    Text {
        /// From 1.
        line: u64,
        /// In bytes, from 1.
        column: u64,
    },
    /// In protobuf.
    Byte {
        /// From 0.
        offset: u64,
        /// The offset counts bytes after decompression.
        decompressed: bool,
    },
}

impl Position {
    /// The place `line` and `column` of a text that begins here.
    pub(crate) fn in_text(self, line: u64, column: u64) -> Self {
        match self {
            Self::Text {
                line: base,
                column: left,
            } if line <= 1 => Self::Text {
                line: base,
                column: left - 1 + column,
            },
            Self::Text { line: base, .. } => Self::Text {
                line: base - 1 + line,
                column,
            },
            Self::Byte { .. } => self,
        }
    }

    /// The place `by` bytes further.
    pub(crate) fn plus(self, by: u64) -> Self {
        match self {
            Self::Byte {
                offset,
                decompressed,
            } => Self::Byte {
                offset: offset.saturating_add(by),
                decompressed,
            },
            Self::Text { .. } => self,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { line, column } => write!(f, "line {line}, column {column}"),
            Self::Byte {
                offset,
                decompressed: false,
            } => write!(f, "byte {offset}"),
            Self::Byte {
                offset,
                decompressed: true,
            } => {
                write!(f, "byte {offset} of the decompressed input")
            }
        }
    }
}

/// What is wrong with a part of an input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not JSON, or not OTLP.
    #[error("{}{reason}", path_prefix(path))]
    Json {
        /// The way to the value at fault; empty at the top.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Not well-formed protobuf.
    #[error("{}{reason}", path_prefix(path))]
    Proto {
        /// The way to the field at fault; empty at the top.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Longer than the limit.
    #[error("{what} is longer than {limit} bytes; raise --max-batch-bytes to read it")]
    TooLong {
        /// What: a line, a frame, an element.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The input ends where more must come.
    #[error("the input ends inside {what}")]
    Truncated {
        /// What has no end.
        what: &'static str,
    },
    /// A frame cannot be decompressed.
    #[error("cannot decompress the frame: {0}")]
    Frame(#[source] io::Error),
    /// The input cannot be read or decompressed.
    #[error("cannot read on: {0}")]
    Read(#[source] io::Error),
}

fn path_prefix(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}

/// An input cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Its first bytes cannot be read.
    #[error("cannot read: {0}")]
    Read(#[from] io::Error),
    /// It has no known format.
    #[error(
        "not a trace file: it begins with {found}. Looked for OTLP/JSON (an object `{{…}}`, or one \
         a line), an OTLP protobuf message, and the Collector's framing (4-byte length before each \
         message), each plain or in gzip or zstd"
    )]
    UnknownFormat {
        /// What it begins with.
        found: String,
    },
    /// OTLP/JSON as loggers write it.
    #[error(
        "not a trace file: it begins with {found}, and OTLP/JSON only at line {line}, column \
         {column}. Take away what stands before the `{{` of each line, as by \
         `sed -n 's/^[^{{]*{{/{{/p'`"
    )]
    Prefixed {
        /// What it begins with.
        found: String,
        /// From 1.
        line: usize,
        /// In bytes, from 1.
        column: usize,
    },
}

/// Which format a name or a fault means, for messages.
pub(crate) const fn part_name(format: Format) -> &'static str {
    match format {
        Format::Json => "an element of resourceSpans",
        Format::JsonLines => "a line",
        Format::Proto => "a field of the message",
        Format::Framed => "a frame",
    }
}
