//! What is read, once or twice.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

/// Where spans come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a pipe that has a name.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// An input cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The system says so.
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    /// A directory.
    #[error("it is a directory; name the files in it, as in `{0}/*.jsonl`")]
    Directory(String),
    /// What can be read only once cannot be kept for the second reading.
    #[error("cannot spool it to {directory}: {error}; set TMPDIR to a directory with more room")]
    Spool {
        /// Where.
        directory: String,
        /// What the system says.
        error: io::Error,
    },
    /// It is of no known format.
    #[error(transparent)]
    Open(linkmend_files::OpenError),
}

/// An input that is there.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) input: Input,
    kind: Kind,
    /// Bytes, if that is known.
    pub(crate) size: Option<u64>,
}

#[derive(Debug)]
enum Kind {
    /// Opened for each reading: there may be more inputs than a process may
    /// have open files.
    Path(PathBuf),
    /// A spool, or a file that is standard input: from `start` on.
    Open { file: File, start: u64 },
    /// What can be read once.
    Once(Option<Patient>),
}

/// What an input is before anything of it is read.
pub(crate) enum Found {
    /// Ready to be read as often as it takes.
    Ready(Source),
    /// Readable once; see [`Source::once`] and [`Source::spool`].
    Once(Patient),
}

impl Source {
    /// Looks at an input.
    pub(crate) fn find(input: &Input, interrupted: &Arc<AtomicBool>) -> Result<Found, InputError> {
        let path = match input {
            Input::Stdin => {
                return Ok(match stdin_file() {
                    Some((file, start)) => Found::Ready(Self::of_file(input, file, start)?),
                    None => Found::Once(Patient::new(interrupted, || Ok(io::stdin()))),
                });
            }
            Input::File(path) => path,
        };
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(InputError::Directory(path.display().to_string()));
        }
        if !metadata.is_file() {
            let path = path.clone();
            return Ok(Found::Once(Patient::new(interrupted, || File::open(path))));
        }
        // What cannot be opened is told before the work begins.
        File::open(path)?;
        Ok(Found::Ready(Self {
            input: input.clone(),
            kind: Kind::Path(path.clone()),
            size: Some(metadata.len()),
        }))
    }

    /// An input that is read once only.
    pub(crate) fn once(input: &Input, once: Patient) -> Self {
        Self {
            input: input.clone(),
            kind: Kind::Once(Some(once)),
            size: None,
        }
    }

    /// An input that is kept for a second reading.
    pub(crate) fn spool(input: &Input, once: impl Read) -> Result<Self, InputError> {
        Ok(Self::of_file(input, spool(once)?, 0)?)
    }

    fn of_file(input: &Input, file: File, start: u64) -> io::Result<Self> {
        let size = file.metadata()?.len().saturating_sub(start);
        Ok(Self {
            input: input.clone(),
            kind: Kind::Open { file, start },
            size: Some(size),
        })
    }

    /// From the start.
    pub(crate) fn read(&mut self) -> io::Result<Box<dyn Read + Send>> {
        match &mut self.kind {
            Kind::Path(path) => Ok(Box::new(File::open(path)?)),
            Kind::Open { file, start } => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(*start))?;
                Ok(Box::new(file))
            }
            Kind::Once(once) => match once.take() {
                Some(once) => Ok(Box::new(once)),
                None => Err(io::Error::other("it was read already")),
            },
        }
    }
}

/// Standard input when it is a file, and how far it was read before us: that
/// need not be spooled.
#[cfg(unix)]
fn stdin_file() -> Option<(File, u64)> {
    use std::os::fd::AsFd;
    let mut file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let start = file.stream_position().ok()?;
    Some((file, start))
}

#[cfg(not(unix))]
fn stdin_file() -> Option<(File, u64)> {
    None
}

fn spool(mut once: impl Read) -> Result<File, InputError> {
    let failed = |error| InputError::Spool {
        directory: std::env::temp_dir().display().to_string(),
        error,
    };
    // Without a name: gone when the job ends, however it ends.
    let mut spool = tempfile::tempfile().map_err(failed)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = match once.read(&mut buffer) {
            Ok(0) => return Ok(spool),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(InputError::Io(error)),
        };
        spool
            .write_all(buffer.get(..read).unwrap_or_default())
            .map_err(failed)?;
    }
}

const CHUNK: usize = 1 << 17;
/// How long a read may wait before it looks whether the job is to end.
const PATIENCE: Duration = Duration::from_millis(50);

/// Reads what may keep its reader waiting, and stops waiting when the job is
/// to end: who is blocked in a read of the system's cannot clean up.
#[derive(Debug)]
pub(crate) struct Patient {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Cursor<Vec<u8>>,
    interrupted: Arc<AtomicBool>,
}

impl Patient {
    /// Opening a pipe with a name waits as well, for its writer.
    fn new<R: Read>(
        interrupted: &Arc<AtomicBool>,
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
    ) -> Self {
        let (to_reader, chunks) = crossbeam_channel::bounded(4);
        // Never joined: it may wait for ever.
        thread::spawn(move || match open() {
            Ok(input) => read_chunks(input, &to_reader),
            Err(error) => drop(to_reader.send(Err(error))),
        });
        Self {
            chunks,
            chunk: Cursor::default(),
            interrupted: Arc::clone(interrupted),
        }
    }
}

fn read_chunks(mut input: impl Read, to_reader: &Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut chunk = vec![0; CHUNK];
        let result = match input.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => {
                chunk.truncate(read);
                Ok(chunk)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = result.is_err();
        if to_reader.send(result).is_err() || failed {
            return;
        }
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(io::Error::other("interrupted"));
            }
            match self.chunks.recv_timeout(PATIENCE) {
                Ok(chunk) => self.chunk = Cursor::new(chunk?),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}

/// Counts what is read.
pub(crate) struct Counted<R, F> {
    reader: R,
    count: F,
}

impl<R: Read, F: Fn(u64)> Counted<R, F> {
    pub(crate) fn new(reader: R, count: F) -> Self {
        Self { reader, count }
    }
}

impl<R: Read, F: Fn(u64)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        (self.count)(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
