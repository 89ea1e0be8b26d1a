//! What goes on at a connection, so that the one who watches it can tell when
//! to end it.

use std::io;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Duration, Instant, Sleep, sleep};

/// How long an answer goes to a client that has closed its side of the
/// connection: it may wait for it, or have gone, which looks the same. Whoever
/// gave up goes on with another try, so it must not be long.
const HALF_CLOSED: Duration = Duration::from_secs(5);

/// How often it is looked after such a client, or one that takes no answers.
const LOOK: Duration = Duration::from_millis(100);

/// How many answers may wait for a client of HTTP/2 that gives no window for them;
/// then hardly any more is read from it. All that others have to take is smaller than
/// the windows that they begin with.
const MOST_UNTAKEN: usize = 32;

/// How much is read of it all the same, each time that it is looked after.
const LITTLE: usize = 64;

/// What goes on at a connection.
pub(crate) struct Activity {
    started: Instant,
    in_flight: AtomicUsize,
    idle_since: Moment,
    /// When the first byte of a request came whose headers are not complete.
    head_since: Moment,
    /// Since when the peer does not take what is written.
    blocked_since: Moment,
    /// How many answers the peer has not taken yet, and since when it has taken
    /// none of them: it may give no window for them.
    untaken: AtomicUsize,
    untaken_since: Moment,
    /// Who is to be woken when some are taken.
    reader: Mutex<Option<Waker>>,
    /// Since when the peer sends nothing any more.
    closed_since: Moment,
    unread: AtomicBool,
    end: Notify,
}

/// A point of time, or none.
#[derive(Default)]
struct Moment(AtomicU64);

impl Moment {
    fn set(&self, started: Instant) {
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.store(micros.saturating_add(1), Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    fn clear(&self) -> Option<u64> {
        self.0.swap(0, Ordering::Relaxed).checked_sub(1)
    }

    fn get(&self, started: Instant) -> Option<Instant> {
        let micros = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        Some(started + Duration::from_micros(micros))
    }
}

impl Activity {
    /// A connection that was just made.
    pub(crate) fn new() -> Arc<Self> {
        let activity = Self {
            started: Instant::now(),
            in_flight: AtomicUsize::new(0),
            idle_since: Moment::default(),
            head_since: Moment::default(),
            blocked_since: Moment::default(),
            untaken: AtomicUsize::new(0),
            untaken_since: Moment::default(),
            reader: Mutex::default(),
            closed_since: Moment::default(),
            unread: AtomicBool::new(false),
            end: Notify::new(),
        };
        activity.idle_since.set(activity.started);
        Arc::new(activity)
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// A request begins, at the time that is answered if that is known.
    pub(super) fn begin(self: &Arc<Self>) -> (InFlight, Instant) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        let since = self.head_since.clear();
        let begun = since.map_or_else(Instant::now, |micros| {
            self.started + Duration::from_micros(micros)
        });
        (InFlight(Arc::clone(self)), begun)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Since when there is no request.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.in_flight() == 0;
        is_idle.then(|| self.idle_since.get(self.started))?
    }

    /// Since when the headers of a request are on their way.
    pub(super) fn head_since(&self) -> Option<Instant> {
        self.head_since.get(self.started)
    }

    /// The headers of a request are on their way.
    pub(super) fn head_begins(&self) {
        self.head_since.set(self.started);
    }

    pub(super) fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since.get(self.started)
    }

    /// An answer is there, to be taken by the peer.
    pub(super) fn answer(self: &Arc<Self>) -> Untaken {
        if self.untaken.fetch_add(1, Ordering::SeqCst) == 0 {
            self.untaken_since.set(self.started);
        }
        Untaken(Arc::clone(self))
    }

    /// Since when the peer takes none of the answers that are there.
    pub(super) fn untaken_since(&self) -> Option<Instant> {
        let is_any = self.untaken.load(Ordering::SeqCst) > 0;
        is_any.then(|| self.untaken_since.get(self.started))?
    }

    /// There are so many answers that no more requests are read; whoever asks is
    /// woken when that changes.
    fn has_too_many(&self, context: &Context<'_>) -> bool {
        let has = || self.untaken.load(Ordering::SeqCst) > MOST_UNTAKEN;
        if !has() {
            return false;
        }
        *self.reader.lock() = Some(context.waker().clone());
        has()
    }

    /// Until when a peer is believed to wait for an answer that sends nothing any
    /// more.
    fn believed_until(&self) -> Option<Instant> {
        let since = self.closed_since.get(self.started)?;
        Some(since + HALF_CLOSED)
    }

    /// The peer sends nothing any more; whether it is believed to wait for an
    /// answer all the same.
    fn is_half_closed(&self) -> bool {
        if !self.closed_since.is_set() {
            self.closed_since.set(self.started);
        }
        let is_early = self
            .believed_until()
            .is_some_and(|until| Instant::now() < until);
        is_early && self.in_flight() > 0
    }

    /// A request was answered of which not all was read.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// The connection is to take no more requests.
    pub(super) fn end(&self) {
        self.end.notify_one();
    }

    pub(super) async fn ended(&self) {
        self.end.notified().await;
    }
}

/// A request that is not answered yet.
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.set(self.0.started);
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An answer that the peer has not taken yet.
pub(super) struct Untaken(Arc<Activity>);

impl Drop for Untaken {
    fn drop(&mut self) {
        self.0.untaken_since.set(self.0.started);
        self.0.untaken.fetch_sub(1, Ordering::SeqCst);
        if let Some(reader) = self.0.reader.lock().take() {
            reader.wake();
        }
    }
}

/// A connection that tells what goes on; `watch_heads` for HTTP/1, where what
/// comes between requests is the next one.
pub(super) struct Watched<I> {
    pub(super) io: I,
    pub(super) activity: Arc<Activity>,
    pub(super) watch_heads: bool,
    /// When to look again whether a peer that sends nothing any more has got its
    /// answer.
    look_again: Option<Pin<Box<Sleep>>>,
}

impl<I> Watched<I> {
    pub(super) fn new(io: I, activity: Arc<Activity>, watch_heads: bool) -> Self {
        Self {
            io,
            activity,
            watch_heads,
            look_again: None,
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Who takes no answers is not asked for further requests, or their
        // answers would pile up. The task wakes when something can be written.
        if !self.watch_heads && self.activity.blocked_since.is_set() {
            return Poll::Pending;
        }
        if !self.watch_heads && self.activity.has_too_many(context) {
            return self.poll_little(context, buffer);
        }
        let filled = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        let activity = &self.activity;
        if self.watch_heads
            && buffer.filled().len() > filled
            && activity.in_flight() == 0
            && !activity.head_since.is_set()
        {
            activity.head_begins();
        }
        let is_end = matches!(polled, Poll::Ready(Ok(())))
            && buffer.filled().len() == filled
            && buffer.remaining() > 0;
        if self.watch_heads && is_end {
            return self.poll_end(context);
        }
        polled
    }
}

impl<I> Watched<I> {
    /// Reads a little, now and then: that the peer has gone is seen by reading
    /// alone.
    fn poll_little(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>
    where
        I: AsyncRead + Unpin,
    {
        ready!(self.poll_look(context));
        let mut little = [0; LITTLE];
        let most = buffer.remaining().min(LITTLE);
        let mut read = ReadBuf::new(little.get_mut(..most).unwrap_or_default());
        ready!(Pin::new(&mut self.io).poll_read(context, &mut read))?;
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }

    /// The peer sends nothing any more. That is told when it is not believed to
    /// wait for an answer, or has got it; which nobody wakes for, so it is looked
    /// after now and then.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.activity.is_half_closed() {
            ready!(self.poll_look(context));
        }
        Poll::Ready(Ok(()))
    }

    /// Whether it is time to look again.
    fn poll_look(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let again = self.look_again.get_or_insert_with(|| Box::pin(sleep(LOOK)));
        ready!(again.as_mut().poll(context));
        self.look_again = None;
        Poll::Ready(())
    }

    fn note<T>(&self, polled: Poll<T>) -> Poll<T> {
        let blocked = &self.activity.blocked_since;
        match (polled.is_pending(), blocked.is_set()) {
            (true, false) => blocked.set(self.activity.started),
            (false, true) => drop(blocked.clear()),
            _ => {}
        }
        polled
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(context, bytes);
        self.note(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(context);
        self.note(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_shutdown(context);
        self.note(polled)
    }
}
