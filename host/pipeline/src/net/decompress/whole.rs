//! A gzip body in one go, which takes half the time.
//!
//! How large its content is stands at its end. That is a claim: it is believed as
//! far as memory goes only if compression could have done that much, and a body of
//! which it is not true, or which is more than one member, is left to the decoder
//! that takes it as it comes.

use bytes::Bytes;
use libdeflater::{Decompressor, crc32};
use memchr::memmem;

use crate::net::body::BodyError;
use crate::net::budget::Charge;

/// The magic number, the method, flags, time, and two bytes more.
const HEADER: usize = 10;
/// The checksum and the length of the content.
const TRAILER: usize = 8;

/// Flags of a header with a checksum of its own, and of those that there are not.
const ODD_FLAGS: u8 = 0b1110_0010;

/// A body that claims to grow further than this is not believed. OTLP grows five to
/// twenty times.
pub(super) const GROWTH: usize = 64;

/// What the end of a gzip body says of the length of its content.
pub(super) fn claimed(body: &[u8]) -> Option<usize> {
    if body.len() < HEADER + TRAILER {
        return None;
    }
    let length = body.last_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

/// The content of a body that is one member and has at most `limit` bytes, which
/// are charged; `None` where it is another one, or damaged.
pub(super) fn gunzip(
    body: &[u8],
    limit: u64,
    charge: &mut Charge,
) -> Result<Option<Bytes>, BodyError> {
    let believed =
        |length: &usize| *length > 0 && *length as u64 <= limit && *length / GROWTH <= body.len();
    let Some(length) = claimed(body).filter(believed) else {
        return Ok(None);
    };
    if !matches!(body, [0x1f, 0x8b, 8, flags, ..] if flags & ODD_FLAGS == 0) {
        return Ok(None);
    }
    charge.grow(length as u64)?;
    let mut content = vec![0; length];
    let read = Decompressor::new().gzip_decompress(body, &mut content);
    if read == Ok(length) && is_one_member(body, &content) {
        return Ok(Some(content.into()));
    }
    charge.shrink(length as u64);
    Ok(None)
}

/// Whether `body`, which begins with a member of this content, ends with it.
/// Somewhere in it is the trailer of that member: if that occurs at the end alone,
/// the member ends there.
fn is_one_member(body: &[u8], content: &[u8]) -> bool {
    let mut trailer = [0; TRAILER];
    let (checksum, length) = trailer.split_at_mut(4);
    checksum.copy_from_slice(&crc32(content).to_le_bytes());
    length.copy_from_slice(&(content.len() as u32).to_le_bytes());
    memmem::find(body, &trailer) == body.len().checked_sub(TRAILER)
}
