//! What comes out of the hold goes on, with nobody in front who could send it
//! again, but for those who wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::{Claim, Mended, Passage};
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use super::journal::Record;
use super::stage::{Keeping, Stage};
use super::ticket;
use crate::traces::{Refusal, Taken, Traces};

/// How many batches of released spans are on their way at once; what comes then
/// stays in the hold, which is bounded.
const MOST: usize = 64;

/// So many starts may come to nothing over an entry of the journal, by a kill or
/// by a crash that it caused.
const MOST_TRIES: u32 = 3;

/// The wait between two tries of what is in the journal. The exporter has tried
/// for as long as it is configured to, already.
const AGAIN: Duration = Duration::from_secs(5);

impl Stage {
    /// Sends on a batch of spans that were held, and tells those who wait.
    pub(super) async fn deliver(self: Arc<Self>, mut mended: Mended) {
        self.count(&mended);
        let claims = std::mem::take(&mut mended.claims);
        let Some(bytes) = mended.traces else {
            // Dropped, as `on_error` wants it, if there are any.
            return gone(&claims);
        };
        let traces = Traces::checked(bytes);
        self.metrics.outgoing.inc_by(traces.spans() as u64);
        match &self.keeping {
            Keeping::Memory => self.settle(&traces, &self.next.take(traces.clone()).await),
            Keeping::Waiting => ticket::tell(&claims, &self.next.take(traces).await),
            Keeping::Journal(_) => self.deliver_kept(traces, &claims).await,
        }
    }

    /// What is on disk is tried until it is taken, or stays there.
    async fn deliver_kept(&self, traces: Traces, claims: &[Claim]) {
        loop {
            let taken = self.next.take(traces.clone()).await;
            let is_to_be_tried = taken.as_ref().is_err_and(Refusal::is_retryable);
            if !is_to_be_tried {
                self.settle(&traces, &taken);
                return gone(claims);
            }
            tokio::select! {
                () = sleep(AGAIN) => {}
                () = self.tasks.stop.cancelled() => {
                    let spans = traces.spans();
                    tracing::info!(processor = %self.id, spans, "held spans stay on disk");
                    return;
                }
            }
        }
    }

    /// Says of what nobody can send again that it is lost.
    fn settle(&self, traces: &Traces, taken: &Taken) {
        if let Err(refusal) = taken {
            let spans = traces.spans();
            tracing::error!(
                processor = %self.id, spans, %refusal,
                "held spans are lost: the next hop did not take them"
            );
        }
    }

    /// Takes up what was held at the end of the last run.
    pub(super) async fn take_up(self: Arc<Self>, left: Vec<(Arc<Record>, Bytes)>) {
        if !left.is_empty() {
            let batches = left.len();
            tracing::info!(processor = %self.id, batches, "held spans of the last run are taken up");
        }
        for (record, batch) in left {
            match record.try_once_more().await {
                Ok(tries) if tries >= MOST_TRIES => {
                    let reason = format!("it was taken up {tries} times, and came to nothing");
                    self.set_aside(&record, batch, &reason).await;
                    continue;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(processor = %self.id, error, "held spans stay on disk");
                    continue;
                }
            }
            let passage = Passage {
                claim: Some(Arc::<Record>::clone(&record)),
                ..Passage::default()
            };
            match self.process(batch.clone(), passage).await {
                Ok(mut passed) => {
                    if let Err(error) = record.is_taken_up().await {
                        tracing::warn!(processor = %self.id, error, "a storage cannot be written");
                    }
                    // What is not held again goes on as one.
                    record.expect(passed.mended.held + 1);
                    passed.mended.claims.push(record);
                    self.spawn(passed.mended);
                }
                Err(refusal) if !refusal.is_retryable() => {
                    self.set_aside(&record, batch, &refusal.to_string()).await;
                }
                Err(refusal) => {
                    tracing::error!(processor = %self.id, %refusal, "held spans stay on disk");
                }
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

    /// Releases held spans when they are ready or due, until the end.
    pub(super) async fn release(self: Arc<Self>, wake: Arc<Notify>) {
        let room = Arc::new(Semaphore::new(MOST));
        loop {
            let due = self.processor.next_release();
            tokio::select! {
                () = self.tasks.stop.cancelled() => return,
                () = wake.notified() => continue,
                () = until(due) => {}
            }
            let processor = Arc::clone(&self.processor);
            let release = move || processor.release(Instant::now());
            for mended in self.workers.run(release).await.unwrap_or_default() {
                let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                    return;
                };
                let stage = Arc::clone(&self);
                self.tasks.tracker.spawn(async move {
                    stage.deliver(mended).await;
                    drop(permit);
                });
            }
        }
    }

    /// Sends on all that is held; from here on nothing is held any more.
    pub(crate) async fn drain(self: Arc<Self>) {
        let processor = Arc::clone(&self.processor);
        let drained = self.workers.run(move || processor.drain()).await;
        for mended in drained.unwrap_or_default() {
            self.spawn(mended);
        }
    }
}

/// Takes spans that have gone on out of the journal.
fn gone(claims: &[Claim]) {
    let records = claims.iter().filter_map(|claim| claim.downcast_ref());
    records.for_each(Record::gone);
}

/// For ever, where there is nothing to wait for.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
