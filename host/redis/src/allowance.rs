//! How much a server may say: what it was asked for, and no more. The memory of this
//! program must not depend on what stands in a store, or on who answers in its place.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// For what was not asked for: greetings, and errors in place of answers.
pub(crate) const AT_LEAST: usize = 64 << 10;

/// What was not said of earlier answers may be said later, up to this: an answer that
/// is late comes when nobody waits for it any more.
pub(crate) const SAVED: usize = 16 << 20;

/// Of one connection.
pub(crate) struct Allowance(Mutex<State>);

struct State {
    /// Of the requests that are not answered yet.
    asked: usize,
    left: usize,
}

/// As long as an answer is waited for.
pub(crate) struct Asked<'a> {
    allowance: &'a Allowance,
    most: usize,
}

impl Allowance {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            asked: 0,
            left: AT_LEAST,
        })))
    }

    /// An answer of so many bytes at most is waited for.
    pub(crate) fn ask(&self, most: usize) -> Asked<'_> {
        let mut state = self.0.lock();
        state.asked = state.asked.saturating_add(most);
        state.left = state.left.saturating_add(most);
        Asked {
            allowance: self,
            most,
        }
    }

    /// It has said so much; whether that was allowed.
    fn take(&self, bytes: usize) -> bool {
        let mut state = self.0.lock();
        let left = state.left.checked_sub(bytes);
        state.left = left.unwrap_or(0);
        left.is_some()
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let mut state = self.allowance.0.lock();
        state.asked = state.asked.saturating_sub(self.most);
        let most = state.asked.saturating_add(SAVED);
        state.left = state.left.min(most);
    }
}

/// A stream that fails when more comes than is allowed.
pub(crate) struct Bounded<S> {
    pub(crate) stream: S,
    pub(crate) allowance: Arc<Allowance>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let bytes = buffer.filled().len().saturating_sub(before);
        Poll::Ready(if this.allowance.take(bytes) {
            Ok(())
        } else {
            let text = "it answers with more than it was asked for";
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_may_be_said_and_what_was_not_may_not() {
        let allowance = Allowance::new();
        assert!(allowance.take(AT_LEAST));
        assert!(!allowance.take(1));
        let asked = allowance.ask(1_000);
        assert!(allowance.take(1_000));
        assert!(!allowance.take(1));
        drop(asked);
    }

    /// What is saved up is bounded, however often little was said of much; and an answer
    /// that is waited for may be longer than that.
    #[test]
    fn little_is_saved_up() {
        let allowance = Allowance::new();
        for _ in 0..1_000 {
            drop(allowance.ask(SAVED));
        }
        let _asked = allowance.ask(3 * SAVED);
        assert!(allowance.take(4 * SAVED));
        assert!(!allowance.take(1));
    }
}
