//! Compression on the way to an output.

use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;

use crate::format::Compression;

use super::error::OutputError;
use super::gzip::GzipWriter;
use super::output::Output;

/// What is longer is written without being copied.
const BUFFER: usize = 64 * 1024;

type Plain = BufWriter<Output>;

pub(super) enum Sink {
    Plain(Plain),
    Gzip(GzipWriter<Plain>),
    Zstd(zstd::stream::write::Encoder<'static, Plain>),
}

impl Sink {
    /// Compresses on so many threads where it can.
    pub(super) fn new(
        output: Output,
        compression: Compression,
        threads: NonZeroUsize,
    ) -> Result<Self, OutputError> {
        let plain = BufWriter::with_capacity(BUFFER, output);
        Ok(match compression {
            Compression::None | Compression::ZstdMessages => Self::Plain(plain),
            Compression::Gzip => Self::Gzip(GzipWriter::new(plain, threads)),
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
    pub(super) fn finish(self) -> Result<Output, OutputError> {
        match self {
            Self::Plain(writer) => finish(writer),
            Self::Gzip(writer) => {
                let ended = writer.finish();
                finish(ended.map_err(|(error, plain)| plain.get_ref().error(error))?)
            }
            Self::Zstd(mut writer) => {
                let ended = writer.do_finish();
                ended.map_err(|error| writer.get_ref().get_ref().error(error))?;
                finish(writer.finish().map_err(OutputError::Compress)?)
            }
        }
    }
}

fn finish(mut plain: Plain) -> Result<Output, OutputError> {
    let flushed = plain.flush();
    flushed.map_err(|error| plain.get_ref().error(error))?;
    // Nothing is left to be written, so that this cannot fail.
    let output = plain.into_inner();
    output.map_err(|error| OutputError::Compress(error.into_error()))
}
