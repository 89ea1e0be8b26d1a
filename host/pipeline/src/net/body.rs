//! Bodies of requests as they arrive: in time, and within bounds.

use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::Instant;

use super::budget::{Charge, NoRoom};

/// Why a body is not taken.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is larger than so many bytes.
    TooLarge(u64),
    /// The budget is used up.
    NoRoom(NoRoom),
    /// It comes too slowly.
    Slow(String),
    /// The sender broke off.
    Broken(String),
    /// It cannot be decompressed.
    Damaged(String),
}

impl From<NoRoom> for BodyError {
    fn from(no_room: NoRoom) -> Self {
        Self::NoRoom(no_room)
    }
}

/// How long is waited for a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For the next part of it.
    pub(crate) part: Duration,
    /// For all of it.
    pub(crate) until: Instant,
}

/// The parts of a body, one after the other.
pub(crate) struct Parts<B> {
    body: B,
    patience: Patience,
}

impl<B> Parts<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    pub(crate) fn new(body: B, patience: Patience) -> Self {
        Self { body, patience }
    }

    /// The next part; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let next = Instant::now() + self.patience.part;
            let until = next.min(self.patience.until);
            let frame = match tokio::time::timeout_at(until, self.body.frame()).await {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => return Err(BodyError::Broken(error.to_string())),
                Err(_) if until == next => {
                    let part = self.patience.part;
                    return Err(BodyError::Slow(format!("nothing of it came for {part:?}")));
                }
                Err(_) => return Err(BodyError::Slow("it took too long to come".into())),
            };
            // An empty part is no progress, and trailers mean nothing here.
            if let Ok(data) = frame.into_data()
                && data.has_remaining()
            {
                return Ok(Some(data));
            }
        }
    }
}

/// What has come of a body, in one piece.
///
/// A body that comes in one part is not copied. Parts are, for each of them
/// keeps alive the whole buffer that it was read into: a sender of single bytes
/// would take thousands of times of what it sends.
#[derive(Default)]
pub(crate) struct Gathered {
    only: Bytes,
    joined: Vec<u8>,
}

const SMALLEST: usize = 4 << 10;

impl Gathered {
    /// Takes the next part. `expected`: how long all of it will be, if that is
    /// known.
    pub(crate) fn push(
        &mut self,
        part: Bytes,
        expected: Option<u64>,
        charge: &mut Charge,
    ) -> Result<(), BodyError> {
        if self.is_empty() && expected == Some(part.len() as u64) {
            charge.grow(part.len() as u64)?;
            self.only = part;
            return Ok(());
        }
        let length = self.len() + part.len();
        if length > self.joined.capacity() {
            let most = expected.and_then(|expected| usize::try_from(expected).ok());
            let next = (2 * self.joined.capacity()).max(SMALLEST);
            let capacity = next.min(most.unwrap_or(next)).max(length);
            charge.grow((capacity - self.joined.capacity()) as u64)?;
            self.joined.reserve_exact(capacity - self.joined.len());
        }
        let only = std::mem::take(&mut self.only);
        self.joined.extend_from_slice(&only);
        self.joined.extend_from_slice(&part);
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.only.len() + self.joined.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that has come.
    pub(crate) fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() {
            self.only
        } else {
            self.joined.into()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::super::budget::Budget;
    use super::*;

    #[test]
    fn a_body_in_one_part_is_not_copied() {
        let budget = Budget::new(100);
        let mut charge = budget.charge(0).unwrap();
        let part = Bytes::from(vec![7; 60]);
        let mut gathered = Gathered::default();
        gathered.push(part.clone(), Some(60), &mut charge).unwrap();
        assert_eq!(budget.used(), 60);
        assert_eq!(gathered.into_bytes().as_ptr(), part.as_ptr());
    }

    /// A sender of single bytes is charged for what it takes, not for what the
    /// buffers took that it was read into.
    #[test]
    fn single_bytes_take_little() {
        let budget = Budget::new(1 << 20);
        let mut charge = budget.charge(0).unwrap();
        let mut gathered = Gathered::default();
        for _ in 0..10_000 {
            let buffer = Bytes::from(vec![7; 8192]);
            gathered.push(buffer.slice(..1), None, &mut charge).unwrap();
        }
        assert_eq!(gathered.len(), 10_000);
        assert_eq!(budget.used(), 16_384);
        assert_eq!(gathered.into_bytes(), [7; 10_000].as_slice());
    }

    #[test]
    fn nothing_is_taken_beyond_the_budget() {
        let budget = Budget::new(10_000);
        let mut charge = budget.charge(0).unwrap();
        let mut gathered = Gathered::default();
        let part = Bytes::from(vec![7; 9000]);
        gathered.push(part.clone(), None, &mut charge).unwrap();
        let refused = gathered.push(part, None, &mut charge);
        assert!(matches!(
            refused,
            Err(BodyError::NoRoom(NoRoom { never: true }))
        ));
    }
}
