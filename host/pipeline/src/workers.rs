//! The threads that rules run on.
//!
//! A rule may take up to its time limit for a batch; the threads that serve
//! sockets must not wait for it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// Threads for what takes a processor rather than time. Cloned freely; they end
/// with the last clone.
#[derive(Clone)]
pub(crate) struct Workers {
    // What waits here is bounded by what receivers admit.
    jobs: Sender<Job>,
}

/// The job ended in a panic, which was told of in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

impl Workers {
    /// Starts so many threads.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let (sender, jobs) = unbounded();
        for number in 0..threads.max(1) {
            let jobs = Receiver::clone(&jobs);
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || jobs.iter().for_each(run))?;
        }
        Ok(Self { jobs: sender })
    }

    /// Runs a job to its end, whether or not anybody waits for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            // Whoever waited may have gone.
            let _ = answer.send(job());
        });
        self.jobs.send(job).map_err(|_| Panicked)?;
        answered.await.map_err(|_| Panicked)
    }
}

fn run(job: Job) {
    // The panic hook has told of it; the answer is dropped with the job.
    let _ = catch_unwind(AssertUnwindSafe(job));
}

/// As many as there are processors.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
