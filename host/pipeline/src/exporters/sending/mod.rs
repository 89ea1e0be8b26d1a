//! What exporters over sockets have in common: trying again, and the queue
//! before it.

mod line;
mod occasion;
mod retry;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub(super) use line::Sender;

use crate::component::{Exporter, SetupError};
use crate::config::{Id, Queue, Retry};
use crate::extensions::file_storage::Storages;
use crate::telemetry::metrics::Metrics;
use crate::traces::{BoxFuture, Consumer, Taken, Traces};
use line::Line;

/// An exporter that sends batches over a socket.
pub(super) struct Sending {
    line: Arc<Line>,
    stop: CancellationToken,
}

impl Sending {
    pub(super) fn new(
        id: &Id,
        sender: Arc<dyn Sender>,
        retry: &Retry,
        queue: Option<&Queue>,
        metrics: &Metrics,
        _storages: &Storages,
    ) -> Result<Self, SetupError> {
        if queue.is_some() {
            return Err(SetupError::new("sending_queue", "there are no queues"));
        }
        let line = Line::new(id, sender, retry, metrics.exporter(id));
        Ok(Self {
            line: Arc::new(line),
            stop: CancellationToken::new(),
        })
    }
}

impl Consumer for Sending {
    fn take(&self, traces: Traces) -> BoxFuture<'_, Taken> {
        Box::pin(async move { self.line.deliver(&traces, &self.stop).await })
    }
}

impl Exporter for Sending {
    fn start(&self) -> BoxFuture<'_, Result<(), SetupError>> {
        Box::pin(async { Ok(()) })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.stop.cancel() })
    }
}
