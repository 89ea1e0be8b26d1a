//! Taking connections, whatever is in the way.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::listen::{Socketed, Stream};
use crate::component::Tasks;

/// Most connections that a server has, where open files do not allow less.
const MOST_CONNECTIONS: usize = 20_000;

/// How long is waited when the system cannot open another connection: too many
/// open files, no memory.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections one server may have: there are several, and files are
/// needed for other things, too.
pub(crate) fn connection_limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    files.map_or(MOST_CONNECTIONS, |files| {
        (files / 5 * 2).clamp(16, MOST_CONNECTIONS)
    })
}

/// What is said at most once a second.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    said: Mutex<Option<Instant>>,
}

impl Seldom {
    pub(crate) fn may(&self) -> bool {
        let mut said = self.said.lock();
        let may = said.is_none_or(|said| said.elapsed() >= Duration::from_secs(1));
        if may {
            *said = Some(Instant::now());
        }
        may
    }
}

/// The connections of a server.
pub(crate) struct Connections {
    name: String,
    limit: usize,
    room: Arc<Semaphore>,
    told: Seldom,
}

impl Connections {
    pub(crate) fn new(name: String, limit: usize) -> Self {
        Self {
            name,
            limit,
            room: Arc::new(Semaphore::new(limit)),
            told: Seldom::default(),
        }
    }

    /// Hands connections to `serve`, a task each, until the tasks are told to
    /// end.
    pub(crate) async fn accept<F>(
        self: Arc<Self>,
        socket: Socketed,
        tasks: Tasks,
        serve: impl Fn(Stream, CancellationToken) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            let accepted = tokio::select! {
                biased;
                () = tasks.stop.cancelled() => return,
                accepted = socket.accept() => accepted,
            };
            let stream = match accepted {
                Ok(stream) => stream,
                // It was gone before it was taken.
                Err(error) if is_of_connection(&error) => continue,
                Err(error) => {
                    if self.told.may() {
                        let name = &self.name;
                        tracing::error!(%error, "{name}: cannot take connections; trying again");
                    }
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
                if self.told.may() {
                    let (name, limit) = (&self.name, self.limit);
                    tracing::warn!(
                        "{name}: there are {limit} connections, new ones are closed; clients may \
                         be told to share connections, or the limit of open files be raised"
                    );
                }
                continue;
            };
            let serving = serve(stream, tasks.stop.clone());
            tasks.tracker.spawn(async move {
                serving.await;
                drop(permit);
            });
        }
    }
}

fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
