//! What can be wrong with an output.

use std::io;
use std::path::PathBuf;

/// An output cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// It cannot be begun.
    #[error("cannot write {}: {source}; {advice}", path.display())]
    Create {
        /// The output.
        path: PathBuf,
        /// Why not.
        source: io::Error,
        /// What to do.
        advice: &'static str,
    },
    /// Who reads standard output has gone.
    #[error("standard output was closed by its reader")]
    BrokenPipe,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Stdout(#[source] io::Error),
    /// The writer cannot be written to.
    #[error("cannot write: {0}")]
    Writer(#[source] io::Error),
    /// It cannot be written on.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is complete, but cannot get its name.
    #[error("cannot put the finished output in place as {}: {source}", path.display())]
    Rename {
        /// The output.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The compression fails.
    #[error("cannot compress: {0}")]
    Compress(#[source] io::Error),
    /// A frame cannot be longer than 4 GiB.
    #[error("a batch of {0} bytes does not fit a frame")]
    FrameTooLong(usize),
}

impl OutputError {
    pub(super) fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Stdout(error)
        }
    }
}
