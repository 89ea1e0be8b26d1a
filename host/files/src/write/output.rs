//! Where an output goes.

use std::io::{self, Stdout, Write};
use std::path::Path;

use super::atomic::AtomicFile;
use super::error::OutputError;

/// Where an output goes: a file that appears when it is complete, standard
/// output, or any writer.
pub struct Output(Inner);

enum Inner {
    Stdout(Stdout),
    File(AtomicFile),
    Other(Box<dyn Write + Send>),
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        Self(Inner::Stdout(io::stdout()))
    }

    /// A file; fails at once if it cannot be written.
    ///
    /// # Errors
    ///
    /// See [`AtomicFile::create`].
    pub fn file(path: &Path) -> Result<Self, OutputError> {
        AtomicFile::create(path).map(|file| Self(Inner::File(file)))
    }

    /// Any writer; it is flushed at the end.
    pub fn writer(writer: impl Write + Send + 'static) -> Self {
        Self(Inner::Other(Box::new(writer)))
    }

    /// What an error in writing means here.
    pub(super) fn error(&self, source: io::Error) -> OutputError {
        match &self.0 {
            Inner::Stdout(_) => OutputError::stdout(source),
            Inner::Other(_) => OutputError::Writer(source),
            Inner::File(file) => OutputError::Write {
                path: file.path().to_owned(),
                source,
            },
        }
    }

    /// The output is complete.
    pub(super) fn finish(self) -> Result<(), OutputError> {
        self.end(AtomicFile::finish)
    }

    /// The output is complete, and may come to the disk later.
    pub(super) fn finish_unsynced(self) -> Result<(), OutputError> {
        self.end(AtomicFile::finish_unsynced)
    }

    fn end(self, file: fn(AtomicFile) -> Result<(), OutputError>) -> Result<(), OutputError> {
        match self.0 {
            Inner::Stdout(mut stdout) => stdout.flush().map_err(OutputError::stdout),
            Inner::File(output) => file(output),
            Inner::Other(mut writer) => writer.flush().map_err(OutputError::Writer),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Stdout(stdout) => stdout.write(bytes),
            Inner::File(file) => file.write(bytes),
            Inner::Other(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::Stdout(stdout) => stdout.flush(),
            Inner::File(file) => file.flush(),
            Inner::Other(writer) => writer.flush(),
        }
    }
}
