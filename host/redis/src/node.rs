//! A server: its connection, and whether it is of use to wait for it.
//!
//! A server that is away or too slow must not make every batch late. Each has a
//! circuit: as long as it is closed it is asked, and when it does not answer a few
//! times in a row, or its connection fails, it opens. Nobody asks the server then,
//! until it has answered a connection of its own that no batch waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use redis::{Pipeline, Value};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::connect::Open;
use crate::dial::SharedDial;
use crate::options::Address;

/// So many answers in a row may be late.
const MOST_LATE: u32 = 3;

/// The waits between two tries to connect.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// An answer that is a number, a word or an error has fewer bytes.
pub(crate) const SHORT: usize = 1 << 10;

/// A connection that held so long was a good one.
const STEADY: Duration = Duration::from_secs(10);

pub(crate) struct Node {
    pub(crate) address: Address,
    dial: SharedDial,
    /// `None` while the circuit is open.
    open: Mutex<Option<Arc<Open>>>,
    late: AtomicU32,
    /// Why there is no connection.
    why: Mutex<Option<String>>,
    retired: AtomicBool,
    /// Something has changed: it is lost, or retired.
    changed: Notify,
    /// The circuit has closed, or opened.
    turned: Arc<Turned>,
}

/// Is told when the circuit of any server has closed, or opened.
#[derive(Default)]
pub(crate) struct Turned {
    pub(crate) told: Notify,
    /// How often one has closed.
    pub(crate) connections: AtomicU64,
}

/// What is asked of a server.
pub(crate) struct Request {
    pub(crate) commands: Pipeline,
    /// How long it may take.
    pub(crate) within: Duration,
    /// How many bytes the answer to each command has at most.
    pub(crate) most_of_each: usize,
}

impl Request {
    fn most(&self) -> usize {
        self.commands.len().saturating_mul(self.most_of_each)
    }
}

/// A request came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The circuit is open.
    Away,
    /// No answer in time.
    Late,
    /// The connection has ended.
    Lost,
}

impl Node {
    /// Begins to connect. To be called inside of the runtime of the store.
    pub(crate) fn start(address: Address, dial: SharedDial, turned: Arc<Turned>) -> Arc<Self> {
        let node = Arc::new(Self {
            address,
            dial,
            open: Mutex::new(None),
            late: AtomicU32::new(0),
            why: Mutex::new(None),
            retired: AtomicBool::new(false),
            changed: Notify::new(),
            turned,
        });
        tokio::spawn(Arc::clone(&node).keep());
        node
    }

    /// It is asked.
    pub(crate) fn is_open(&self) -> bool {
        self.open.lock().is_some()
    }

    /// A connection, if there is one.
    pub(crate) fn connection(&self) -> Option<Arc<Open>> {
        self.open.lock().clone()
    }

    /// Why the last try to connect came to nothing.
    pub(crate) fn connection_error(&self) -> Option<String> {
        self.why.lock().clone()
    }

    /// It is not of this store any more.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Sends a request, and waits so long for the answers; one by one they may be
    /// errors of the server.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Vec<Value>, Failed> {
        let Some(open) = self.connection() else {
            return Err(Failed::Away);
        };
        let answer = open.line.ask(&request.commands, request.most());
        match timeout(request.within, answer).await {
            Ok(Ok(values)) => {
                self.is_answered();
                Ok(values)
            }
            Ok(Err(error)) => {
                self.lose(&open, &error);
                Err(Failed::Lost)
            }
            Err(_) => {
                self.is_late(&open, request.within);
                Err(Failed::Late)
            }
        }
    }

    /// The server has answered in time.
    pub(crate) fn is_answered(&self) {
        self.late.store(0, Ordering::Relaxed);
    }

    /// It has not: the circuit opens when that was so a few times in a row.
    pub(crate) fn is_late(&self, open: &Arc<Open>, within: Duration) {
        let late = self.late.fetch_add(1, Ordering::Relaxed) + 1;
        if late >= MOST_LATE {
            self.lose(open, &format!("{late} times no answer within {within:?}"));
        }
    }

    /// The circuit opens, unless there is another connection already.
    pub(crate) fn lose(&self, lost: &Arc<Open>, why: &str) {
        let mut open = self.open.lock();
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, lost)) {
            *open = None;
            drop(open);
            tracing::warn!(
                server = %self.address, why,
                "the shared index is away: batches go on with what is known here"
            );
            self.changed.notify_one();
            self.turned.told.notify_waiters();
        }
    }

    /// Connects, again and again, until it is retired.
    async fn keep(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        let mut is_told = false;
        loop {
            if self.retired.load(Ordering::Relaxed) {
                *self.open.lock() = None;
                return;
            }
            match self.dial.open(&self.address).await {
                Ok(open) => {
                    let since = Instant::now();
                    self.late.store(0, Ordering::Relaxed);
                    let open = Arc::new(open);
                    *self.open.lock() = Some(Arc::clone(&open));
                    tracing::info!(server = %self.address, "the shared index is there");
                    is_told = false;
                    self.turned.connections.fetch_add(1, Ordering::Relaxed);
                    self.turned.told.notify_waiters();
                    self.tend(&open).await;
                    if since.elapsed() >= STEADY {
                        wait = FIRST_WAIT;
                    }
                }
                Err(why) => {
                    if !is_told {
                        tracing::warn!(
                            server = %self.address, why,
                            "the shared index cannot be reached: batches go on with what is known \
                             here"
                        );
                    }
                    is_told = true;
                    *self.why.lock() = Some(why);
                }
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.changed.notified() => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Looks after a connection until it is lost, or this is retired.
    async fn tend(&self, open: &Arc<Open>) {
        loop {
            tokio::select! {
                () = self.changed.notified() => return,
                () = open.ended.notified() => {
                    self.lose(open, "it ended the connection");
                    return;
                }
                () = open.asking.wanted.notified() => {}
            }
            let (dial, address) = (Arc::clone(&self.dial), self.address.clone());
            let open = Arc::clone(open);
            tokio::spawn(async move { open.asking.grow(dial.direct(&address).await.ok()) });
        }
    }
}
