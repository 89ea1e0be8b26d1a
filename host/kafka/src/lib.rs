//! Kafka, as far as linkmend needs it: a member of a consumer group whose offsets
//! follow what was taken, and a producer that waits for its brokers.
//!
//! ```text
//! brokers ─► Member: poll ─► Handler (a message each) ─► taken ─► Progress ─► commit
//! batches ─► Producer: records ─► acknowledged by the brokers
//! ```
//!
//! The protocol is that of the crate krafka, which is written in Rust alone: there is no C
//! library to build or to find.
#![forbid(unsafe_code)]

mod connection;
mod flight;
mod member;
mod options;
mod partitioner;
mod producer;
mod progress;

pub use connection::{Connection, Identity, Pem, Sasl, SaslMechanism, Tls};
pub use member::Member;
pub use options::{
    Acknowledgement, BoxFuture, Event, FetchOptions, Handler, InitialOffset, MemberOptions,
    Message, Strategy,
};
pub use partitioner::Partitioning;
pub use producer::{
    Acks, Compression, Producer, ProducerOptions, Record, RecordMetadata, SendError,
};
