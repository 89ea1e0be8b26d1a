//! What a trace file is: how the batches are written, and how it is compressed.

use std::fmt;
use std::str::FromStr;

/// How a file holds its batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// OTLP/JSON: one object, over as many lines as it likes, or several
    /// objects one after the other.
    Json,
    /// OTLP/JSON, one object a line: the specification's file exporter. A file
    /// of one object on one line is of this format if the line has an end, and
    /// [`Format::Json`] if it has not.
    JsonLines,
    /// OTLP protobuf: one `TracesData` message.
    Proto,
    /// OTLP protobuf, each message behind its length (4 bytes, big-endian): the
    /// Collector's file exporter.
    Framed,
}

impl Format {
    /// All formats, by the names that [`FromStr`] reads.
    pub const ALL: [(&'static str, Self); 4] = [
        ("json", Self::Json),
        ("jsonl", Self::JsonLines),
        ("proto", Self::Proto),
        ("framed", Self::Framed),
    ];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, format)| format == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// No format has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no format; there are json, jsonl, proto and framed")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, format)| *format)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, one or more members.
    Gzip,
    /// zstd, one or more frames.
    Zstd,
    /// Each message of a [`Format::Framed`] file is a zstd frame of its own,
    /// and may hold JSON: what older Collectors write.
    ZstdMessages,
}

/// Format and compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// How the batches are written.
    pub format: Format,
    /// How that is compressed.
    pub compression: Compression,
}
