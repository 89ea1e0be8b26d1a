//! A batch on its way through the processor of one pipeline.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::{Mended, Passage, ProcessError, Processor};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::ticket::{self, Answer, Ticket};
use crate::component::Tasks;
use crate::config::Id;
use crate::telemetry::metrics::ProcessorMetrics;
use crate::traces::{Accepted, BoxFuture, Consumer, Refusal, Taken, Traces};
use crate::workers::Workers;

/// The processor of one pipeline.
pub(crate) struct Stage {
    this: Weak<Self>,
    pub(super) id: Id,
    pub(super) processor: Arc<Processor>,
    pub(super) next: Arc<dyn Consumer>,
    pub(super) workers: Workers,
    pub(super) metrics: ProcessorMetrics,
    /// Senders wait until their held spans have gone on.
    pub(super) waits: bool,
    pub(super) tasks: Tasks,
    runtime: Handle,
}

/// What a stage is made of.
pub(super) struct Parts {
    pub(super) id: Id,
    pub(super) processor: Arc<Processor>,
    pub(super) wake: Arc<Notify>,
    pub(super) next: Arc<dyn Consumer>,
    pub(super) workers: Workers,
    pub(super) metrics: ProcessorMetrics,
    pub(super) waits: bool,
    pub(super) tasks: Tasks,
}

/// A batch after the rule.
struct Passed {
    mended: Mended,
    /// What had to leave the hold for it.
    overflow: Vec<JoinHandle<()>>,
}

impl Stage {
    /// Begins to release what it will hold. To be called inside of a runtime.
    pub(super) fn start(parts: Parts) -> Arc<Self> {
        let stage = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            id: parts.id,
            processor: parts.processor,
            next: parts.next,
            workers: parts.workers,
            metrics: parts.metrics,
            waits: parts.waits,
            tasks: parts.tasks,
            runtime: Handle::current(),
        });
        let releasing = Arc::clone(&stage).release(parts.wake);
        stage.tasks.tracker.spawn(releasing);
        stage
    }

    async fn mend(&self, traces: Traces) -> Taken {
        self.metrics.incoming.inc_by(traces.spans() as u64);
        let deadline = traces.deadline;
        let (passage, answer) = self.passage(deadline);
        let passed = self.process(traces.bytes().clone(), passage).await?;
        let is_held = passed.mended.held > 0;
        let sent = self.send_on(passed.mended, deadline).await;
        for delivered in passed.overflow {
            // Those who wait for it are told by it; this sender is only slowed
            // down, since there is too much.
            let _ = delivered.await;
        }
        let accepted = sent?;
        match answer {
            Some(answer) if is_held => Ok(accepted.and(ticket::answered(answer).await?)),
            _ => Ok(accepted),
        }
    }

    fn passage(&self, deadline: Option<Instant>) -> (Passage, Option<Answer>) {
        if !self.waits {
            return (Passage::default(), None);
        }
        let (claim, answer) = Ticket::issue();
        let now = Instant::now();
        let passage = Passage {
            now,
            hold_at_most: deadline.map(|deadline| bearable(deadline, now)),
            claim: Some(claim),
            ..Passage::default()
        };
        (passage, Some(answer))
    }

    /// Runs the rule, to its end even if the sender goes: what leaves the hold
    /// for this batch is on its way then.
    async fn process(&self, batch: Bytes, passage: Passage) -> Result<Passed, Refusal> {
        let processor = Arc::clone(&self.processor);
        let stage = Weak::clone(&self.this);
        let job = move || {
            let mut mended = processor.process_with(batch, &passage)?;
            let overflow = std::mem::take(&mut mended.overflow);
            let overflow = match stage.upgrade() {
                Some(stage) => overflow.into_iter().map(|out| stage.spawn(out)).collect(),
                None => Vec::new(),
            };
            Ok(Passed { mended, overflow })
        };
        match self.workers.run(job).await {
            Ok(passed) => passed.map_err(refused),
            Err(_) => Err(Refusal::retry("the processor failed; see the log")),
        }
    }

    /// Sends on what is released, as a task of its own.
    pub(super) fn spawn(self: &Arc<Self>, mended: Mended) -> JoinHandle<()> {
        let delivery = Arc::clone(self).deliver(mended);
        self.tasks.tracker.spawn_on(delivery, &self.runtime)
    }

    async fn send_on(&self, mended: Mended, deadline: Option<Instant>) -> Taken {
        self.count(&mended);
        match mended.traces {
            Some(bytes) => {
                let traces = Traces::checked(bytes).with_deadline(deadline);
                self.metrics.outgoing.inc_by(traces.spans() as u64);
                self.next.take(traces).await
            }
            // All of it is held, or dropped as `on_error` wants it.
            None => Ok(Accepted::default()),
        }
    }

    /// Takes the figures of what a rule did over into the metrics.
    pub(super) fn count(&self, mended: &Mended) {
        for fault in &mended.faults {
            tracing::warn!(processor = %self.id, %fault, "a rule failed");
        }
    }
}

impl Consumer for Stage {
    fn take(&self, traces: Traces) -> BoxFuture<'_, Taken> {
        Box::pin(self.mend(traces))
    }
}

/// How long a sender may be kept waiting that waits until `deadline`: what is
/// left of it is for the way to the next hop.
fn bearable(deadline: Instant, now: Instant) -> Duration {
    deadline.saturating_duration_since(now) * 3 / 4
}

fn refused(error: ProcessError) -> Refusal {
    match error {
        ProcessError::Rejected(_) => Refusal::retry(error.to_string()),
        _ => Refusal::malformed(error.to_string()),
    }
}
