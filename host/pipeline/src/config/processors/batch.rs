//! The Collector's processor `batch`, as people have it: exporters do its work
//! here (`config/batching.rs`).

use std::time::Duration;

use linkmend_config::Node;

use crate::config::grpc::METADATA;
use crate::config::member::{self, Member};
use crate::config::reader::Reader;
use crate::config::scalars::{DURATION, duration, integer};

/// Joins and cuts batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchProcessor {
    /// How long a batch waits to become large enough; zero: not at all.
    pub timeout: Duration,
    /// The number of items at which a batch is sent.
    pub send_batch_size: u64,
    /// How many it has at most; `None`: any number.
    pub send_batch_max_size: Option<u64>,
}

impl Default for BatchProcessor {
    fn default() -> Self {
        Self {
            timeout: Duration::from_millis(200),
            send_batch_size: 8192,
            send_batch_max_size: None,
        }
    }
}

const MOST: u64 = u32::MAX as u64;

pub(in crate::config) static MEMBERS: &[Member<BatchProcessor>] = &[
    Member::value(
        "timeout",
        "200ms",
        DURATION,
        "How long a batch waits to become large enough.",
        |t, n| duration(n).map(|v| t.timeout = v),
    ),
    Member::value(
        "send_batch_size",
        "8192",
        "an integer",
        "The number of items at which a batch is sent.",
        |t, n| integer(n, 0, MOST).map(|v| t.send_batch_size = v),
    ),
    Member::value(
        "send_batch_max_size",
        "0",
        "an integer",
        "The most items in a batch; 0: any number.",
        |t, n| integer(n, 0, MOST).map(|v| t.send_batch_max_size = (v > 0).then_some(v)),
    ),
    Member::unsupported("metadata_keys", METADATA),
    Member::unsupported("metadata_cardinality_limit", METADATA),
];

pub(super) fn read(reader: &mut Reader, node: &Node) -> BatchProcessor {
    let mut batch = BatchProcessor::default();
    member::read(reader, node, &[MEMBERS], &mut batch);
    let most = batch.send_batch_max_size;
    if most.is_some_and(|most| most < batch.send_batch_size) {
        let text = "it is less than `send_batch_size`";
        reader.fault_of(node, "send_batch_max_size", text);
    }
    batch
}
