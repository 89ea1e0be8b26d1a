//! The frame of a message: a flag, its length, and the message.

use std::fmt::Display;

use bytes::{Buf, Bytes};
use hyper::body::Body;

use crate::net::body::{BodyError, Gathered, Parts};
use crate::net::budget::Charge;

/// The flag and the length.
const PREFIX: usize = 5;

/// A message as it came.
pub(super) struct Framed {
    pub(super) is_compressed: bool,
    pub(super) message: Bytes,
}

pub(super) enum FrameError {
    Body(BodyError),
    /// The sender does not keep to gRPC.
    Protocol(&'static str),
    /// There is not one message.
    NotOne(&'static str),
}

impl From<BodyError> for FrameError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

/// Reads the one message of a unary call. One that says that it is larger than
/// the limit is refused before it comes.
pub(super) async fn read<B>(
    parts: &mut Parts<B>,
    limit: u64,
    charge: &mut Charge,
) -> Result<Framed, FrameError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let mut prefix = [0; PREFIX];
    let mut known = 0;
    let mut gathered = Gathered::default();
    while let Some(mut part) = parts.next().await? {
        if let Some(missing) = prefix
            .get_mut(known..)
            .filter(|missing| !missing.is_empty())
        {
            let length = missing.len().min(part.len());
            part.copy_to_slice(missing.get_mut(..length).unwrap_or_default());
            known += length;
            if known < PREFIX {
                continue;
            }
        }
        let length = u64::from(length(prefix));
        if length > limit {
            return Err(BodyError::TooLarge(limit).into());
        }
        if (gathered.len() + part.len()) as u64 > length {
            let text = "there is more than one message in a unary call";
            return Err(FrameError::NotOne(text));
        }
        if !part.is_empty() {
            gathered.push(part, Some(length), charge)?;
        }
    }
    if known == 0 {
        return Err(FrameError::NotOne("there is no message in the call"));
    }
    let is_complete = known == PREFIX && gathered.len() as u64 == u64::from(length(prefix));
    if !is_complete {
        return Err(FrameError::Protocol("the message is cut off"));
    }
    let [flag, ..] = prefix;
    match flag {
        0 | 1 => Ok(Framed {
            is_compressed: flag == 1,
            message: gathered.into_bytes(),
        }),
        _ => Err(FrameError::Protocol(
            "the flag of compression is neither 0 nor 1",
        )),
    }
}

fn length([_, a, b, c, d]: [u8; PREFIX]) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

/// Writes a message that is not compressed.
pub(super) fn write(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = Vec::with_capacity(PREFIX + message.len());
    framed.push(0);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    framed.into()
}
