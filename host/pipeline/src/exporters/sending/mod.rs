//! What exporters over sockets have in common: trying again, and the queue
//! before it.
//!
//! ```text
//! take ─► queue (room, entries, storage) ─► batch (join, cut) ─► line (tries, waits) ─► Sender
//!    └────────── without a queue, the sender of the batch waits ────────▲
//! ```

mod batch;
mod line;
mod occasion;
mod queue;
mod retry;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub(super) use line::{Sender, Sent};

use crate::component::{Exporter, SetupError};
use crate::config::{self, Id, Retry};
use crate::extensions::file_storage::Storages;
use crate::signal::Signal;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces as own;
use crate::traces::{BoxFuture, ConsumeResult, Consumer, Traces};
use line::Line;
use queue::Queue;

/// An exporter that sends batches of one signal over a socket.
pub(super) struct Sending(Way);

enum Way {
    /// The sender waits until the next hop has taken its batch.
    Direct(Arc<Line>, CancellationToken),
    /// The sender waits until its batch is in the queue.
    Queued(Box<Queue>),
}

impl Sending {
    pub(super) fn new(
        id: &Id,
        signal: Signal,
        sender: Arc<dyn Sender>,
        retry: &Retry,
        queue: Option<&config::Queue>,
        metrics: &Metrics,
        storages: &Storages,
    ) -> Result<Self, SetupError> {
        let line = Arc::new(Line::new(
            id,
            signal,
            sender,
            retry,
            metrics.exporter(id, signal),
        ));
        Ok(Self(match queue {
            None => Way::Direct(line, CancellationToken::new()),
            Some(queue) => Way::Queued(Box::new(Queue::new(line, queue, storages)?)),
        }))
    }
}

impl Sending {
    fn line(&self) -> &Line {
        match &self.0 {
            Way::Direct(line, _) => line,
            Way::Queued(queue) => queue.line(),
        }
    }
}

impl Consumer for Sending {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        let (line, items) = (self.line(), traces.items());
        // It is not sent on, and must not lie in a queue.
        let traces = traces.with_metadata(None);
        Box::pin(async move {
            let sending = async move {
                match &self.0 {
                    Way::Direct(line, stop) => line.deliver(traces, stop).await,
                    Way::Queued(queue) => queue.take(traces).await,
                }
            };
            let stage = own::ComponentSpan::exporter(line.id(), line.signal());
            stage.run(items, sending).await
        })
    }
}

impl Exporter for Sending {
    fn start(&self) -> BoxFuture<'_, Result<(), SetupError>> {
        Box::pin(async move {
            match &self.0 {
                Way::Direct(..) => Ok(()),
                Way::Queued(queue) => queue.start().await,
            }
        })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match &self.0 {
                Way::Direct(_, stop) => stop.cancel(),
                Way::Queued(queue) => queue.stop().await,
            }
        })
    }
}
