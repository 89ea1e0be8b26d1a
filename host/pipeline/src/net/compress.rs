//! Compressing what is sent: each body in one go.
//!
//! What an encoder works in is kept for the next body: to have it anew, filled
//! with zeros, takes as long as compressing a small one.

use std::io;

use libdeflater::{CompressionLvl, Compressor as Deflate};
use parking_lot::Mutex;
use zstd::zstd_safe::{self, CCtx, CParameter};

use crate::config::Encoding;
use crate::workers::processors;

/// The level of gzip, zlib and deflate that is taken when none is given. Over the
/// recordings of `tests/recordings`, its size is within 3 per cent of that of
/// zlib's level 6, in less than two thirds of the time (docs/performance.md).
const DEFLATE_LEVEL: i32 = 5;

/// The same of zstd: within 2 per cent of the size of its own default, 3.
const ZSTD_LEVEL: i32 = 1;

/// Work space of zstd above this size is not kept. Up to level 3 it has 1.3 MB,
/// and that of deflate 0.7 MB; with level 22 it is 65 MB.
const LARGEST_KEPT: usize = 2 << 20;

/// Room for what comes out is kept up to this size, that of a large batch.
const ROOM_KEPT: usize = 512 << 10;

/// Encoders that wait for a body, of all exporters. There are as many bodies
/// compressed at once as there are processors, by each exporter.
static IDLE: Mutex<Vec<Encoder>> = Mutex::new(Vec::new());

/// How bodies are compressed, and how hard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compressor {
    encoding: Encoding,
    level: i32,
}

impl Compressor {
    pub(crate) fn new(encoding: Encoding, level: Option<i32>) -> Self {
        let default = if encoding == Encoding::Zstd {
            ZSTD_LEVEL
        } else {
            DEFLATE_LEVEL
        };
        let level = level.unwrap_or(default);
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
    pub(crate) fn compress(self, bytes: &[u8], mut out: Vec<u8>) -> io::Result<Vec<u8>> {
        if self.is_identity() {
            out.extend_from_slice(bytes);
            return Ok(out);
        }
        let mut encoder = self.encoder()?;
        let compressed = encoder.compress(self.encoding, bytes)?;
        // No more than it takes: it may have to wait for its backend.
        out.reserve_exact(compressed.len());
        out.extend_from_slice(compressed);
        encoder.keep();
        Ok(out)
    }

    /// One that waits, or a new one.
    fn encoder(self) -> io::Result<Encoder> {
        let is_zstd = self.encoding == Encoding::Zstd;
        let mut idle = IDLE.lock();
        let place = idle
            .iter()
            .rposition(|one| one.level == self.level && one.is_zstd() == is_zstd);
        if let Some(place) = place {
            return Ok(idle.swap_remove(place));
        }
        drop(idle);
        Encoder::new(is_zstd, self.level)
    }
}

/// A level, and what is worked in.
struct Encoder {
    level: i32,
    method: Method,
    room: Vec<u8>,
}

enum Method {
    Deflate(Deflate),
    Zstd(CCtx<'static>),
}

impl Encoder {
    fn new(is_zstd: bool, level: i32) -> io::Result<Self> {
        let method = if is_zstd {
            let mut context = CCtx::create();
            let level = CParameter::CompressionLevel(level);
            context.set_parameter(level).map_err(of_zstd)?;
            Method::Zstd(context)
        } else {
            let level = CompressionLvl::new(level);
            let level = level.map_err(|_| io::Error::other("there is no such level"))?;
            Method::Deflate(Deflate::new(level))
        };
        let room = Vec::new();
        Ok(Self {
            level,
            method,
            room,
        })
    }

    fn is_zstd(&self) -> bool {
        matches!(self.method, Method::Zstd(_))
    }

    /// The most that so many bytes can become.
    fn bound(&mut self, encoding: Encoding, length: usize) -> usize {
        match &mut self.method {
            Method::Deflate(deflate) if encoding == Encoding::Gzip => {
                deflate.gzip_compress_bound(length)
            }
            Method::Deflate(deflate) => deflate.zlib_compress_bound(length),
            Method::Zstd(_) => zstd_safe::compress_bound(length),
        }
    }

    fn compress(&mut self, encoding: Encoding, bytes: &[u8]) -> io::Result<&[u8]> {
        let bound = self.bound(encoding, bytes.len());
        if self.room.len() < bound {
            self.room.resize(bound, 0);
        }
        let room = self.room.as_mut_slice();
        let written = match &mut self.method {
            Method::Deflate(deflate) if encoding == Encoding::Gzip => {
                deflate.gzip_compress(bytes, room).map_err(io::Error::other)
            }
            Method::Deflate(deflate) => {
                deflate.zlib_compress(bytes, room).map_err(io::Error::other)
            }
            Method::Zstd(context) => context.compress2(room, bytes).map_err(of_zstd),
        }?;
        Ok(self.room.get(..written).unwrap_or_default())
    }

    /// Waits for the next body, unless it is large or there are enough of them.
    fn keep(mut self) {
        if let Method::Zstd(context) = &self.method
            && context.sizeof() > LARGEST_KEPT
        {
            return;
        }
        self.room.truncate(ROOM_KEPT);
        self.room.shrink_to(ROOM_KEPT);
        let mut idle = IDLE.lock();
        // The oldest may be of a level that nobody has any more.
        if idle.len() >= 2 * processors() {
            idle.remove(0);
        }
        idle.push(self);
    }
}

fn of_zstd(code: zstd_safe::ErrorCode) -> io::Error {
    io::Error::other(zstd_safe::get_error_name(code))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use std::io::Read as _;

    use flate2::read::{GzDecoder, ZlibDecoder};

    use super::*;

    const ALL: [Encoding; 5] = [
        Encoding::Identity,
        Encoding::Gzip,
        Encoding::Zstd,
        Encoding::Zlib,
        Encoding::Deflate,
    ];

    /// What another implementation makes of it.
    fn plain(encoding: Encoding, body: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match encoding {
            Encoding::Identity => return body.to_vec(),
            Encoding::Gzip => GzDecoder::new(body).read_to_end(&mut plain),
            Encoding::Zstd => return zstd::decode_all(body).unwrap(),
            Encoding::Zlib | Encoding::Deflate => ZlibDecoder::new(body).read_to_end(&mut plain),
        }
        .unwrap();
        plain
    }

    #[test]
    fn others_read_what_comes_out_at_every_level() {
        let noise: Vec<u8> = (0..300_000_u32)
            .map(|n| (n.wrapping_mul(n) >> 9) as u8)
            .collect();
        let text = b"messaging.message.id".repeat(10_000);
        for encoding in ALL {
            let most = if encoding == Encoding::Zstd { 22 } else { 9 };
            for level in std::iter::once(None).chain((1..=most).map(Some)) {
                for bytes in [&b""[..], b"x", &noise, &text] {
                    let compressor = Compressor::new(encoding, level);
                    let body = compressor.compress(bytes, b"head".to_vec()).unwrap();
                    let (head, body) = body.split_at(4);
                    assert_eq!(head, b"head");
                    assert!(plain(encoding, body) == bytes, "{encoding:?} {level:?}");
                }
            }
        }
    }

    /// They take memory for as long as the process runs.
    #[test]
    fn few_encoders_are_kept_and_none_that_is_large() {
        let bytes = vec![7; 4 << 20];
        for level in 1..=22 {
            let zstd = Compressor::new(Encoding::Zstd, Some(level));
            zstd.compress(&bytes, Vec::new()).unwrap();
            let gzip = Compressor::new(Encoding::Gzip, Some(level.min(9)));
            gzip.compress(&bytes, Vec::new()).unwrap();
            let idle = IDLE.lock();
            assert!(idle.len() <= 2 * processors());
            for one in idle.iter() {
                assert!(one.room.capacity() <= ROOM_KEPT);
                if let Method::Zstd(context) = &one.method {
                    assert!(context.sizeof() <= LARGEST_KEPT);
                }
            }
        }
    }
}
