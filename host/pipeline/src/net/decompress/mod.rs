//! Decompression that ends at a limit, whatever a body expands to.

mod whole;

use std::io::{self, BufRead, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::zstd_safe;

use super::body::BodyError;
use super::budget::Charge;
use crate::config::Encoding;

use whole::GROWTH;

/// Windows of zstd up to 8 MiB are what every decoder must take (RFC 8878); a
/// header may ask for gigabytes.
const ZSTD_WINDOW_LOG: u32 = 23;

const SMALLEST: usize = 16 << 10;

/// A body without its compression, of at most `limit` bytes, which are charged
/// as they come out.
pub(crate) fn decompress(
    body: &Bytes,
    encoding: Encoding,
    limit: u64,
    charge: &mut Charge,
) -> Result<Bytes, BodyError> {
    let input: &[u8] = body;
    match encoding {
        Encoding::Identity if input.len() as u64 > limit => Err(BodyError::TooLarge(limit)),
        Encoding::Identity => Ok(body.clone()),
        Encoding::Gzip => match whole::gunzip(input, limit, charge)? {
            Some(content) => Ok(content),
            None => read_all(MultiGzDecoder::new(input), 4 * input.len(), limit, charge),
        },
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(damaged)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(damaged)?;
            read_all(decoder, zstd_room(input), limit, charge)
        }
        // Most senders mean zlib by `deflate`, as RFC 9110 does.
        Encoding::Zlib | Encoding::Deflate => {
            let reader = Zlib {
                input,
                inflate: Decompress::new(true),
                ended: false,
            };
            read_all(reader, 4 * input.len(), limit, charge)
        }
    }
}

/// How large the content of a body is by its own account; that need not be true.
pub(crate) fn claimed(body: &[u8], encoding: Encoding) -> Option<u64> {
    match encoding {
        Encoding::Identity => Some(body.len() as u64),
        Encoding::Gzip => whole::claimed(body).map(|length| length as u64),
        Encoding::Zstd => zstd_safe::get_frame_content_size(body).ok().flatten(),
        Encoding::Zlib | Encoding::Deflate => None,
    }
}

/// Room for the content of a body and for the byte that there must not be behind it.
fn zstd_room(body: &[u8]) -> usize {
    let claimed = claimed(body, Encoding::Zstd).and_then(|length| usize::try_from(length).ok());
    let believed = claimed.filter(|length| length / GROWTH <= body.len());
    believed.map_or(4 * body.len(), |length| length + 1)
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err wants")]
fn damaged(error: io::Error) -> BodyError {
    BodyError::Damaged(error.to_string())
}

fn read_all(
    mut reader: impl Read,
    room: usize,
    limit: u64,
    charge: &mut Charge,
) -> Result<Bytes, BodyError> {
    // One byte more than the limit tells that there is more.
    let most = usize::try_from(limit).map_or(usize::MAX, |limit| limit.saturating_add(1));
    let mut output = Vec::new();
    let mut filled = 0;
    loop {
        if filled == output.len() {
            let next = (2 * filled).max(room).max(SMALLEST).min(most);
            charge.grow((next - filled) as u64)?;
            output.reserve_exact(next - filled);
            output.resize(next, 0);
        }
        let room = output.get_mut(filled..).unwrap_or_default();
        match reader.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(error)),
        }
        if filled >= most {
            return Err(BodyError::TooLarge(limit));
        }
    }
    output.truncate(filled);
    let capacity = output.capacity();
    if 2 * filled < capacity {
        output.shrink_to_fit();
        charge.shrink((capacity - output.capacity()) as u64);
    }
    Ok(output.into())
}

/// zlib, where what is cut off is an error.
struct Zlib<'i> {
    input: &'i [u8],
    inflate: Decompress,
    ended: bool,
}

impl Read for Zlib<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.ended {
                return Ok(0);
            }
            let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(self.input, room, FlushDecompress::None)?;
            let read = usize::try_from(self.inflate.total_in() - read).unwrap_or(usize::MAX);
            let written = usize::try_from(self.inflate.total_out() - written).unwrap_or_default();
            self.input.consume(read.min(self.input.len()));
            self.ended = status == Status::StreamEnd;
            if self.ended && !self.input.is_empty() {
                return Err(io::Error::other("there is more behind its end"));
            }
            if written > 0 || room.is_empty() {
                return Ok(written);
            }
            if read == 0 && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

#[cfg(test)]
mod tests;
