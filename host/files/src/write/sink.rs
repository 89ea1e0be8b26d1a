//! Compression on the way to an output.

use std::io::{BufWriter, Write};

use flate2::write::GzEncoder;

use crate::format::Compression;

use super::error::OutputError;
use super::output::Output;

const BUFFER: usize = 256 * 1024;

type Plain = BufWriter<Output>;

pub(super) enum Sink {
    Plain(Plain),
    Gzip(GzEncoder<Plain>),
    Zstd(zstd::stream::write::Encoder<'static, Plain>),
}

impl Sink {
    pub(super) fn new(output: Output, compression: Compression) -> Result<Self, OutputError> {
        let plain = BufWriter::with_capacity(BUFFER, output);
        Ok(match compression {
            Compression::None | Compression::ZstdMessages => Self::Plain(plain),
            Compression::Gzip => Self::Gzip(GzEncoder::new(plain, flate2::Compression::default())),
            Compression::Zstd => {
                match zstd::stream::write::Encoder::new(plain, zstd::DEFAULT_COMPRESSION_LEVEL) {
                    Ok(encoder) => Self::Zstd(encoder),
                    Err(error) => return Err(OutputError::Compress(error)),
                }
            }
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        let result = match self {
            Self::Plain(writer) => writer.write_all(bytes),
            Self::Gzip(writer) => writer.write_all(bytes),
            Self::Zstd(writer) => writer.write_all(bytes),
        };
        result.map_err(|error| self.output().error(error))
    }

    fn output(&self) -> &Output {
        match self {
            Self::Plain(writer) => writer.get_ref(),
            Self::Gzip(writer) => writer.get_ref().get_ref(),
            Self::Zstd(writer) => writer.get_ref().get_ref(),
        }
    }

    /// Ends the compression and hands everything on.
    pub(super) fn finish(mut self) -> Result<Output, OutputError> {
        let result = match &mut self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(writer) => writer.try_finish(),
            Self::Zstd(writer) => writer.do_finish(),
        };
        let flushed = result.and_then(|()| self.plain().flush());
        flushed.map_err(|error| self.output().error(error))?;
        // Nothing is left to be written, so that these cannot fail.
        let plain = match self {
            Self::Plain(writer) => writer,
            Self::Gzip(writer) => writer.finish().map_err(OutputError::Compress)?,
            Self::Zstd(writer) => writer.finish().map_err(OutputError::Compress)?,
        };
        let output = plain.into_inner();
        output.map_err(|error| OutputError::Compress(error.into_error()))
    }

    fn plain(&mut self) -> &mut Plain {
        match self {
            Self::Plain(writer) => writer,
            Self::Gzip(writer) => writer.get_mut(),
            Self::Zstd(writer) => writer.get_mut(),
        }
    }
}
