//! What comes back when a batch was taken.
//!
//! That it was taken stands in the status; the body may say that some of it was
//! not. A body that cannot be read changes nothing about the batch, and is no
//! business of whoever sent it: it is told of here.

use std::fmt;

use bytes::Bytes;

use crate::config::Encoding;
use crate::net::body::BodyError;
use crate::net::budget::Budget;
use crate::net::decompress::decompress;

/// What an answer says, when it can be read.
pub(crate) type Answered<T> = Result<T, Unreadable>;

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An answer without its compression, of at most so many bytes.
pub(super) fn expanded(body: &Bytes, encoding: Encoding, most: usize) -> Answered<Bytes> {
    // Of its own: what answers take is bounded by each of them.
    let budget = Budget::new(u64::MAX);
    let plain = budget
        .charge(0)
        .map_err(BodyError::NoRoom)
        .and_then(|mut charge| decompress(body, encoding, most as u64, &mut charge));
    plain.map_err(|error| {
        Unreadable::new(match error {
            BodyError::TooLarge(most) => format!("it has more than {most} bytes"),
            BodyError::NoRoom(_) => "there is no room for it".into(),
            BodyError::Damaged(text) | BodyError::Broken(text) | BodyError::Slow(text) => {
                format!("it cannot be decompressed: {text}")
            }
        })
    })
}
