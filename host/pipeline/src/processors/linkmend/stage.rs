//! A batch on its way through the processor of one pipeline.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName};
use linkmend::{Mended, ProcessError, ProcessOptions, Processor, Releasing, Scope, keep_scope};
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::JoinHandle;

use super::asking::Asking;
use super::elsewhere::OfScope;
use super::flows::Flows;
use super::journal::{Journal, Record};
use super::room::Room;
use super::ticket::{self, Answer, Ticket};
use crate::component::Tasks;
use crate::config::Id;
use crate::signal::Signal;
use crate::telemetry::logs::Throttle;
use crate::telemetry::metrics::{LinkMetrics, ProcessorMetrics};
use crate::telemetry::traces as own;
use crate::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Refusal, Traces};
use crate::workers::Workers;

/// The processor of one pipeline.
pub(crate) struct Stage {
    this: Weak<Self>,
    pub(super) id: Id,
    pub(super) processor: Arc<Processor>,
    pub(super) next: Arc<dyn Consumer>,
    pub(super) workers: Workers,
    pub(super) metrics: ProcessorMetrics,
    pub(super) links: LinkMetrics,
    pub(super) durability: Durability,
    metadata_keys: Vec<HeaderName>,
    pub(super) tasks: Tasks,
    /// For batches in work, until what is held of them is safe and what leaves
    /// the hold for them has gone on: senders wait for that, but they may go, and others
    /// come.
    working: Room,
    /// For released spans that are on their way.
    pub(super) delivering: Room,
    runtime: Handle,
    pub(super) failed: Throttle,
    /// Where flows are wanted.
    pub(super) flows: Option<Arc<Flows>>,
    /// Where other hosts are asked for producers.
    pub(super) asking: Option<Asking>,
}

/// So many KiB of batches are in work at once for each thread, or one batch: of its
/// spans there may be several copies then.
const KIB_OF_THREAD: usize = 8 << 10;

/// So many KiB of released spans are on their way at once; what comes then stays
/// in the hold, which is bounded. One batch may be larger.
const MOST_KIB: u32 = 4 << 10;

/// How a sender can be sure of its held spans.
pub(super) enum Durability {
    /// It cannot: a kill loses what is held.
    Memory,
    /// It waits until they have gone on.
    Waiting,
    /// They are on disk.
    Journal(Arc<Journal>),
}

/// The same for one batch.
enum Kept {
    Memory,
    Waiting(Answer),
    Record(Arc<Record>),
}

/// What a stage is made of.
pub(super) struct Parts {
    pub(super) id: Id,
    pub(super) processor: Arc<Processor>,
    pub(super) wake: Arc<Notify>,
    pub(super) next: Arc<dyn Consumer>,
    pub(super) workers: Workers,
    pub(super) metrics: ProcessorMetrics,
    pub(super) links: LinkMetrics,
    pub(super) durability: Durability,
    /// What of a request tells the scope of its spans.
    pub(super) metadata_keys: Vec<HeaderName>,
    pub(super) tasks: Tasks,
    pub(super) flows: Option<Arc<Flows>>,
}

/// A batch after the rule.
pub(super) struct Passed {
    pub(super) mended: Mended,
    /// What had to leave the hold for it.
    overflow: Option<JoinHandle<()>>,
    /// Until what is held of it is safe.
    room: Arc<Option<OwnedSemaphorePermit>>,
}

impl Stage {
    /// Begins to release what it will hold. To be called inside of a runtime.
    pub(super) fn start(parts: Parts) -> Arc<Self> {
        let working = parts.workers.threads().saturating_mul(KIB_OF_THREAD);
        let stage = Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            id: parts.id,
            processor: parts.processor,
            next: parts.next,
            workers: parts.workers,
            metrics: parts.metrics,
            links: parts.links,
            durability: parts.durability,
            metadata_keys: parts.metadata_keys,
            tasks: parts.tasks,
            working: Room::new(u32::try_from(working).unwrap_or(u32::MAX)),
            delivering: Room::new(MOST_KIB),
            runtime: Handle::current(),
            failed: Throttle::default(),
            asking: parts
                .flows
                .as_ref()
                .and_then(|flows| flows.asks())
                .map(Asking::new),
            flows: parts.flows,
        });
        let releasing = Arc::clone(&stage).release(parts.wake);
        stage.tasks.tracker.spawn(releasing);
        if stage.asking.is_some() {
            let asking = Arc::clone(&stage).ask();
            stage.tasks.tracker.spawn(asking);
        }
        stage
    }

    async fn mend(&self, traces: Traces) -> ConsumeResult {
        self.metrics.incoming.inc_by(traces.items() as u64);
        let deadline = traces.deadline;
        let metadata = traces.shared_metadata();
        let (mut options, kept) = self.options(deadline);
        let scope = self.scope(&traces);
        options.scope = scope;
        // What is held is not to keep all of the batch in memory.
        let mut passed = self.process(traces, options).await?;
        let is_held = passed.mended.held > 0;
        if let (Kept::Record(record), Some(held)) = (&kept, passed.mended.held_copy.take()) {
            let held = if self.metadata_keys.is_empty() {
                held
            } else {
                keep_scope(scope, &held)
            };
            record.keep(held, passed.mended.held).await?;
        }
        drop(passed.room);
        let of = OfScope::Request(scope);
        let sent = self.send_on(passed.mended, of, deadline, metadata).await;
        if let Some(delivered) = passed.overflow {
            // Those who wait for it are told by it; this sender is only slowed
            // down, since there is too much.
            let _ = delivered.await;
        }
        let accepted = sent?;
        match kept {
            Kept::Waiting(answer) if is_held => Ok(accepted.and(&ticket::answered(answer).await?)),
            _ => Ok(accepted),
        }
    }

    /// What the request of a batch says of its scope.
    fn scope(&self, traces: &Traces) -> Scope {
        if self.metadata_keys.is_empty() {
            return Scope::NONE;
        }
        let values = |key| match traces.metadata() {
            Some(metadata) => metadata.get_all(key).iter().collect(),
            None => Vec::new(),
        };
        let values: Vec<Vec<_>> = self.metadata_keys.iter().map(values).collect();
        Scope::of(values.iter().map(Vec::as_slice))
    }

    fn options(&self, deadline: Option<Instant>) -> (ProcessOptions, Kept) {
        let mut options = ProcessOptions::default();
        let kept = match &self.durability {
            Durability::Memory => Kept::Memory,
            Durability::Waiting => {
                let (acknowledgement, answer) = Ticket::issue();
                options.acknowledgement = Some(acknowledgement);
                options.hold_at_most = deadline.map(|deadline| bearable(deadline, options.now));
                Kept::Waiting(answer)
            }
            Durability::Journal(journal) => {
                let record = journal.record();
                options.acknowledgement = Some(Arc::<Record>::clone(&record));
                options.copy_held = true;
                Kept::Record(record)
            }
        };
        (options, kept)
    }

    /// Runs the rule, to its end even if the sender goes: what leaves the hold
    /// for this batch is on its way then.
    pub(super) async fn process(
        &self,
        traces: Traces,
        options: ProcessOptions,
    ) -> Result<Passed, Refusal> {
        let items = traces.items();
        let batch = traces.into_bytes();
        let bytes = batch.len();
        let processor = Arc::clone(&self.processor);
        let stage = Weak::clone(&self.this);
        let room = Arc::new(self.working.take(bytes).await);
        let job = move || {
            let (mended, overflow) = processor.process_releasing(batch, &options)?;
            let stage = stage.upgrade().filter(|_| !overflow.is_empty());
            let overflow = stage.map(|stage| stage.spawn_all(overflow, Arc::clone(&room)));
            Ok(Passed {
                mended,
                overflow,
                room,
            })
        };
        match self.workers.run_batch(bytes, items, job).await {
            Ok(passed) => passed.map_err(|error| refused(&error)),
            Err(_) => Err(Refusal::retry("the processor failed; see the log")),
        }
    }

    /// Sends on all that is released, as a task of its own; `room` is taken until it has
    /// gone on.
    fn spawn_all<T>(self: &Arc<Self>, releasing: Releasing, room: T) -> JoinHandle<()>
    where
        T: Send + 'static,
    {
        let stage = Arc::clone(self);
        let delivery = async move {
            let _room = room;
            for delivered in stage.send_released(releasing).await {
                let _ = delivered.await;
            }
        };
        self.tasks.tracker.spawn_on(delivery, &self.runtime)
    }

    /// Sends on what is released, as a task of its own; `room` is taken until it has gone
    /// on.
    pub(super) fn spawn_within<T>(
        self: &Arc<Self>,
        mended: Mended,
        of: OfScope,
        room: T,
    ) -> JoinHandle<()>
    where
        T: Send + 'static,
    {
        let stage = Arc::clone(self);
        let delivery = async move {
            let _room = room;
            stage.deliver(mended, of).await;
        };
        self.tasks.tracker.spawn_on(delivery, &self.runtime)
    }

    async fn send_on(
        &self,
        mended: Mended,
        of: OfScope,
        deadline: Option<Instant>,
        metadata: Option<Arc<HeaderMap>>,
    ) -> ConsumeResult {
        self.count(&mended);
        match mended.traces {
            Some(bytes) => {
                let traces = Traces::checked(Signal::Traces, bytes)
                    .with_deadline(deadline)
                    .with_metadata(metadata);
                self.metrics.outgoing.inc_by(traces.items() as u64);
                let batch = self.flows.is_some().then(|| traces.bytes().clone());
                let metadata = traces.shared_metadata();
                let taken = self.next.take(traces).await?;
                if let Some(batch) = batch {
                    self.tell_flows(batch, of, metadata).await;
                }
                Ok(taken)
            }
            // All of it is held, or dropped as `on_error` wants it.
            None => Ok(Accepted::default()),
        }
    }

    /// Takes the figures of what a rule did over into the metrics.
    pub(super) fn count(&self, mended: &Mended) {
        self.links.add(&mended.counts, mended.rule_time);
        if let Some(flows) = &self.flows {
            flows.missing(&mended.counts.reasons);
        }
        for fault in &mended.faults {
            self.links.fault(&fault.rule);
            self.failed
                .tell(|more| tracing::warn!(processor = %self.id, "{fault}{more}"));
        }
    }
}

impl Consumer for Stage {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        let spans = traces.items();
        Box::pin(async move {
            let stage = own::ComponentSpan::processor(&self.id);
            stage.run(spans, self.mend(traces)).await
        })
    }
}

/// How long a sender may be kept waiting that waits until `deadline`: what is
/// left of it is for the way to the next hop.
fn bearable(deadline: Instant, now: Instant) -> Duration {
    deadline.saturating_duration_since(now) * 3 / 4
}

fn refused(error: &ProcessError) -> Refusal {
    match error {
        ProcessError::Rejected(_) => Refusal::retry(error.to_string()),
        _ => Refusal::malformed(error.to_string()),
    }
}
