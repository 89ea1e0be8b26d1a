//! How an input is read.

/// How an input is read.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The longest line, frame, `resourceSpans` element or top-level field that
    /// is read, in bytes after decompression. Memory for a few times as much is
    /// needed.
    pub max_batch_bytes: usize,
    /// Elements and top-level fields are read together up to about this size.
    pub group_bytes: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            max_batch_bytes: 64 << 20,
            group_bytes: 1 << 20,
        }
    }
}
