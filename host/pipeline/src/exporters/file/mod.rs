//! The exporter `file`: into files, as the Collector's.
//!
//! A batch is taken when the operating system has it: a program that is killed
//! then loses nothing.

mod folder;
mod frame;
mod repair;
mod rotate;
mod writer;

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::task::spawn_blocking;

use crate::component::{Exporter, SetupError};
use crate::config::{FileExporter, Id};
use crate::exporters::by_signal::BySignal;
use crate::signal::Signal;
use crate::telemetry::logs::Throttle;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::ComponentSpan;
use crate::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Refusal, Traces};
use crate::workers::{Aside, Panicked, processors};

use folder::folder_of;
use frame::Frame;
use writer::Writer;

/// The exporter `file`.
pub struct File {
    shared: Arc<Shared>,
    /// How many batches are encoded at once.
    writing: Aside,
    metrics: BySignal,
}

struct Shared {
    id: Id,
    config: FileExporter,
    frame: Frame,
    writer: Mutex<Option<Writer>>,
    failed: Throttle,
}

impl File {
    /// An exporter that was not started yet: nothing is written.
    ///
    /// # Errors
    ///
    /// The folder of the file is not there and is not to be made, or the path
    /// is that of a folder.
    pub fn new(
        id: &Id,
        config: &FileExporter,
        signals: &[Signal],
        metrics: &Metrics,
    ) -> Result<Self, SetupError> {
        let shared = Shared {
            id: id.clone(),
            config: config.clone(),
            frame: Frame::of(config),
            writer: Mutex::new(None),
            failed: Throttle::default(),
        };
        shared.check().map_err(|text| shared.error(text))?;
        Ok(Self {
            shared: Arc::new(shared),
            writing: Aside::new(processors()),
            metrics: BySignal::new(id, signals, metrics),
        })
    }

    async fn write(&self, traces: Traces) -> ConsumeResult {
        let shared = Arc::clone(&self.shared);
        let written = self.writing.run(move || shared.write(&traces)).await;
        written.unwrap_or_else(|Panicked| Err(Refusal::retry("cannot write; see the log")))
    }
}

impl Shared {
    fn check(&self) -> Result<(), String> {
        let path = &self.config.path;
        if path.is_dir() {
            return Err(format!(
                "{} is a folder; give the path of a file",
                path.display()
            ));
        }
        let folder = folder_of(path);
        if !self.config.create_directory && !folder.is_dir() {
            return Err(format!(
                "the folder {} is not there; make it, or set `create_directory: true`",
                folder.display()
            ));
        }
        Ok(())
    }

    fn error(&self, text: impl Into<String>) -> SetupError {
        SetupError::new(format!("exporters.{}.path", self.id), text)
    }

    fn open(&self) -> Result<(), SetupError> {
        let mut writer = self.writer.lock();
        if writer.is_none() {
            let opened = Writer::open(&self.config, self.frame);
            *writer = Some(opened.map_err(|error| {
                let path = self.config.path.display();
                self.error(format!("cannot open {path} for writing: {error}"))
            })?);
        }
        Ok(())
    }

    fn write(&self, traces: &Traces) -> ConsumeResult {
        if traces.bytes().is_empty() {
            return Ok(Accepted::default());
        }
        let bytes = self.frame.encode(traces)?;
        let mut writer = self.writer.lock();
        let Some(writer) = &mut *writer else {
            return Err(Refusal::retry(format!(
                "the exporter {} has ended",
                self.id
            )));
        };
        writer.write(&bytes).map_err(|error| {
            let path = self.config.path.display();
            self.failed.tell(|more| {
                tracing::error!(exporter = %self.id, "cannot write to {path}: {error}{more}");
            });
            Refusal::retry(format!("cannot write to {path}: {error}"))
        })?;
        Ok(Accepted::default())
    }
}

impl Consumer for File {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        Box::pin(async move {
            let (signal, items) = (traces.signal(), traces.items());
            let stage = ComponentSpan::exporter(&self.shared.id, signal);
            let taken = stage.run(items, self.write(traces)).await;
            self.metrics.taken(signal, items, &taken);
            taken
        })
    }
}

impl Exporter for File {
    fn start(&self) -> BoxFuture<'_, Result<(), SetupError>> {
        Box::pin(async {
            let shared = Arc::clone(&self.shared);
            let opened = spawn_blocking(move || shared.open()).await;
            opened.unwrap_or_else(|error| Err(self.shared.error(error.to_string())))
        })
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let shared = Arc::clone(&self.shared);
            // Waits for what is being written; nothing is left in memory then.
            let _ = spawn_blocking(move || shared.writer.lock().take()).await;
        })
    }
}
