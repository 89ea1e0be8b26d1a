//! What comes out of the hold goes on, with nobody in front who could send it
//! again, but for those who wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::{Acknowledgement, Mended, ProcessOptions, Releasing, Scope, kept_scope};
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::elsewhere::OfScope;
use super::journal::{Journal, Record};
use super::stage::{Durability, Stage};
use super::ticket;
use crate::signal::Signal;
use crate::traces::{ConsumeResult, Refusal, Traces};

/// So many starts may come to nothing over an entry of the journal, by a kill or
/// by a crash that it caused.
const MOST_TRIES: u32 = 3;

/// The wait between two tries of what is in the journal. The exporter has tried
/// for as long as it is configured to, already.
const AGAIN: Duration = Duration::from_secs(5);

impl Stage {
    /// Sends on a batch of spans that were held, and tells those who wait.
    pub(super) async fn deliver(self: Arc<Self>, mut mended: Mended, of: OfScope) {
        self.count(&mended);
        let acknowledgements = std::mem::take(&mut mended.acknowledgements);
        let Some(bytes) = mended.traces else {
            // Dropped, as `on_error` wants it, if there are any.
            return gone(&acknowledgements);
        };
        let traces = Traces::checked(Signal::Traces, bytes);
        self.metrics.outgoing.inc_by(traces.items() as u64);
        let batch = traces.bytes().clone();
        match &self.durability {
            Durability::Memory => self.settle(&traces, &self.next.take(traces.clone()).await),
            Durability::Waiting => ticket::tell(&acknowledgements, &self.next.take(traces).await),
            Durability::Journal(_) => self.deliver_kept(traces, &acknowledgements).await,
        }
        self.tell_flows(batch, of, None).await;
    }

    /// What is on disk is tried until it is taken, or stays there.
    async fn deliver_kept(&self, traces: Traces, acknowledgements: &[Acknowledgement]) {
        loop {
            let taken = self.next.take(traces.clone()).await;
            let is_to_be_tried = taken.as_ref().is_err_and(Refusal::is_retryable);
            if !is_to_be_tried {
                self.settle(&traces, &taken);
                return gone(acknowledgements);
            }
            tokio::select! {
                () = sleep(AGAIN) => {}
                () = self.tasks.stop.cancelled() => {
                    let spans = traces.items();
                    tracing::info!(processor = %self.id, spans, "held spans stay on disk");
                    return;
                }
            }
        }
    }

    /// Says of what nobody can send again that it is lost.
    fn settle(&self, traces: &Traces, taken: &ConsumeResult) {
        if let Err(refusal) = taken {
            let spans = traces.items();
            tracing::error!(
                processor = %self.id, spans, %refusal,
                "held spans are lost: the next hop did not take them"
            );
        }
    }

    /// Takes up what was held at the end of the last run, a batch at a time:
    /// what cannot be sent on yet stays on disk.
    pub(super) async fn take_up(self: Arc<Self>, left: Vec<u64>) {
        let Durability::Journal(journal) = &self.durability else {
            return;
        };
        if !left.is_empty() {
            let batches = left.len();
            tracing::info!(processor = %self.id, batches, "held spans of the last run are taken up");
        }
        for number in left {
            if let Err(error) = self.take_up_one(journal, number).await {
                tracing::error!(processor = %self.id, error, "held spans stay on disk");
            }
            if self.tasks.stop.is_cancelled() {
                return;
            }
        }
    }

    /// Held spans that cannot be taken up must not stand in the way of others, at
    /// this start and the next.
    async fn set_aside(&self, record: &Record, held: Bytes, reason: &str) {
        self.links.set_aside();
        match record.set_aside(held).await {
            Ok(path) => tracing::error!(
                processor = %self.id, path = %path.display(), reason,
                "held spans cannot be taken up; they are set aside"
            ),
            Err(error) => tracing::error!(
                processor = %self.id, error, reason,
                "held spans cannot be taken up, and cannot be set aside; they stay on disk"
            ),
        }
    }

    async fn take_up_one(
        self: &Arc<Self>,
        journal: &Arc<Journal>,
        number: u64,
    ) -> Result<(), String> {
        let Some((record, batch)) = journal.left_over(number).await? else {
            return Ok(());
        };
        let tries = record.try_once_more().await?;
        if tries >= MOST_TRIES {
            let reason = format!("it was taken up {tries} times, and came to nothing");
            self.set_aside(&record, batch, &reason).await;
            return Ok(());
        }
        let (scope, traces) = kept_scope(&batch);
        let scope = scope.unwrap_or(Scope::NONE);
        let options = ProcessOptions {
            acknowledgement: Some(Arc::<Record>::clone(&record)),
            scope,
            ..ProcessOptions::default()
        };
        let traces = Traces::checked(Signal::Traces, traces);
        let mut mended = match self.process(traces, options).await {
            Ok(passed) => passed.mended,
            Err(refusal) if !refusal.is_retryable() => {
                self.set_aside(&record, batch, &refusal.to_string()).await;
                return Ok(());
            }
            Err(refusal) => return Err(refusal.to_string()),
        };
        if let Err(error) = record.is_taken_up().await {
            tracing::warn!(processor = %self.id, error, "a storage cannot be written");
        }
        // What is not held again goes on as one.
        record.expect(mended.held + 1);
        mended.acknowledgements.push(record);
        // Not before there was room for it in work: whoever has that may wait for this.
        let room = self.room(batch.len()).await;
        self.spawn_within(mended, OfScope::Request(scope), room);
        Ok(())
    }

    /// Releases held spans when they are ready or due, until the end.
    pub(super) async fn release(self: Arc<Self>, wake: Arc<Notify>) {
        loop {
            let due = self.processor.next_release();
            tokio::select! {
                () = self.tasks.stop.cancelled() => return,
                () = wake.notified() => continue,
                () = until(due) => {}
            }
            let processor = Arc::clone(&self.processor);
            let begun = self
                .workers
                .run(move || processor.releasing(Instant::now()));
            if let Ok(releasing) = begun.await {
                self.send_released(releasing).await;
            }
        }
    }

    /// Sends on what is released, a batch at a time, each as soon as there is room for
    /// it: when they have gone on, what is given ends.
    pub(super) async fn send_released(
        self: &Arc<Self>,
        releasing: Releasing,
    ) -> Vec<JoinHandle<()>> {
        let mut sent = Vec::new();
        let mut releasing = Some(releasing);
        while let Some(mended) = self.next_of(&mut releasing).await {
            let length = mended.traces.as_ref().map_or(0, Bytes::len);
            let room = self.room(length).await;
            let of = OfScope::One(mended.scope);
            sent.push(self.spawn_within(mended, of, room));
        }
        sent
    }

    /// The next batch of released spans: it is made when there is room for it.
    async fn next_of(&self, releasing: &mut Option<Releasing>) -> Option<Mended> {
        let mut taken = releasing.take()?;
        let processor = Arc::clone(&self.processor);
        let next = move || (taken.next(&processor), taken);
        let (mended, rest) = self.workers.run(next).await.ok()?;
        *releasing = Some(rest);
        mended
    }

    /// Room for so many bytes on their way; `None` when all ends, and nothing
    /// waits for room any more.
    async fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            biased;
            room = self.delivering.take(bytes) => room,
            () = self.tasks.stop.cancelled() => None,
        }
    }

    /// Sends on all that is held; from here on nothing is held any more.
    pub(crate) async fn drain(self: Arc<Self>) {
        let processor = Arc::clone(&self.processor);
        let begun = self.workers.run(move || processor.draining()).await;
        let mut draining = begun.ok();
        while let Some(mended) = self.next_of(&mut draining).await {
            let of = OfScope::One(mended.scope);
            self.spawn_within(mended, of, ());
        }
    }
}

/// Takes spans that have gone on out of the journal.
fn gone(acknowledgements: &[Acknowledgement]) {
    let records = acknowledgements
        .iter()
        .filter_map(|acknowledgement| acknowledgement.downcast_ref());
    records.for_each(Record::gone);
}

/// For ever, where there is nothing to wait for.
pub(super) async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
