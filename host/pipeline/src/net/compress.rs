//! Compressing what is sent.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::config::Encoding;

/// How bodies are compressed, and how hard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compressor {
    encoding: Encoding,
    level: Option<i32>,
}

impl Compressor {
    pub(crate) fn new(encoding: Encoding, level: Option<i32>) -> Self {
        Self { encoding, level }
    }

    /// Whether bodies stay as they are.
    pub(crate) fn is_identity(self) -> bool {
        self.encoding == Encoding::Identity
    }

    /// Its name in `content-encoding` and `grpc-encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self.encoding {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
            Encoding::Zstd => Some("zstd"),
            Encoding::Zlib => Some("zlib"),
            Encoding::Deflate => Some("deflate"),
        }
    }

    /// Puts `bytes` compressed behind what is in `out`.
    pub(crate) fn compress(self, bytes: &[u8], out: Vec<u8>) -> io::Result<Vec<u8>> {
        match self.encoding {
            Encoding::Identity => {
                let mut out = out;
                out.extend_from_slice(bytes);
                Ok(out)
            }
            Encoding::Gzip => {
                let mut encoder = GzEncoder::new(out, self.flate());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Encoding::Zlib | Encoding::Deflate => {
                let mut encoder = ZlibEncoder::new(out, self.flate());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Encoding::Zstd => {
                let level = self.level.unwrap_or(zstd::DEFAULT_COMPRESSION_LEVEL);
                let mut encoder = zstd::Encoder::new(out, level)?;
                encoder.set_pledged_src_size(Some(bytes.len() as u64))?;
                encoder.write_all(bytes)?;
                encoder.finish()
            }
        }
    }

    fn flate(self) -> Compression {
        let level = self.level.and_then(|level| u32::try_from(level).ok());
        level.map_or_else(Compression::default, Compression::new)
    }
}
