//! By what a file is known.

use std::fs::{File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How many bytes are compared at a place.
const LENGTH: u64 = 1024;

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    #[cfg(unix)]
    number: (u64, u64),
    #[cfg(not(unix))]
    path: std::path::PathBuf,
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(_: &Path, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            number: (metadata.dev(), metadata.ino()),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn of(path: &Path, _: &Metadata) -> Self {
        Self { path: path.into() }
    }
}

/// What stands before a place in a file. A number of a file is given to another
/// one when it is gone, and a file may be written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    end: u64,
    hash: u64,
}

impl Mark {
    /// Of the first bytes of a file, of which so many are there.
    pub(super) fn of_head(file: &mut File, length: u64) -> io::Result<Self> {
        Self::before(file, length.min(LENGTH))
    }

    pub(super) fn before(file: &mut File, end: u64) -> io::Result<Self> {
        let start = end.saturating_sub(LENGTH);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut bytes)?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Ok(Self {
            end,
            hash: hasher.finish(),
        })
    }

    /// Whether the same stands there still.
    pub(super) fn is_in(self, file: &mut File) -> io::Result<bool> {
        Ok(Self::before(file, self.end)? == self)
    }
}
