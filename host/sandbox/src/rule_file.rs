//! The file of a rule: a regular one, of bounded size, read once. What is
//! hashed is what runs.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

use crate::checksum::{Checksum, Hasher};

/// A component as it was read from its file.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// All of it.
    pub bytes: Arc<[u8]>,
    /// Of these bytes.
    pub checksum: Checksum,
}

/// The file of a rule cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleFileError {
    /// The system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is a pipe, a device or the like.
    #[error("it is {found}, and a rule is read from a regular file only")]
    NotAFile {
        /// What it is.
        found: &'static str,
    },
    /// It is too large.
    #[error("it is larger than compile_limits.file_size = {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

impl RuleFile {
    /// Reads a file of at most so many bytes. Neither a pipe that nobody writes
    /// to nor a file that is all hole keeps it.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is not a regular file, or is too large.
    pub fn read(path: &Path, most: usize) -> Result<Self, RuleFileError> {
        // A look first: to open a device may do something already.
        check(&std::fs::metadata(path)?, most)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?;
        let file = File::from(file);
        check(&file.metadata()?, most)?;
        read(file, most)
    }
}

fn read(mut file: impl Read, most: usize) -> Result<RuleFile, RuleFileError> {
    let mut bytes = Vec::new();
    let mut hasher = Hasher::default();
    let mut piece = vec![0; 64 << 10];
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let read = piece.get(..length).unwrap_or_default();
        // It may grow while it is read.
        if bytes.len() + read.len() > most {
            return Err(RuleFileError::TooLarge { limit: most });
        }
        hasher.update(read);
        bytes.extend_from_slice(read);
    }
    Ok(RuleFile {
        bytes: bytes.into(),
        checksum: hasher.finish(),
    })
}

fn check(metadata: &Metadata, most: usize) -> Result<(), RuleFileError> {
    if !metadata.is_file() {
        let found = name(metadata.file_type());
        return Err(RuleFileError::NotAFile { found });
    }
    if metadata.len() > most as u64 {
        return Err(RuleFileError::TooLarge { limit: most });
    }
    Ok(())
}

fn name(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test that panics has failed"
    )]
    use super::*;

    #[test]
    fn what_grows_while_it_is_read_is_too_large() {
        let whole = read(&vec![7; 100_000][..], 100_000).unwrap();
        assert_eq!(whole.checksum, Checksum::of(&vec![7; 100_000]));
        assert_eq!(whole.bytes.len(), 100_000);
        let error = read(io::repeat(7), 100_000).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it is larger than compile_limits.file_size = 100000 bytes"
        );
    }
}
