//! The receiver `otlpjsonfile`: files of OTLP/JSON, an object a line, that are
//! read as they grow.
//!
//! ```text
//! Follower: which files ─► Tail: one file, where it stands ─► Lines
//!                                     └─► HandOver: a line to the pipeline
//! ```
//!
//! A line is handed on only after the one before it was taken, so that a slow
//! pipeline slows the reading down, and nothing is lost.

mod follow;
mod hand_over;
mod lines;
mod mark;
mod patterns;
mod tail;

use tokio::runtime::Handle;

use crate::component::{Receiver, SetupError, Tasks};
use crate::config::{Id, OtlpJsonFileReceiver};
use crate::signal::Signal;
use crate::telemetry::metrics::{Metrics, ReceiverMetrics};
use crate::traces::{BoxFuture, NextConsumers};

use follow::Follower;
use hand_over::HandOver;
use patterns::Patterns;

/// The receiver `otlpjsonfile`.
pub struct OtlpJsonFile {
    id: Id,
    config: OtlpJsonFileReceiver,
    patterns: Patterns,
    metrics: ReceiverMetrics,
}

impl OtlpJsonFile {
    /// A receiver that was not started yet: no file is opened.
    ///
    /// # Errors
    ///
    /// A pattern is none.
    pub fn new(
        id: &Id,
        config: &OtlpJsonFileReceiver,
        metrics: &Metrics,
    ) -> Result<Self, SetupError> {
        let patterns = Patterns::new(&config.include, &config.exclude);
        let patterns = patterns.map_err(|error| error.within(format!("receivers.{id}")))?;
        Ok(Self {
            id: id.clone(),
            config: config.clone(),
            patterns,
            metrics: metrics.receiver(id, "file"),
        })
    }
}

impl Receiver for OtlpJsonFile {
    fn start(
        self: Box<Self>,
        consumers: NextConsumers,
    ) -> BoxFuture<'static, Result<Tasks, SetupError>> {
        Box::pin(async move {
            let tasks = Tasks::default();
            // It is in pipelines of traces alone, as the configuration checks.
            let Some(next) = consumers.of(Signal::Traces).cloned() else {
                return Ok(tasks);
            };
            self.metrics.show(Signal::Traces);
            let hand_over = HandOver::new(
                self.id,
                self.metrics,
                next,
                Handle::current(),
                tasks.stop.clone(),
            );
            let follower = Follower::new(self.config, self.patterns, hand_over);
            tasks.tracker.spawn_blocking(move || follower.run());
            Ok(tasks)
        })
    }
}
