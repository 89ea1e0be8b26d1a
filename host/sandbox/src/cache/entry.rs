//! An entry: whose code it is, a checksum over all of it, the code.

use std::io;

use super::key::Key;
use crate::checksum::{Checksum, Hasher};

const MAGIC: &[u8; 16] = b"linkmend code 1\n";
const SUM: usize = 32;
const HEADER: usize = MAGIC.len() + 3 * SUM;

/// An entry with this code.
pub(super) fn of(code: &[u8], key: Key) -> Vec<u8> {
    let mut entry = Vec::with_capacity(HEADER + code.len());
    entry.extend_from_slice(MAGIC);
    entry.extend_from_slice(&key.component.bytes());
    entry.extend_from_slice(&key.target.0.bytes());
    entry.extend_from_slice(&sum(code, key).bytes());
    entry.extend_from_slice(code);
    entry
}

/// The code in an entry, if it is that of this key and as it was written.
pub(super) fn check(mut entry: Vec<u8>, key: Key) -> io::Result<Vec<u8>> {
    let Some((header, code)) = entry.split_at_checked(HEADER) else {
        return Err(damaged("it is cut"));
    };
    let expected = of(&[], key);
    let named = HEADER - SUM;
    if header.get(..named) != expected.get(..named) {
        return Err(damaged("it is not the code of this rule"));
    }
    if header.get(named..) != Some(&sum(code, key).bytes()[..]) {
        return Err(damaged("it is damaged: its checksum is another one"));
    }
    entry.drain(..HEADER);
    Ok(entry)
}

fn sum(code: &[u8], key: Key) -> Checksum {
    let mut hasher = Hasher::default();
    for bytes in [&MAGIC[..], &key.component.bytes(), &key.target.0.bytes()] {
        hasher.update(bytes);
    }
    hasher.update(&(code.len() as u64).to_le_bytes());
    hasher.update(code);
    hasher.finish()
}

fn damaged(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test that panics has failed"
    )]
    use super::*;
    use crate::engine::Target;

    #[test]
    fn no_byte_of_an_entry_may_be_another() {
        let key = |component: &[u8], engine: &[u8]| Key {
            component: Checksum::of(component),
            target: Target(Checksum::of(engine)),
        };
        let good = key(b"a", b"b");
        let entry = of(b"some code", good);
        assert_eq!(check(entry.clone(), good).unwrap(), b"some code");
        for place in 0..entry.len() {
            for bit in 0..8 {
                let mut entry = entry.clone();
                entry[place] ^= 1 << bit;
                assert!(check(entry, good).is_err(), "byte {place}, bit {bit}");
            }
            assert!(check(entry[..place].to_vec(), good).is_err(), "{place}");
        }
        assert!(check([&entry[..], b"x"].concat(), good).is_err());
        for other in [key(b"c", b"b"), key(b"a", b"c")] {
            assert!(check(entry.clone(), other).is_err());
        }
    }
}
