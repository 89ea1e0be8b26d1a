//! Which file a rule has to be.

use std::fmt;

use sha2::{Digest, Sha256};

/// The SHA-256 of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum([u8; 32]);

/// A component is not the one that was meant. As a text it begins with "has",
/// for whoever names the file before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "has the SHA-256 {found}, and {wanted} is wanted; it is another file than the one that was meant, or the sum is to be changed"
)]
pub struct WrongChecksum {
    /// That of the component.
    pub found: Checksum,
    /// The one that it should have.
    pub wanted: Checksum,
}

impl Checksum {
    /// That of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hex digits, in whatever case; `None` when it is something else.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let digits = digits.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut sum = [0; 32];
        for (byte, pair) in sum.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(sum))
    }

    /// It is the one that is wanted.
    ///
    /// # Errors
    ///
    /// When it is another one.
    pub fn check(self, wanted: Self) -> Result<(), WrongChecksum> {
        if self == wanted {
            return Ok(());
        }
        Err(WrongChecksum {
            found: self,
            wanted,
        })
    }
}

impl Checksum {
    /// Its 32 bytes.
    pub(crate) fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl From<[u8; 32]> for Checksum {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Makes a checksum of bytes as they come.
#[derive(Debug, Default, Clone)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Checksum {
        Checksum(self.0.finalize().into())
    }
}

/// For what can only be put into a hasher of the standard library.
impl std::hash::Hasher for Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn finish(&self) -> u64 {
        let Checksum(all) = Self::finish(self.clone());
        let first = all.first_chunk().copied().unwrap_or_default();
        u64::from_le_bytes(first)
    }
}

impl fmt::Display for Checksum {
    /// Lower-case hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
