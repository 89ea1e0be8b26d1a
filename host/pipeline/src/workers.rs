//! The threads that rules run on.
//!
//! A rule may take up to its time limit for a batch; the threads that serve
//! sockets must not wait for it. And batches of the usual size must not wait for
//! very large ones: these have as many threads of their own, so that the system
//! shares the processors between both.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Sender, bounded};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// From here on a batch is very large, in bytes and in items. One of 8,192 spans,
/// as the Collector makes them, takes some 15 ms in a rule.
const LARGE: (usize, usize) = (512 << 10, 4096);

/// Threads for what takes a processor rather than time. Cloned freely; they end
/// with the last clone.
#[derive(Clone)]
pub(crate) struct Workers {
    usual: Pool,
    large: Pool,
    threads: usize,
}

#[derive(Clone)]
struct Pool {
    name: &'static str,
    /// The threads that have nothing to do. The one that worked last works next: what it
    /// needs is still in the caches of its processor, and what it freed in its part of the
    /// allocator.
    idle: Arc<Mutex<Vec<Sender<Job>>>>,
    /// Of the threads: what waits for one waits with its sender, and goes with
    /// it. In a queue of jobs it would stay, and nothing would bound what
    /// senders leave behind that come and go.
    free: Arc<Semaphore>,
}

/// A thread that has something to do, until this is dropped.
struct Busy {
    thread: Sender<Job>,
    idle: Arc<Mutex<Vec<Sender<Job>>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.idle.lock().push(self.thread.clone());
    }
}

/// The job ended in a panic, or could not begin, which was told of in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

impl Workers {
    /// Starts so many threads for batches of the usual size, and for others.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        Ok(Self {
            usual: Pool::start("worker", threads)?,
            large: Pool::start("worker-large", threads)?,
            threads: threads.max(1),
        })
    }

    /// How many there are of either kind.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs a job when a thread is free. One that has begun runs to its end,
    /// whether or not anybody waits for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        self.usual.run(job).await
    }

    /// The same for a batch of so many bytes and items.
    pub(crate) async fn run_batch<T: Send + 'static>(
        &self,
        bytes: usize,
        items: usize,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        if bytes > LARGE.0 || items > LARGE.1 {
            self.large.run(job).await
        } else {
            self.usual.run(job).await
        }
    }
}

impl Pool {
    /// At most so many threads, each of which is started when it is needed.
    fn new(name: &'static str, threads: usize) -> Self {
        Self {
            name,
            idle: Arc::default(),
            free: Arc::new(Semaphore::new(threads.max(1))),
        }
    }

    /// All of them are started.
    fn start(name: &'static str, threads: usize) -> io::Result<Self> {
        let pool = Self::new(name, threads);
        for _ in 0..pool.free.available_permits() {
            let thread = pool.spawn()?;
            pool.idle.lock().push(thread);
        }
        Ok(pool)
    }

    fn spawn(&self) -> io::Result<Sender<Job>> {
        // The next one may come before this thread has seen that it is free.
        let (sender, jobs) = bounded(1);
        thread::Builder::new()
            .name(self.name.into())
            .spawn(move || jobs.iter().for_each(run))?;
        Ok(sender)
    }

    /// One that has nothing to do. There is one for each permit, or can be.
    fn thread(&self) -> Result<Sender<Job>, Panicked> {
        let idle = self.idle.lock().pop();
        idle.map_or_else(|| self.spawn(), Ok).map_err(|error| {
            tracing::error!(%error, "no thread can be started");
            Panicked
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        // It is never closed.
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.map_err(|_| Panicked)?;
        let thread = self.thread()?;
        let busy = Busy {
            thread: thread.clone(),
            idle: Arc::clone(&self.idle),
            _permit: permit,
        };
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            let done = {
                let _busy = busy;
                job()
            };
            // Whoever waited may have gone.
            let _ = answer.send(done);
        });
        thread.send(job).map_err(|_| Panicked)?;
        answered.await.map_err(|_| Panicked)
    }
}

fn run(job: Job) {
    // The panic hook has told of it; the answer is dropped with the job.
    let _ = catch_unwind(AssertUnwindSafe(job));
}

/// Runs what takes a while on threads that serve no sockets, so many jobs at
/// once; those that wait go with whoever wanted them. The threads are its own: each of
/// those of the runtime would keep for a while what it had for the largest job.
#[derive(Clone)]
pub(crate) struct Aside(Pool);

impl Aside {
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Pool::new("aside", at_once))
    }

    /// Runs a job to its end once it has begun, whether or not anybody waits
    /// for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        self.0.run(job).await
    }
}

/// As many as there are processors.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Jobs whose senders came and went stayed in the queue, with their
    /// batches: nothing bounded them.
    #[tokio::test]
    async fn what_nobody_waits_for_any_more_does_not_stay() {
        let workers = Workers::start(1).unwrap();
        let aside = Aside::new(1);
        let batch = Arc::new(());
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let (end_aside, ended_aside) = std::sync::mpsc::channel::<()>();
        let begun = workers.run(move || ended.recv());
        let begun_aside = aside.run(move || ended_aside.recv());
        let soon = Duration::from_millis(20);
        assert!(timeout(soon, begun).await.is_err());
        assert!(timeout(soon, begun_aside).await.is_err());
        for _ in 0..10 {
            let (one, other) = (Arc::clone(&batch), Arc::clone(&batch));
            let waiting = timeout(soon, workers.run(move || drop(one)));
            assert!(waiting.await.is_err());
            let waiting = timeout(soon, aside.run(move || drop(other)));
            assert!(waiting.await.is_err());
        }
        assert_eq!(Arc::strong_count(&batch), 1);
        drop((end, end_aside));
        assert_eq!(workers.run(|| 7).await, Ok(7));
        assert_eq!(aside.run(|| 7).await, Ok(7));
    }

    /// What a thread needs is in the caches of its processor while it works, and not when
    /// others have worked since: one sender kept all threads busy in turn.
    #[tokio::test]
    async fn the_thread_that_worked_last_works_next() {
        let workers = Workers::start(4).unwrap();
        let here = || thread::current().id();
        let first = workers.run(here).await;
        for _ in 0..20 {
            assert_eq!(workers.run(here).await, first);
        }
        // One that panics works on.
        let failed = workers.run(move || assert_ne!(here(), here(), "as it is meant to"));
        assert_eq!(failed.await, Err(Panicked));
        assert_eq!(workers.run(here).await, first);
    }

    /// All threads were with very large batches, and the others waited behind them.
    #[tokio::test]
    async fn usual_batches_do_not_wait_for_very_large_ones() {
        let workers = Workers::start(1).unwrap();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let begun = workers.run_batch(LARGE.0 + 1, 1, move || ended.recv());
        let (soon, long) = (Duration::from_millis(20), Duration::from_secs(10));
        assert!(timeout(soon, begun).await.is_err());
        let many = workers.run_batch(1, LARGE.1 + 1, || ());
        assert!(timeout(soon, many).await.is_err());
        let usual = workers.run_batch(LARGE.0, LARGE.1, || 7);
        assert_eq!(timeout(long, usual).await.unwrap(), Ok(7));
        drop(end);
    }
}
