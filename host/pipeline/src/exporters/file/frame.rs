//! A batch as it is written.

use crate::config::{FileExporter, FileFormat};
use crate::json;
use crate::traces::{Refusal, Traces};

/// The level that Zstandard itself takes when none is given.
const LEVEL: i32 = 3;

/// How batches are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    format: FileFormat,
    zstd: bool,
}

impl Frame {
    pub(super) fn of(config: &FileExporter) -> Self {
        Self {
            format: config.format,
            zstd: config.zstd,
        }
    }

    /// Whether batches are lines; otherwise each stands behind its length.
    pub(super) fn is_lines(self) -> bool {
        self.format == FileFormat::Json && !self.zstd
    }

    pub(super) fn encode(self, batch: &Traces) -> Result<Vec<u8>, Refusal> {
        let mut message = match self.format {
            FileFormat::Json => {
                json::encode(batch.signal(), batch.bytes()).map_err(Refusal::malformed)?
            }
            FileFormat::Proto => batch.bytes().to_vec(),
        };
        if self.is_lines() {
            message.push(b'\n');
            return Ok(message);
        }
        if self.zstd {
            message = zstd::bulk::compress(&message, LEVEL)
                .map_err(|error| Refusal::permanent(format!("cannot compress it: {error}")))?;
        }
        let length = u32::try_from(message.len())
            .map_err(|_| Refusal::permanent("it is larger than 4 GiB"))?;
        let mut frame = Vec::with_capacity(message.len() + 4);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.append(&mut message);
        Ok(frame)
    }
}
