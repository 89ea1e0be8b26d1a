//! `exporters`: where traces go.

mod debug;
mod file;
mod kafka;
mod otlp_grpc;
mod otlp_http;

pub use debug::{DebugExporter, Verbosity};
pub use file::{FileExporter, FileFormat, Rotation};
pub use kafka::{KafkaCompression, KafkaExporter, KafkaPartitioner, KafkaProducer, KafkaTopic};
pub use otlp_grpc::OtlpGrpcExporter;
pub use otlp_http::{HttpEncoding, OtlpHttpExporter};

pub(super) use debug::MEMBERS as DEBUG;
pub(super) use file::{MEMBERS as FILE, ROTATION};
pub(super) use kafka::{
    LEVEL, MEMBERS as KAFKA, PARTITIONER, PRODUCER, ROUND_ROBIN, STICKY_KEY, TOPIC,
};
pub(super) use otlp_grpc::MEMBERS as OTLP_GRPC;
pub(super) use otlp_http::MEMBERS as OTLP_HTTP;

use super::components::{Kind, Type};
use super::sending::Queue;

/// An exporter.
#[derive(Debug, Clone, PartialEq)]
pub enum Exporter {
    /// OTLP over gRPC.
    OtlpGrpc(Box<OtlpGrpcExporter>),
    /// OTLP over HTTP.
    OtlpHttp(Box<OtlpHttpExporter>),
    /// Into files, as the Collector's.
    File(FileExporter),
    /// Into the log.
    Debug(DebugExporter),
    /// Into topics of Kafka.
    Kafka(Box<KafkaExporter>),
}

impl Exporter {
    /// The same, to be changed; none of those that have none.
    pub(super) fn queue_mut(&mut self) -> Option<&mut Option<Queue>> {
        match self {
            Self::OtlpGrpc(exporter) => Some(&mut exporter.queue),
            Self::OtlpHttp(exporter) => Some(&mut exporter.queue),
            Self::Kafka(exporter) => Some(&mut exporter.queue),
            Self::File(_) | Self::Debug(_) => None,
        }
    }

    /// The queue before it.
    pub fn queue(&self) -> Option<&Queue> {
        match self {
            Self::OtlpGrpc(exporter) => exporter.queue.as_ref(),
            Self::OtlpHttp(exporter) => exporter.queue.as_ref(),
            Self::Kafka(exporter) => exporter.queue.as_ref(),
            Self::File(_) | Self::Debug(_) => None,
        }
    }
}

pub(super) static KIND: Kind<Exporter> = Kind {
    section: "exporters",
    singular: "exporter",
    types: &[
        Type {
            names: &["otlp_grpc", "otlp"],
            read: |reader, node| Exporter::OtlpGrpc(Box::new(otlp_grpc::read(reader, node))),
        },
        Type {
            names: &["otlp_http", "otlphttp"],
            read: |reader, node| Exporter::OtlpHttp(Box::new(otlp_http::read(reader, node))),
        },
        Type {
            names: &["file"],
            read: |reader, node| Exporter::File(file::read(reader, node)),
        },
        Type {
            names: &["debug"],
            read: |reader, node| Exporter::Debug(debug::read(reader, node)),
        },
        Type {
            names: &["kafka"],
            read: |reader, node| Exporter::Kafka(Box::new(kafka::read(reader, node))),
        },
    ],
};
