//! Message keys, for rules that do not make them by themselves.

use xxhash_rust::xxh3::xxh3_128;

use crate::interface::MessageKey;

/// The key of the message that `parts` identify: XXH3-128 with seed 0 of the
/// parts, each behind its length as 32 bits, little-endian. The SDK of Rust
/// makes the same.
#[must_use]
pub fn message_key(parts: &[String], buffer: &mut Vec<u8>) -> MessageKey {
    buffer.clear();
    for part in parts {
        buffer.extend_from_slice(&(part.len() as u32).to_le_bytes());
        buffer.extend_from_slice(part.as_bytes());
    }
    let hash = xxh3_128(buffer);
    MessageKey {
        high: (hash >> 64) as u64,
        low: hash as u64,
    }
}
