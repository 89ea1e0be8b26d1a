//! Which HTTP a client speaks, by the first bytes that it sends: without TLS
//! nothing else tells.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// What HTTP/2 begins with; no request of HTTP/1 does. All of it is waited for,
/// since hyper waits for the rest of it for ever.
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream with what was read of it already.
pub(super) struct Sniffed<I> {
    head: [u8; PREFACE.len()],
    /// What of it is still to be read.
    rest: std::ops::Range<usize>,
    io: I,
}

/// Waits for the first bytes; `None` when the client has gone.
pub(super) async fn sniff<I>(mut io: I) -> Option<(Version, Sniffed<I>)>
where
    I: AsyncRead + Unpin,
{
    let mut head = [0; PREFACE.len()];
    let mut length = 0;
    let version = loop {
        let room = head.get_mut(length..).unwrap_or_default();
        length += match io.read(room).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => read,
        };
        match (head.get(..length), PREFACE.get(..length)) {
            (head, preface) if head != preface => break Version::Http1,
            _ if length == PREFACE.len() => break Version::Http2,
            _ => {}
        }
    };
    let rest = 0..length;
    Some((version, Sniffed { head, rest, io }))
}

impl<I: AsyncRead + Unpin> AsyncRead for Sniffed<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            return Pin::new(&mut self.io).poll_read(context, buffer);
        }
        let rest = self.head.get(self.rest.clone()).unwrap_or_default();
        let taken = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..taken).unwrap_or_default());
        self.rest.start += taken;
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Sniffed<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
