//! The exporter `otlp_grpc`.

use std::time::Duration;

use linkmend_config::Node;

use crate::config::grpc::{CLIENT, GrpcClient};
use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{DURATION, optional_duration};
use crate::config::sending::{self, Queue, Retry};

/// OTLP over gRPC.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpGrpcExporter {
    /// Where it sends to, and how.
    pub client: GrpcClient,
    /// How long a request may take; `None`: as long as it likes.
    pub timeout: Option<Duration>,
    /// Trying again.
    pub retry: Retry,
    /// The queue; `None`: the sender waits.
    pub queue: Option<Queue>,
}

impl Default for OtlpGrpcExporter {
    fn default() -> Self {
        Self {
            client: GrpcClient::default(),
            timeout: Some(Duration::from_secs(5)),
            retry: Retry::default(),
            queue: None,
        }
    }
}

pub(in crate::config) static MEMBERS: &[Member<OtlpGrpcExporter>] = &[
    Member::value(
        "timeout",
        "5s",
        DURATION,
        "How long a request may take; 0: any time.",
        |t, n| optional_duration(n).map(|v| t.timeout = v),
    ),
    Member::section(
        "retry_on_failure",
        "retry_on_failure",
        "on",
        "Retries of what could not be sent.",
        |t, r, n| sending::retry(r, n, &mut t.retry),
    ),
    Member::section(
        "sending_queue",
        "sending_queue",
        "off",
        "A queue in front of the exporter; `sending_queue: {}` for the defaults.",
        |t, r, n| t.queue = sending::queue(r, n),
    ),
];

pub(super) fn read(reader: &mut Reader, node: &Node) -> OtlpGrpcExporter {
    let mut exporter = OtlpGrpcExporter::default();
    member::read_with_part(
        reader,
        node,
        MEMBERS,
        (CLIENT, |t| &mut t.client),
        &mut exporter,
    );
    exporter
}
