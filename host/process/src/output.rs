//! Where mended batches go.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use linkmend_files::{BatchWriter, Compression, Encoding, Format, Output as FileOutput, Piece};

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
}

impl OutputError {
    /// Who reads standard output has gone: nobody wants the rest.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write(linkmend_files::OutputError::BrokenPipe))
    }

    /// It was asked for what cannot be: nothing was begun.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Write(error) if !matches!(error, linkmend_files::OutputError::Create { .. }))
    }
}

/// The outputs of a job, opened before any work is done.
pub(crate) struct Outputs {
    format: Option<Format>,
    in_place: bool,
    kind: Kind,
}

enum Kind {
    /// One for all inputs. Its writer is made when the format is known.
    One(Option<FileOutput>, Option<(BatchWriter, Encoding)>),
    /// One for each input, in their order.
    Each(Vec<Option<FileOutput>>, Option<(BatchWriter, Encoding)>),
    Nowhere,
}

impl Outputs {
    pub(crate) fn open(
        output: &Output,
        format: Option<Format>,
        inputs: &[Input],
    ) -> Result<Self, OutputError> {
        let kind = match output {
            Output::Nowhere => Kind::Nowhere,
            Output::Stdout => Kind::One(Some(FileOutput::stdout()), None),
            Output::File(path) => {
                if inputs.iter().any(|input| is_same_file(input, path)) {
                    return Err(OutputError::IsInput(path.clone()));
                }
                Kind::One(Some(FileOutput::file(path)?), None)
            }
            Output::Directory(directory) => {
                let paths = inputs.iter().map(|input| match input {
                    Input::File(path) => {
                        Ok(directory.join(path.file_name().unwrap_or(path.as_os_str())))
                    }
                    Input::Stdin => Err(OutputError::NoName("a directory")),
                });
                Kind::each(&paths.collect::<Result<Vec<_>, _>>()?, inputs, false)?
            }
            Output::InPlace => {
                let paths = inputs.iter().map(|input| match input {
                    Input::File(path) => Ok(path.clone()),
                    Input::Stdin => Err(OutputError::NoName("itself (--in-place)")),
                });
                Kind::each(&paths.collect::<Result<Vec<_>, _>>()?, inputs, true)?
            }
        };
        Ok(Self {
            format,
            in_place: *output == Output::InPlace,
            kind,
        })
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
        let wanted = encoding_of(encoding, self.format);
        let own = match &mut self.kind {
            Kind::Nowhere => wanted,
            Kind::One(output, writer) => {
                if let Some(output) = output.take() {
                    *writer = Some((BatchWriter::new(output, wanted)?, wanted));
                }
                writer.as_ref().map_or(wanted, |(_, encoding)| *encoding)
            }
            Kind::Each(outputs, writer) => {
                if let Some(output) = outputs.get_mut(place).and_then(Option::take) {
                    *writer = Some((BatchWriter::new(output, wanted)?, wanted));
                }
                wanted
            }
        };
        let own_file = only_input || matches!(self.kind, Kind::Each(..));
        Ok(linkmend_files::Target {
            format: own.format,
            keep_layout: own_file && encoding.is_some_and(|encoding| encoding.format == own.format),
        })
    }

    pub(crate) fn write(&mut self, piece: &Piece) -> Result<(), OutputError> {
        match &mut self.kind {
            Kind::One(_, Some((writer, _))) | Kind::Each(_, Some((writer, _))) => {
                Ok(writer.write(piece)?)
            }
            _ => Ok(()),
        }
    }

    /// All batches of an input are written.
    pub(crate) fn end(&mut self) -> Result<(), OutputError> {
        match &mut self.kind {
            Kind::Each(_, writer) => finish(writer),
            _ => Ok(()),
        }
    }

    /// Something of an input could not be read: when the output would take its
    /// place, that would be lost. Says whether it is left as it was for this.
    pub(crate) fn abandon(&mut self) -> bool {
        match &mut self.kind {
            Kind::Each(_, writer) if self.in_place => writer.take().is_some(),
            _ => false,
        }
    }

    /// All batches of all inputs are written.
    pub(crate) fn finish(&mut self) -> Result<(), OutputError> {
        match &mut self.kind {
            Kind::One(_, writer) => finish(writer),
            _ => Ok(()),
        }
    }
}

impl Kind {
    fn each(paths: &[PathBuf], inputs: &[Input], in_place: bool) -> Result<Self, OutputError> {
        let mut seen = HashSet::new();
        for path in paths {
            if !seen.insert(path) {
                return Err(OutputError::Twice(path.clone()));
            }
            if !in_place && inputs.iter().any(|input| is_same_file(input, path)) {
                return Err(OutputError::IsInput(path.clone()));
            }
        }
        let outputs = paths.iter().map(|path| {
            // An input that is not there is told of when it is read.
            if in_place && !path.is_file() {
                return Ok(None);
            }
            FileOutput::file(path).map(Some)
        });
        Ok(Self::Each(outputs.collect::<Result<_, _>>()?, None))
    }
}

fn finish(writer: &mut Option<(BatchWriter, Encoding)>) -> Result<(), OutputError> {
    match writer.take() {
        Some((writer, _)) => Ok(writer.finish()?),
        None => Ok(()),
    }
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
