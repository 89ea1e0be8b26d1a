//! What is sent, as one piece or as a head and the rest.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The body of a request. It can be cloned, to be sent again, without copying.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    head: Bytes,
    rest: Bytes,
}

impl Message {
    /// A body that is sent as it is.
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        let rest = bytes.into();
        let head = Bytes::new();
        Self { head, rest }
    }

    /// The same with something before it.
    pub(crate) fn with_head(head: impl Into<Bytes>, rest: Bytes) -> Self {
        let head = head.into();
        Self { head, rest }
    }
}

impl Message {
    /// What it is, of one piece.
    pub(crate) fn into_bytes(self) -> Bytes {
        if self.head.is_empty() {
            return self.rest;
        }
        [self.head, self.rest].concat().into()
    }
}

impl Body for Message {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut next = std::mem::take(&mut self.head);
        if next.is_empty() {
            next = std::mem::take(&mut self.rest);
        }
        Poll::Ready((!next.is_empty()).then(|| Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        self.head.is_empty() && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.head.len() as u64 + self.rest.len() as u64)
    }
}
