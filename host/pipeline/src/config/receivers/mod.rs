//! `receivers`: where traces come from.

mod kafka;
mod otlp;
mod otlpjsonfile;

pub use kafka::{KafkaReceiver, KafkaStrategy, KafkaTopics, MessageMarking};
pub use otlp::{Admission, OtlpReceiver};
pub use otlpjsonfile::{FileCompression, OtlpJsonFileReceiver, StartAt};

pub(super) use kafka::{AUTOCOMMIT, MARKING, MEMBERS as KAFKA, TOPICS};
pub(super) use otlp::{ADMISSION, MEMBERS as OTLP, PROTOCOLS};
pub(super) use otlpjsonfile::MEMBERS as OTLP_JSON_FILE;

use super::components::{Kind, Type};

/// A receiver.
#[derive(Debug, Clone, PartialEq)]
pub enum Receiver {
    /// OTLP over gRPC and HTTP.
    Otlp(Box<OtlpReceiver>),
    /// Files of OTLP/JSON.
    OtlpJsonFile(OtlpJsonFileReceiver),
    /// Topics of Kafka.
    Kafka(Box<KafkaReceiver>),
}

pub(super) static KIND: Kind<Receiver> = Kind {
    section: "receivers",
    singular: "receiver",
    types: &[
        Type {
            names: &["otlp"],
            read: |reader, node| Receiver::Otlp(Box::new(otlp::read(reader, node))),
        },
        Type {
            names: &["otlpjsonfile", "otlp_json_file"],
            read: |reader, node| Receiver::OtlpJsonFile(otlpjsonfile::read(reader, node)),
        },
        Type {
            names: &["kafka"],
            read: |reader, node| Receiver::Kafka(Box::new(kafka::read(reader, node))),
        },
    ],
};
