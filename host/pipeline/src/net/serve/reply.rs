//! What a server answers with.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};

use super::activity::{InFlight, Untaken};
use crate::net::budget::{ANSWER, Charge};
use crate::traces::BoxFuture;

/// The end of an answer that goes on for a while: some bytes, and the trailers.
pub(crate) type End = BoxFuture<'static, (Bytes, HeaderMap)>;

/// The body of an answer: some bytes, and trailers behind them.
#[derive(Default)]
pub(crate) struct Reply {
    data: Option<Bytes>,
    /// What comes behind the bytes, some time.
    end: Option<End>,
    trailers: Option<HeaderMap>,
    /// The request is answered when all of it is written.
    pub(super) in_flight: Option<InFlight>,
    /// The same, where it is there as a whole.
    pub(super) untaken: Option<Untaken>,
    /// What it takes until then.
    charge: Option<Charge>,
}

impl Reply {
    pub(crate) fn new(data: impl Into<Bytes>) -> Self {
        let data = data.into();
        Self {
            data: (!data.is_empty()).then_some(data),
            ..Self::default()
        }
    }

    /// What the request took is taken by the answer from here on, until the client
    /// has it.
    pub(crate) fn hold(&mut self, mut charge: Charge) {
        charge.keep(ANSWER);
        self.charge = Some(charge);
    }

    /// Leaves the bytes away; what is behind them stays.
    pub(crate) fn clear(&mut self) {
        self.data = None;
    }

    /// It is there as a whole.
    pub(super) fn is_whole(&self) -> bool {
        self.end.is_none()
    }

    pub(crate) fn with_trailers(data: Bytes, trailers: HeaderMap) -> Self {
        Self {
            trailers: Some(trailers),
            ..Self::new(data)
        }
    }

    /// Some bytes now, and the end when it comes.
    pub(crate) fn with_end(data: Bytes, end: End) -> Self {
        Self {
            end: Some(end),
            ..Self::new(data)
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(end) = &mut self.end {
            let (data, trailers) = ready!(end.as_mut().poll(context));
            self.end = None;
            self.trailers = Some(trailers);
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        let trailers = self.trailers.take();
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.end.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.end.is_some() {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}
