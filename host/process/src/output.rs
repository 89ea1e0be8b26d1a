//! Where mended batches go.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use linkmend_files::{
    AtomicFile, BatchWriter, Compression, Encoding, Format, Output as FileOutput, Piece,
    sync_folder,
};

use crate::input::Input;

/// Where mended batches go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Standard output, all inputs one after the other.
    Stdout,
    /// A file, all inputs one after the other. It appears under its name when
    /// it is complete.
    File(PathBuf),
    /// A directory: each input under its own name.
    Directory(PathBuf),
    /// Each input is replaced by what becomes of it.
    InPlace,
    /// Nowhere: only the figures are wanted.
    Nowhere,
}

/// An output cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// See there.
    #[error(transparent)]
    Write(#[from] linkmend_files::OutputError),
    /// Standard input has no name.
    #[error("standard input cannot be mended into {0}; give a file with -o")]
    NoName(&'static str),
    /// Two inputs would become one file.
    #[error("two inputs would both become {}; give them different outputs", .0.display())]
    Twice(PathBuf),
    /// The output would be written over an input.
    #[error("{} is an input too; use --in-place to replace inputs by what becomes of them", .0.display())]
    IsInput(PathBuf),
    /// All files are complete, and may not be on the disk.
    #[error("cannot bring the files in {} to the disk: {source}", folder.display())]
    Sync {
        /// Where they are.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl OutputError {
    /// Who reads standard output has gone: nobody wants the rest.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write(linkmend_files::OutputError::BrokenPipe))
    }
}

/// The outputs of a job. That they can be written is found out before any work
/// is done.
pub(crate) struct Outputs {
    format: Option<Format>,
    /// What compresses an output may use.
    threads: NonZeroUsize,
    in_place: bool,
    kind: Kind,
    /// What is being written.
    writer: Option<(BatchWriter, Encoding)>,
    /// Something is there to be written, if only an empty input.
    begun: bool,
    finished: usize,
}

enum Kind {
    /// One for all inputs. Its writer is made when the format is known.
    One(Option<FileOutput>),
    /// One for each input, in their order; opened one after the other, as there
    /// may be more of them than a process may have open files.
    Each {
        paths: Vec<Option<PathBuf>>,
        /// All lie in this folder, which is brought to the disk at the end: a
        /// request for each file would take longer than all the rest. The inputs
        /// are there still.
        folder: Option<PathBuf>,
    },
    Nowhere,
}

impl Outputs {
    pub(crate) fn open(
        output: &Output,
        format: Option<Format>,
        inputs: &[Input],
        threads: NonZeroUsize,
    ) -> Result<Self, OutputError> {
        let kind = match output {
            Output::Nowhere => Kind::Nowhere,
            Output::Stdout => {
                if inputs.iter().any(is_stdout) {
                    return Err(OutputError::IsInput("standard output".into()));
                }
                Kind::One(Some(FileOutput::stdout()))
            }
            Output::File(path) => {
                if inputs.iter().any(|input| is_same_file(input, path)) {
                    return Err(OutputError::IsInput(path.clone()));
                }
                Kind::One(Some(FileOutput::file(path)?))
            }
            Output::Directory(directory) => {
                let paths = inputs.iter().map(|input| match input {
                    Input::File(path) => {
                        Ok(directory.join(path.file_name().unwrap_or(path.as_os_str())))
                    }
                    Input::Stdin => Err(OutputError::NoName("a directory")),
                });
                let paths = paths.collect::<Result<Vec<_>, _>>()?;
                Kind::in_folder(directory, paths, inputs)?
            }
            Output::InPlace => {
                let paths = inputs.iter().map(|input| match input {
                    Input::File(path) => Ok(path.clone()),
                    Input::Stdin => Err(OutputError::NoName("itself (--in-place)")),
                });
                Kind::in_place(paths.collect::<Result<Vec<_>, _>>()?)?
            }
        };
        Ok(Self {
            format,
            threads,
            in_place: *output == Output::InPlace,
            kind,
            writer: None,
            begun: false,
            finished: 0,
        })
    }

    /// How many files have their names.
    pub(crate) fn finished(&self) -> usize {
        self.finished
    }

    /// The next batches are those of input number `place`, which has this
    /// encoding. Says in which format they are to be rendered, and whether the
    /// layout of the input can be kept.
    pub(crate) fn begin(
        &mut self,
        place: usize,
        encoding: Option<Encoding>,
        only_input: bool,
    ) -> Result<linkmend_files::Target, OutputError> {
        self.begun = true;
        let mut wanted = encoding_of(encoding, self.format);
        match &mut self.kind {
            Kind::Nowhere => {}
            Kind::One(output) => {
                // An empty input does not decide for those behind it.
                if encoding.is_some()
                    && let Some(output) = output.take()
                {
                    self.writer = Some((
                        BatchWriter::with_threads(output, wanted, self.threads)?,
                        wanted,
                    ));
                }
                wanted = self.writer.as_ref().map_or(wanted, |(_, own)| *own);
            }
            Kind::Each { paths, .. } => {
                if let Some(path) = paths.get_mut(place).and_then(Option::take) {
                    let output = FileOutput::file(&path)?;
                    self.writer = Some((
                        BatchWriter::with_threads(output, wanted, self.threads)?,
                        wanted,
                    ));
                }
            }
        }
        let own_file = only_input || matches!(self.kind, Kind::Each { .. });
        Ok(linkmend_files::Target {
            format: wanted.format,
            keep_layout: own_file
                && encoding.is_some_and(|encoding| encoding.format == wanted.format),
        })
    }

    pub(crate) fn write(&mut self, piece: &Piece) -> Result<(), OutputError> {
        match &mut self.writer {
            Some((writer, _)) => Ok(writer.write(piece)?),
            None => Ok(()),
        }
    }

    /// All batches of an input are written that could be read; `faulty`: not
    /// all could. Says whether its output was finished, if it has one of its
    /// own.
    pub(crate) fn end(&mut self, faulty: bool) -> Result<bool, OutputError> {
        if !matches!(self.kind, Kind::Each { .. }) {
            return Ok(true);
        }
        // In the place of the input, what could not be read would be lost.
        if faulty && self.in_place {
            self.writer = None;
            return Ok(false);
        }
        self.finish_writer(faulty)
    }

    /// All batches of all inputs are written that could be read.
    pub(crate) fn finish(&mut self, faulty: bool) -> Result<(), OutputError> {
        if let Kind::One(output) = &mut self.kind {
            if self.begun
                && let Some(output) = output.take()
            {
                let encoding = encoding_of(None, self.format);
                self.writer = Some((
                    BatchWriter::with_threads(output, encoding, self.threads)?,
                    encoding,
                ));
            }
            self.finish_writer(faulty)?;
        }
        if let Kind::Each {
            folder: Some(folder),
            ..
        } = &self.kind
            && self.finished > 0
        {
            sync_folder(folder).map_err(|source| OutputError::Sync {
                folder: folder.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// An empty output where nothing could be read would look like a result.
    fn finish_writer(&mut self, faulty: bool) -> Result<bool, OutputError> {
        match self.writer.take() {
            Some((writer, _)) if !faulty || writer.written() > 0 => {
                match &self.kind {
                    Kind::Each {
                        folder: Some(_), ..
                    } => writer.finish_unsynced()?,
                    _ => writer.finish()?,
                }
                self.finished += 1;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

impl Kind {
    fn in_folder(
        folder: &Path,
        paths: Vec<PathBuf>,
        inputs: &[Input],
    ) -> Result<Self, OutputError> {
        let inputs: HashSet<PathBuf> = inputs
            .iter()
            .filter_map(|input| match input {
                Input::File(path) => path.canonicalize().ok(),
                Input::Stdin => None,
            })
            .collect();
        each_once(&paths)?;
        let mut is_checked = false;
        for path in &paths {
            let existing = path.canonicalize().ok();
            if existing.is_some_and(|path| path.is_file() && inputs.contains(&path)) {
                return Err(OutputError::IsInput(path.clone()));
            }
            AtomicFile::check(path)?;
            // Whether the folder can be written is the same for all of them.
            if !is_checked && !path.exists() {
                drop(FileOutput::file(path)?);
                is_checked = true;
            }
        }
        Ok(Self::Each {
            paths: paths.into_iter().map(Some).collect(),
            folder: Some(folder.to_owned()),
        })
    }

    fn in_place(paths: Vec<PathBuf>) -> Result<Self, OutputError> {
        each_once(&paths)?;
        let paths = paths.into_iter().map(|path| {
            // An input that is not there is told of when it is read.
            if !path.is_file() {
                return Ok(None);
            }
            drop(FileOutput::file(&path)?);
            Ok(Some(path))
        });
        Ok(Self::Each {
            paths: paths.collect::<Result<_, OutputError>>()?,
            folder: None,
        })
    }
}

fn each_once(paths: &[PathBuf]) -> Result<(), OutputError> {
    let mut seen = HashSet::with_capacity(paths.len());
    for path in paths {
        // `a` and `./a` are one file.
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            return Err(OutputError::Twice(path.clone()));
        }
    }
    Ok(())
}

/// The input's own, unless another format is asked for. An empty input has
/// none: whatever comes of it is empty too.
fn encoding_of(encoding: Option<Encoding>, format: Option<Format>) -> Encoding {
    let own = encoding.unwrap_or(Encoding {
        format: Format::JsonLines,
        compression: Compression::None,
    });
    let format = format.unwrap_or(own.format);
    // Compressing each message by itself makes sense in frames only.
    let compression = match own.compression {
        Compression::ZstdMessages if format != Format::Framed => Compression::Zstd,
        compression => compression,
    };
    Encoding {
        format,
        compression,
    }
}

fn is_same_file(input: &Input, path: &Path) -> bool {
    let Input::File(input) = input else {
        return false;
    };
    let same = |a: &Path, b: &Path| Some(a.canonicalize().ok()? == b.canonicalize().ok()?);
    path.is_file() && same(input, path).unwrap_or(false)
}

/// Standard output goes to the end of this very file: what is written would be
/// read again.
#[cfg(unix)]
fn is_stdout(input: &Input) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let metadata =
        |fd: std::os::fd::BorrowedFd<'_>| std::fs::File::from(fd.try_clone_to_owned()?).metadata();
    let input = match input {
        Input::File(path) => std::fs::metadata(path),
        Input::Stdin => metadata(std::io::stdin().as_fd()),
    };
    match (input, metadata(std::io::stdout().as_fd())) {
        (Ok(a), Ok(b)) => a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_stdout(_: &Input) -> bool {
    false
}
