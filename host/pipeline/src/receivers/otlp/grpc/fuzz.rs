//! The fuzz target of frames and compression: a function of any bytes, which
//! panics at a fault. tonic reads the same body.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a target that panics has found something"
)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use hyper::body::{Body, Frame};
use tokio::time::Instant;
use tonic::Streaming;
use tonic::codec::{CompressionEncoding, DecodeBuf, Decoder};

use super::frame::{self, FrameError};
use crate::config::Encoding;
use crate::net::body::{BodyError, Parts, Patience};
use crate::net::budget::{Budget, Charge};
use crate::net::decompress::decompress;

/// The largest message, and what all of a request may take.
const LIMIT: u64 = 64 << 10;
const BUDGET: u64 = 256 << 10;

/// What a message expands to that is a bomb.
const BOMB: usize = 1 << 20;

const ENCODINGS: [Encoding; 3] = [Encoding::Identity, Encoding::Gzip, Encoding::Zstd];

/// The first bytes decide what is done: how the body is made of the others, which
/// compression it is said to have, where it is cut into parts.
pub fn message(data: &[u8]) {
    let (head, rest) = data.split_at(data.len().min(4));
    let decision = |place: usize| usize::from(head.get(place).copied().unwrap_or_default());
    let encoding = ENCODINGS[decision(0) % 3];
    let body = match decision(1) % 4 {
        0 => rest.to_vec(),
        1 => framed(&compressed(encoding, rest), encoding, 0),
        // Its length is another one.
        2 => framed(&compressed(encoding, rest), encoding, decision(3)),
        _ => damaged(framed(&bomb(encoding, decision(3)), encoding, 0), rest),
    };
    let parts = cut(&body, 1 + decision(2) * decision(2));
    compare(encoding, &parts);
}

fn compare(encoding: Encoding, parts: &VecDeque<Bytes>) {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().build().unwrap();
    let budget = Budget::new(BUDGET);
    let ours = runtime.block_on(ours(encoding, parts.clone(), &budget));
    let theirs = runtime.block_on(theirs(encoding, parts.clone()));
    let is_plain = parts.iter().flatten().next() == Some(&0);
    match (ours, theirs) {
        (Ok((ours, charge)), Ok(theirs)) => {
            assert!(ours.len() as u64 <= LIMIT && charge.bytes() <= BUDGET);
            // tonic reads the first member of gzip alone.
            let is_same = if encoding == Encoding::Gzip && !is_plain {
                ours.starts_with(&theirs)
            } else {
                ours == theirs
            };
            assert!(is_same, "{encoding:?} {parts:?}");
        }
        (Ok(_), Err(error)) => panic!("tonic refuses it: {error}: {encoding:?} {parts:?}"),
        (Err(error), Ok(_)) => {
            // tonic does not look at what follows in what is compressed.
            let may_refuse =
                !is_plain && error != "frame" || error == "room" || is_begun_again(parts);
            assert!(may_refuse, "{error}: {encoding:?} {parts:?}");
        }
        (Err(_), Err(_)) => {}
    }
    // What was charged has been given back.
    assert!(budget.charge(BUDGET).is_ok());
}

/// The head of a second message, of which nothing comes: tonic passes over it.
fn is_begun_again(parts: &VecDeque<Bytes>) -> bool {
    let body: Vec<u8> = parts.iter().flatten().copied().collect();
    let [_, length @ .., _, _, _, _, _] = body.as_slice() else {
        return false;
    };
    length
        .split_first_chunk()
        .is_some_and(|(length, message)| u32::from_be_bytes(*length) as usize == message.len())
}

async fn ours(
    encoding: Encoding,
    parts: VecDeque<Bytes>,
    budget: &std::sync::Arc<Budget>,
) -> Result<(Bytes, Charge), &'static str> {
    let patience = Patience {
        part: Duration::from_mins(1),
        until: Instant::now() + Duration::from_mins(1),
    };
    let mut charge = budget.charge(0).unwrap();
    let mut body = Parts::new(Pieces(parts), patience);
    let why = |error| match error {
        BodyError::TooLarge(_) => "limit",
        BodyError::NoRoom(_) => "room",
        BodyError::Damaged(_) => "damaged",
        BodyError::Slow(_) | BodyError::Broken(_) => "frame",
    };
    let framed = frame::read(&mut body, LIMIT, &mut charge).await;
    let framed = framed.map_err(|error| match error {
        FrameError::Body(error) => why(error),
        FrameError::Protocol(_) | FrameError::NotOne(_) => "frame",
    })?;
    let encoding = match (framed.is_compressed, encoding) {
        (false, _) => Encoding::Identity,
        (true, Encoding::Identity) => return Err("frame"),
        (true, encoding) => encoding,
    };
    let message = decompress(&framed.message, encoding, LIMIT, &mut charge);
    Ok((message.map_err(why)?, charge))
}

/// The one message, as tonic reads it.
async fn theirs(encoding: Encoding, parts: VecDeque<Bytes>) -> Result<Bytes, String> {
    let named = match encoding {
        Encoding::Gzip => Some(CompressionEncoding::Gzip),
        Encoding::Zstd => Some(CompressionEncoding::Zstd),
        _ => None,
    };
    let limit = Some(LIMIT as usize);
    let mut stream = Streaming::new_request(Raw, Pieces(parts), named, limit);
    let first = stream
        .message()
        .await
        .map_err(|status| status.to_string())?;
    let first = first.ok_or("there is no message")?;
    match stream.message().await {
        Ok(None) => Ok(first),
        Ok(Some(_)) => Err("there are several".into()),
        Err(status) => Err(status.to_string()),
    }
}

/// Messages as they are.
struct Raw;

impl Decoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// A body that comes in parts.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }
}

fn cut(body: &[u8], length: usize) -> VecDeque<Bytes> {
    body.chunks(length).map(Bytes::copy_from_slice).collect()
}

fn framed(message: &[u8], encoding: Encoding, more: usize) -> Vec<u8> {
    let mut out = vec![u8::from(encoding != Encoding::Identity)];
    let length = u32::try_from(message.len() + more).unwrap();
    out.extend(length.to_be_bytes());
    out.extend_from_slice(message);
    out
}

fn compressed(encoding: Encoding, message: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Gzip => {
            let level = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(message).unwrap();
            encoder.finish().unwrap()
        }
        Encoding::Zstd => zstd::encode_all(message, 1).unwrap(),
        _ => message.to_vec(),
    }
}

/// Up to 1 MiB, sixteen times of what a message may be.
fn bomb(encoding: Encoding, size: usize) -> Vec<u8> {
    compressed(encoding, &vec![0; BOMB / 256 * (1 + size)])
}

/// The bytes with others in a few places: pairs of a place and a byte.
fn damaged(mut body: Vec<u8>, by: &[u8]) -> Vec<u8> {
    for three in by.chunks_exact(3).take(4) {
        let place = usize::from(three[0]) << 8 | usize::from(three[1]);
        let length = body.len();
        if three[2] == 0 {
            body.truncate(place % length.max(1));
        } else if let Some(byte) = body.get_mut(place % length.max(1)) {
            *byte ^= three[2];
        }
    }
    body
}

#[cfg(test)]
mod bounded {
    /// How many inputs; more by hand: `LINKMEND_FUZZ_RUNS=1000000`.
    fn runs() -> u64 {
        let given = std::env::var("LINKMEND_FUZZ_RUNS").ok();
        given.and_then(|given| given.parse().ok()).unwrap_or(4000)
    }

    /// It is refused: the sender was cut off.
    #[test]
    fn the_head_of_a_second_message_alone() {
        super::message(&[1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14]);
    }

    #[test]
    fn message() {
        let mut failed = Vec::new();
        for seed in 0..runs() {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut data = vec![0; random.usize(..400)];
            random.fill(&mut data);
            if data.len() > 40 && random.bool() {
                // Frames are mostly of a few bytes, and flags 0 or 1.
                data[4] = random.u8(..3);
                data[5..8].fill(0);
                data[8] = random.u8(..);
            }
            if std::panic::catch_unwind(|| super::message(&data)).is_err() {
                failed.push(seed);
            }
        }
        assert!(failed.is_empty(), "seeds {failed:?}");
    }
}
