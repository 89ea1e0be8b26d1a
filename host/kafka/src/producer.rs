//! A producer that waits for its brokers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use krafka::KrafkaError;
use krafka::error::ErrorCode;
use tokio::sync::Mutex;

use crate::connection::Connection;
use crate::partitioner::{Chooser, Partitioning};

/// How long a close may take.
const CLOSING: Duration = Duration::from_secs(5);
/// A request has this beside the records: names, keys, checksums.
const AROUND: usize = 64 << 10;

/// Who has to have a record before it counts as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Acks {
    /// The leader of its partition.
    Leader,
    /// All replicas that are in sync.
    #[default]
    All,
}

/// How batches of records are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Snappy.
    Snappy,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

/// A producer.
#[derive(Clone)]
pub struct ProducerOptions {
    /// The brokers.
    pub connection: Connection,
    /// Who has to have a record.
    pub acks: Acks,
    /// How it is compressed.
    pub compression: Compression,
    /// How hard; `None`: as the compression has it by default.
    pub compression_level: Option<i32>,
    /// The largest batch of records.
    pub max_message_bytes: usize,
    /// How long a record waits for others that go with it.
    pub linger: Duration,
    /// How long a record may take.
    pub timeout: Duration,
    /// Whether a topic may be made that is not there.
    pub creates_topics: bool,
    /// Which partition a record goes to.
    pub partitioning: Partitioning,
    /// How many bytes of records may wait.
    pub buffer: usize,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where to.
    pub topic: String,
    /// What decides on its partition.
    pub key: Option<Bytes>,
    /// What it is.
    pub value: Bytes,
    /// What goes with it.
    pub headers: Vec<(String, Bytes)>,
}

/// Where a record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordMetadata {
    /// The partition.
    pub partition: i32,
}

/// Records were not written, or it is not known whether they were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SendError {
    /// Trying again may help.
    pub is_passing: bool,
    /// Why.
    pub text: String,
}

impl SendError {
    fn of(error: &KrafkaError) -> Self {
        let never = matches!(
            error,
            KrafkaError::Config { .. }
                | KrafkaError::Compression { .. }
                | KrafkaError::Serialization { .. }
                | KrafkaError::Broker {
                    code: ErrorCode::MessageTooLarge
                        | ErrorCode::RecordListTooLarge
                        | ErrorCode::InvalidTopic
                        | ErrorCode::InvalidRecord,
                    ..
                }
        );
        Self {
            is_passing: !never,
            text: error.to_string(),
        }
    }
}

/// Writes records, and waits until the brokers have them. It connects when there is
/// something to write, and again when it can go on no more.
pub struct Producer {
    options: ProducerOptions,
    open: Mutex<Option<Arc<krafka::producer::Producer>>>,
}

impl Producer {
    /// One that is not connected yet.
    pub fn new(options: ProducerOptions) -> Self {
        Self {
            options,
            open: Mutex::default(),
        }
    }

    /// Writes records: all of them, or it is an error. Some may have been written then.
    ///
    /// # Errors
    ///
    /// What the worst of them has met.
    pub async fn send(&self, records: Vec<Record>) -> Result<Vec<RecordMetadata>, SendError> {
        let producer = self.open().await?;
        let mut waiting = Vec::with_capacity(records.len());
        let mut worst = None;
        for record in records {
            match producer.enqueue(record.into()).await {
                Ok(handle) => waiting.push(handle),
                Err(error) => {
                    worst = Some(error);
                    break;
                }
            }
        }
        let mut written = Vec::with_capacity(waiting.len());
        for handle in waiting {
            match handle.await {
                Ok(record) => written.push(RecordMetadata {
                    partition: record.partition,
                }),
                Err(error) => worst = Some(worse(worst, error)),
            }
        }
        let Some(error) = worst else {
            return Ok(written);
        };
        if error.is_fatal() {
            self.forget(&producer).await;
        }
        Err(SendError::of(&error))
    }

    /// Waits for what is being written, and ends.
    pub async fn close(&self) {
        if let Some(producer) = self.open.lock().await.take() {
            let closing = krafka::CloseOptions::new().timeout(CLOSING);
            // Whoever waited for a record was told.
            let _ = producer.close_with(closing).await;
        }
    }

    async fn open(&self) -> Result<Arc<krafka::producer::Producer>, SendError> {
        let mut open = self.open.lock().await;
        if let Some(producer) = &*open {
            return Ok(Arc::clone(producer));
        }
        let options = &self.options;
        let connecting = options
            .connection
            .builder(options.timeout)
            .allow_auto_create_topics(options.creates_topics)
            .connect();
        let connected = tokio::time::timeout(options.timeout, connecting).await;
        let kafka = connected
            .map_err(|_| SendError {
                is_passing: true,
                text: format!("no broker answers within {:?}", options.timeout),
            })?
            .map_err(|error| SendError::of_connecting(&error))?;
        let built = self.build(&kafka).await;
        let producer = Arc::new(built.map_err(|error| SendError::of_connecting(&error))?);
        *open = Some(Arc::clone(&producer));
        Ok(producer)
    }

    async fn build(
        &self,
        kafka: &krafka::Kafka,
    ) -> Result<krafka::producer::Producer, KrafkaError> {
        let options = &self.options;
        let acks = match options.acks {
            Acks::Leader => krafka::producer::Acks::Leader,
            Acks::All => krafka::producer::Acks::All,
        };
        let compression = match options.compression {
            Compression::None => krafka::Compression::None,
            Compression::Gzip => krafka::Compression::Gzip,
            Compression::Snappy => krafka::Compression::Snappy,
            Compression::Lz4 => krafka::Compression::Lz4,
            Compression::Zstd => krafka::Compression::Zstd,
        };
        kafka
            .producer()
            .acks(acks)
            .idempotent(options.acks == Acks::All)
            .compression(compression)
            .compression_level(options.compression_level)
            .batch_size(options.max_message_bytes)
            .max_request_size(options.max_message_bytes.saturating_add(AROUND))
            .buffer_memory(options.buffer.max(options.max_message_bytes))
            .linger(options.linger)
            .max_block(options.timeout)
            .delivery_timeout(options.timeout.saturating_add(options.linger))
            .partitioner(Chooser::new(options.partitioning))
            .metrics_push(false)
            .build()
            .await
    }

    /// Lets go of one that can go on no more.
    async fn forget(&self, producer: &Arc<krafka::producer::Producer>) {
        let mut open = self.open.lock().await;
        if open.as_ref().is_some_and(|one| Arc::ptr_eq(one, producer)) {
            *open = None;
        }
    }
}

impl SendError {
    /// Whatever keeps it from connecting may pass: brokers start, passwords are set.
    fn of_connecting(error: &KrafkaError) -> Self {
        Self {
            is_passing: true,
            text: error.to_string(),
        }
    }
}

/// The one of both that may not pass.
fn worse(one: Option<KrafkaError>, other: KrafkaError) -> KrafkaError {
    match one {
        Some(one) if !SendError::of(&one).is_passing => one,
        _ => other,
    }
}

impl From<Record> for krafka::Record {
    fn from(record: Record) -> Self {
        let mut made = Self::new(record.topic, record.value);
        made.key = record.key;
        let headers = record.headers.into_iter();
        made.headers = headers.map(|(name, value)| (name, Some(value))).collect();
        made
    }
}
