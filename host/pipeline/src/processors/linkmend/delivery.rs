//! What comes out of the hold goes on, with nobody in front who could send it
//! again.

use std::sync::Arc;
use std::time::Instant;

use linkmend::Mended;
use tokio::sync::{Notify, Semaphore};

use super::stage::Stage;
use super::ticket;
use crate::traces::Traces;

/// How many batches of released spans are on their way at once; what comes then
/// stays in the hold, which is bounded.
const MOST: usize = 64;

impl Stage {
    /// Sends on a batch of spans that were held, and tells those who wait.
    pub(super) async fn deliver(self: Arc<Self>, mut mended: Mended) {
        self.count(&mended);
        let claims = std::mem::take(&mut mended.claims);
        let Some(bytes) = mended.traces else {
            return;
        };
        let traces = Traces::checked(bytes);
        let spans = traces.spans();
        self.metrics.outgoing.inc_by(spans as u64);
        let taken = self.next.take(traces).await;
        if let Err(refusal) = &taken
            && !self.waits
        {
            tracing::error!(
                processor = %self.id, spans, %refusal,
                "held spans are lost: the next hop did not take them"
            );
        }
        ticket::tell(&claims, &taken);
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

/// For ever, where there is nothing to wait for.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
