//! How bodies are compressed.

/// How the body of an HTTP message is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// zlib.
    Zlib,
    /// `deflate`: zlib, too (RFC 9110).
    Deflate,
}
