//! Where an output goes: a file, or standard output.

use std::io::{self, Stdout, Write};
use std::path::Path;

use super::atomic::AtomicFile;
use super::error::OutputError;

/// A file that appears when it is complete, or standard output.
#[derive(Debug)]
pub enum Output {
    /// Standard output.
    Stdout(Stdout),
    /// A file.
    File(AtomicFile),
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        Self::Stdout(io::stdout())
    }

    /// A file; fails at once if it cannot be written.
    ///
    /// # Errors
    ///
    /// See [`AtomicFile::create`].
    pub fn file(path: &Path) -> Result<Self, OutputError> {
        AtomicFile::create(path).map(Self::File)
    }

    /// What an error in writing means here.
    pub(super) fn error(&self, source: io::Error) -> OutputError {
        match self {
            Self::Stdout(_) => OutputError::stdout(source),
            Self::File(file) => OutputError::Write {
                path: file.path().to_owned(),
                source,
            },
        }
    }

    /// The output is complete.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().map_err(OutputError::stdout),
            Self::File(file) => file.finish(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(file) => file.flush(),
        }
    }
}
