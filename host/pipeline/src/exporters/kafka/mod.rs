//! The exporter `kafka`: a record for each batch, or for each trace of it.

mod by_trace;
mod records;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend_kafka::{
    Acks, Compression, Partitioning, Producer, ProducerOptions, Record, SendError,
};
use tokio::time::timeout_at;

use super::sending::{Sender, Sent};
use crate::component::{self, SetupError};
use crate::config::{Id, KafkaCompression, KafkaEncoding, KafkaExporter, KafkaPartitioner};
use crate::kafka::connection;
use crate::net::client::Message;
use crate::signal::Signal;
use crate::telemetry::metrics::{KafkaExporterMetrics, Metrics};
use crate::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Refusal, Traces};

use records::{Made, Shape};

/// How many bytes of records may wait for the brokers.
const BUFFER: usize = 64 << 20;
/// A batch of records has this beside the value of its one record, its key and headers.
const AROUND: usize = 512;

/// Writes batches of one signal.
pub(super) struct Kafka {
    producer: Arc<Producer>,
    topic: String,
    shape: Shape,
    headers: Vec<(String, Bytes)>,
    metrics: KafkaExporterMetrics,
}

/// The producer of an exporter, which all its signals share.
pub(super) fn producer(config: &KafkaExporter) -> Result<Arc<Producer>, SetupError> {
    let options = &config.producer;
    Ok(Arc::new(Producer::new(ProducerOptions {
        connection: connection(&config.client)?,
        acks: if options.acks_of_all {
            Acks::All
        } else {
            Acks::Leader
        },
        compression: match options.compression {
            KafkaCompression::None => Compression::None,
            KafkaCompression::Gzip => Compression::Gzip,
            KafkaCompression::Snappy => Compression::Snappy,
            KafkaCompression::Lz4 => Compression::Lz4,
            KafkaCompression::Zstd => Compression::Zstd,
        },
        compression_level: options.compression_level,
        max_message_bytes: options.max_message_bytes,
        linger: options.linger,
        // A try of less would not get to an answer.
        timeout: config.timeout.max(Duration::from_secs(1)),
        creates_topics: options.allow_auto_topic_creation,
        partitioning: match config.partitioner {
            KafkaPartitioner::SaramaCompat => Partitioning::SaramaCompat,
            KafkaPartitioner::Murmur2 => Partitioning::Murmur2,
            KafkaPartitioner::RoundRobin => Partitioning::RoundRobin,
        },
        buffer: BUFFER,
    })))
}

impl Kafka {
    pub(super) fn new(
        id: &Id,
        config: &KafkaExporter,
        signal: Signal,
        producer: &Arc<Producer>,
        metrics: &Metrics,
    ) -> Self {
        let (topic, encoding) = config.of(signal);
        let given = config.record_headers.iter();
        let mut headers: Vec<_> = given
            .map(|(name, value)| (name.clone(), Bytes::from(value.expose().to_owned())))
            .collect();
        if config.signal_header {
            let name = Bytes::from_static(signal.name().as_bytes());
            headers.push(("otelcol.signal".into(), name));
        }
        let around: usize = headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 16)
            .sum();
        let most = config.producer.max_message_bytes;
        Self {
            producer: Arc::clone(producer),
            topic,
            shape: Shape {
                signal,
                is_json: encoding == KafkaEncoding::OtlpJson,
                by_trace: config.by_trace_id && signal == Signal::Traces,
                most: most.saturating_sub(AROUND + around).max(1),
            },
            headers,
            metrics: metrics.kafka_exporter(id),
        }
    }

    fn record(&self, key: Option<Bytes>, value: Bytes) -> Record {
        Record {
            topic: self.topic.clone(),
            key,
            value,
            headers: self.headers.clone(),
        }
    }

    async fn write(&self, message: Message, deadline: Option<Instant>) -> Sent {
        let Made { records, too_large } = Made::read(message.into_bytes());
        let sizes: Vec<usize> = records.iter().map(|(_, value)| value.len()).collect();
        let records = records.into_iter();
        let records = records
            .map(|(key, value)| self.record(key, value))
            .collect();
        let writing = self.producer.send(records);
        let written = match deadline {
            None => writing.await,
            Some(deadline) => {
                let late = SendError {
                    is_passing: true,
                    text: "no acknowledgement in time".into(),
                };
                let in_time = timeout_at(deadline.into(), writing).await;
                in_time.unwrap_or(Err(late))
            }
        };
        match written {
            Ok(written) => {
                for (record, bytes) in written.iter().zip(&sizes) {
                    self.metrics.written(&self.topic, record.partition, *bytes);
                }
                Ok(Ok(self.accepted(too_large)))
            }
            Err(error) => {
                for bytes in sizes {
                    self.metrics.failed(&self.topic, bytes);
                }
                let text = format!("topic {}: {error}", self.topic);
                Err(if error.is_passing {
                    Refusal::retry(text)
                } else {
                    Refusal::permanent(text)
                })
            }
        }
    }

    fn accepted(&self, too_large: u64) -> Accepted {
        if too_large == 0 {
            return Accepted::default();
        }
        Accepted {
            rejected: too_large,
            message: self.shape.too_large(too_large),
        }
    }
}

impl Sender for Kafka {
    fn is_verbatim(&self) -> bool {
        false
    }

    fn encode(&self, traces: Bytes) -> Result<Message, Refusal> {
        self.shape.encode(traces).map(Message::new)
    }

    fn send(&self, message: Message, deadline: Option<Instant>) -> BoxFuture<'_, Sent> {
        Box::pin(self.write(message, deadline))
    }
}

/// An exporter whose producer ends with it.
pub(super) struct Ending<E> {
    pub(super) exporter: E,
    pub(super) producer: Arc<Producer>,
}

impl<E: Consumer> Consumer for Ending<E> {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        self.exporter.take(traces)
    }
}

impl<E: component::Exporter> component::Exporter for Ending<E> {
    fn start(&self) -> BoxFuture<'_, Result<(), SetupError>> {
        self.exporter.start()
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.exporter.stop().await;
            self.producer.close().await;
        })
    }
}
