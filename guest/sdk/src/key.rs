//! Message keys.

use xxhash_rust::xxh3::xxh3_128;

use crate::interface::MessageKey;

/// Makes message keys: the XXH3-128 hash (seed 0) of the parts that identify a
/// message, each behind its length, so that `a` + `bc` and `ab` + `c` differ.
///
/// The hash is part of what rules agree on: two rules that add the same parts
/// in the same order, on whatever host and in whatever version, mean the same
/// message. It is not a cryptographic one; whoever can send spans can make up
/// message ids anyway.
///
/// ```
/// use linkmend_rule::KeyBuilder;
///
/// let mut key = KeyBuilder::new();
/// let a = key.start("orders").part(b"4711").finish();
/// let b = key.start("orders").part(b"4711").finish();
/// assert_eq!(a, b);
/// ```
#[derive(Debug, Default)]
pub struct KeyBuilder {
    parts: Vec<u8>,
}

impl KeyBuilder {
    /// One that can be used for key after key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a key of a family: keys of different families are never equal.
    pub fn start(&mut self, family: &str) -> &mut Self {
        self.parts.clear();
        self.part(family.as_bytes())
    }

    /// Adds what identifies the message.
    pub fn part(&mut self, part: &[u8]) -> &mut Self {
        self.parts
            .extend_from_slice(&(part.len() as u32).to_le_bytes());
        self.parts.extend_from_slice(part);
        self
    }

    /// The key.
    #[must_use]
    pub fn finish(&self) -> MessageKey {
        let hash = xxh3_128(&self.parts);
        MessageKey {
            high: (hash >> 64) as u64,
            low: hash as u64,
        }
    }
}
