//! Decompression that ends at a limit, whatever a body expands to.

use std::io::{self, BufRead, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::body::BodyError;
use super::budget::Charge;
use crate::config::Encoding;

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
        Encoding::Gzip => read_all(MultiGzDecoder::new(input), input.len(), limit, charge),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(damaged)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(damaged)?;
            read_all(decoder, input.len(), limit, charge)
        }
        // Most senders mean zlib by `deflate`, as RFC 9110 does.
        Encoding::Zlib | Encoding::Deflate => {
            let reader = Zlib {
                input,
                inflate: Decompress::new(true),
                ended: false,
            };
            read_all(reader, input.len(), limit, charge)
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err wants")]
fn damaged(error: io::Error) -> BodyError {
    BodyError::Damaged(error.to_string())
}

fn read_all(
    mut reader: impl Read,
    compressed: usize,
    limit: u64,
    charge: &mut Charge,
) -> Result<Bytes, BodyError> {
    // One byte more than the limit tells that there is more.
    let most = usize::try_from(limit).map_or(usize::MAX, |limit| limit.saturating_add(1));
    let mut output = Vec::new();
    let mut filled = 0;
    loop {
        if filled == output.len() {
            let next = (2 * filled).max(4 * compressed).max(SMALLEST).min(most);
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
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test that panics has failed"
    )]
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::super::budget::Budget;
    use super::*;

    const ALL: [Encoding; 4] = [
        Encoding::Gzip,
        Encoding::Zstd,
        Encoding::Zlib,
        Encoding::Deflate,
    ];

    fn compressed(encoding: Encoding, data: &[u8]) -> Bytes {
        let level = Compression::default();
        match encoding {
            Encoding::Identity => data.to_vec(),
            Encoding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
            Encoding::Zstd => zstd::encode_all(data, 3).unwrap(),
            Encoding::Zlib | Encoding::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
        }
        .into()
    }

    fn run(body: &Bytes, encoding: Encoding, limit: u64) -> Result<Bytes, BodyError> {
        let budget = Budget::new(64 << 20);
        decompress(body, encoding, limit, &mut budget.charge(0).unwrap())
    }

    #[test]
    fn what_was_compressed_comes_out() {
        let noise: Vec<u8> = (0..200_000_u32)
            .map(|n| (n.wrapping_mul(n) >> 7) as u8)
            .collect();
        for data in [&b""[..], b"x", &noise, &vec![0; 100_000]] {
            for encoding in ALL {
                let body = compressed(encoding, data);
                let length = data.len() as u64;
                assert_eq!(
                    run(&body, encoding, length.max(1)).unwrap(),
                    data,
                    "{encoding:?}"
                );
                if length > 1 {
                    let refused = run(&body, encoding, length - 1);
                    assert!(matches!(refused, Err(BodyError::TooLarge(_))));
                }
            }
        }
    }

    #[test]
    fn a_bomb_takes_no_more_than_the_limit() {
        let zeros = vec![0; 32 << 20];
        for encoding in ALL {
            let body = compressed(encoding, &zeros);
            let budget = Budget::new(4 << 20);
            let mut charge = budget.charge(0).unwrap();
            let refused = decompress(&body, encoding, 1 << 20, &mut charge);
            assert!(
                matches!(refused, Err(BodyError::TooLarge(_))),
                "{encoding:?}"
            );
            assert!(budget.used() <= (1 << 20) + 1);
        }
    }

    /// zlib without its end was taken for complete.
    #[test]
    fn what_is_cut_off_or_damaged_is_refused() {
        let noise: Vec<u8> = (0..50_000_u32)
            .map(|n| (n.wrapping_mul(n) >> 7) as u8)
            .collect();
        for encoding in ALL {
            let body = compressed(encoding, &noise);
            for length in [1, 5, body.len() / 2, body.len() - 1] {
                let cut = body.slice(..length);
                let refused = run(&cut, encoding, 1 << 20);
                assert!(
                    matches!(refused, Err(BodyError::Damaged(_))),
                    "{encoding:?} {length}: {refused:?}"
                );
            }
            let mut damaged = body.to_vec();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0xff;
            damaged[middle + 1] ^= 0xff;
            // zstd has no checksum unless it is asked for.
            if encoding != Encoding::Zstd {
                assert!(run(&damaged.into(), encoding, 1 << 20).is_err());
            }
            let text = Bytes::from_static(b"this is not compressed at all");
            assert!(matches!(
                run(&text, encoding, 1 << 20),
                Err(BodyError::Damaged(_))
            ));
        }
    }

    #[test]
    fn several_members_are_one_body() {
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            let one = compressed(encoding, b"one");
            let two = compressed(encoding, b"two");
            let both = Bytes::from([one, two].concat());
            assert_eq!(run(&both, encoding, 100).unwrap(), b"onetwo".as_slice());
        }
    }

    /// A header that asks for a window of a gigabyte.
    #[test]
    fn large_windows_are_refused() {
        // Magic, no content size, window descriptor 2^(10 + 20).
        let header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 1, 0, 0];
        let refused = run(&Bytes::copy_from_slice(&header), Encoding::Zstd, 1 << 20);
        assert!(matches!(refused, Err(BodyError::Damaged(_))), "{refused:?}");
    }
}
