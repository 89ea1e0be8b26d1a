//! What the components of a pipeline have in common: they are made, started
//! and stopped.

use std::fmt;
use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::traces::{BoxFuture, Consumer, NextConsumers};

/// A component cannot be made or started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupError {
    /// The path of keys in the configuration: `receivers.otlp.protocols.grpc`.
    pub path: String,
    /// What is wrong, and the way out.
    pub text: String,
}

impl SetupError {
    /// What is wrong with a key.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    /// The same inside of a section.
    #[must_use]
    pub fn within(self, section: impl fmt::Display) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self {
            path: format!("{section}{dot}{}", self.path),
            text: self.text,
        }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for SetupError {}

/// A port that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundAddress {
    /// What is spoken there: `grpc`, `http`.
    pub protocol: &'static str,
    /// Its address, with the port that was given for port 0.
    pub address: SocketAddr,
}

/// The tasks of a component that runs.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    /// Cancelled when they are to end.
    pub stop: CancellationToken,
    /// All of them.
    pub tracker: TaskTracker,
    /// The ports that they have opened.
    pub bound: Vec<BoundAddress>,
}

impl Tasks {
    /// Tells the tasks to end, and waits until they have.
    pub async fn end(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// A source of batches. It was made from a configuration, all of which was
/// checked; no port is open yet.
pub trait Receiver: Send {
    /// Opens ports and files, and hands batches to the consumers of their signals
    /// until the tasks are told to end: then it takes no more, answers what it
    /// has taken, and its tasks end.
    fn start(
        self: Box<Self>,
        consumers: NextConsumers,
    ) -> BoxFuture<'static, Result<Tasks, SetupError>>;
}

/// Where batches go.
pub trait Exporter: Consumer {
    /// Opens files and storages, begins to send what is queued.
    fn start(&self) -> BoxFuture<'_, Result<(), SetupError>>;

    /// Sends what is queued, writes what is to be written, and ends. Nothing is
    /// handed to it any more.
    fn stop(&self) -> BoxFuture<'_, ()>;
}
