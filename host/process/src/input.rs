//! What is read, once or twice.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

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
    file: SourceFile,
    /// Bytes, if that is known.
    pub(crate) size: Option<u64>,
}

#[derive(Debug)]
enum SourceFile {
    /// Can be read from its start again.
    File(File),
    /// Can be read once.
    Once(Option<Once>),
}

#[derive(Debug)]
enum Once {
    Pipe(File),
    Stdin,
}

impl Source {
    /// Opens an input. What cannot be read twice is spooled when `twice` says
    /// that it must be.
    pub(crate) fn open(input: &Input, twice: bool) -> Result<Self, InputError> {
        let once = match input {
            Input::Stdin => Once::Stdin,
            Input::File(path) => {
                let metadata = std::fs::metadata(path)?;
                if metadata.is_dir() {
                    return Err(InputError::Directory(path.display().to_string()));
                }
                let file = File::open(path)?;
                if metadata.is_file() {
                    return Ok(Self {
                        input: input.clone(),
                        file: SourceFile::File(file),
                        size: Some(metadata.len()),
                    });
                }
                Once::Pipe(file)
            }
        };
        let file = if twice {
            SourceFile::File(spool(once)?)
        } else {
            SourceFile::Once(Some(once))
        };
        let size = match &file {
            SourceFile::File(file) => Some(file.metadata()?.len()),
            SourceFile::Once(_) => None,
        };
        Ok(Self {
            input: input.clone(),
            file,
            size,
        })
    }

    /// From the start.
    pub(crate) fn read(&mut self) -> io::Result<Box<dyn Read + Send>> {
        match &mut self.file {
            SourceFile::File(file) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                Ok(Box::new(file))
            }
            SourceFile::Once(once) => match once.take() {
                Some(Once::Pipe(file)) => Ok(Box::new(file)),
                Some(Once::Stdin) => Ok(Box::new(io::stdin())),
                None => Err(io::Error::other("it was read already")),
            },
        }
    }
}

fn spool(once: Once) -> Result<File, InputError> {
    let failed = |error| InputError::Spool {
        directory: std::env::temp_dir().display().to_string(),
        error,
    };
    // Without a name: gone when the job ends, however it ends.
    let mut spool = tempfile::tempfile().map_err(failed)?;
    let mut once: Box<dyn Read> = match once {
        Once::Pipe(file) => Box::new(file),
        Once::Stdin => Box::new(io::stdin().lock()),
    };
    let mut buffer = vec![0; 1 << 16];
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
