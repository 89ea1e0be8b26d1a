//! What exporters have in common: trying again, and the queue before it
//! (the Collector's `configretry` and `exporterhelper`).

use std::time::Duration;

use linkmend_config::Node;

use super::id::Id;
use super::member::{self, Member, Refusal};
use super::reader::Reader;
use super::scalars::{
    DURATION, FLAG, POSITIVE, choice, count, duration, factor, flag, integer, positive_duration,
    text,
};

/// Retries of what could not be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Whether it is tried again.
    pub enabled: bool,
    /// The wait before the second try.
    pub initial_interval: Duration,
    /// The longest wait.
    pub max_interval: Duration,
    /// When it is given up; zero: never.
    pub max_elapsed_time: Duration,
    /// The factor by which each wait is longer than the one before.
    pub multiplier: f64,
    /// How much of each wait is left to chance, from 0 to 1.
    pub randomization_factor: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            enabled: true,
            initial_interval: Duration::from_secs(5),
            max_interval: Duration::from_secs(30),
            max_elapsed_time: Duration::from_mins(5),
            multiplier: 1.5,
            randomization_factor: 0.5,
        }
    }
}

pub(super) static RETRY: &[Member<Retry>] = &[
    Member::value(
        "enabled",
        "true",
        FLAG,
        "Whether what could not be sent is retried.",
        |t, n| flag(n).map(|v| t.enabled = v),
    ),
    Member::value(
        "initial_interval",
        "5s",
        DURATION,
        "The wait before the second try.",
        |t, n| duration(n).map(|v| t.initial_interval = v),
    ),
    Member::value(
        "max_interval",
        "30s",
        DURATION,
        "The longest wait.",
        |t, n| duration(n).map(|v| t.max_interval = v),
    ),
    Member::value(
        "max_elapsed_time",
        "5m",
        DURATION,
        "How long it takes to give up; 0: never.",
        |t, n| duration(n).map(|v| t.max_elapsed_time = v),
    ),
    Member::value(
        "multiplier",
        "1.5",
        "a number from 0 to 1000",
        "The factor by which each wait is longer than the one before.",
        |t, n| factor(n, 1000.0).map(|v| t.multiplier = v),
    ),
    Member::value(
        "randomization_factor",
        "0.5",
        "a number from 0 to 1",
        "How much of each wait is random, so that senders do not all retry at once.",
        |t, n| factor(n, 1.0).map(|v| t.randomization_factor = v),
    ),
];

/// Reads `retry_on_failure`.
pub(super) fn retry(reader: &mut Reader, node: &Node, retry: &mut Retry) {
    member::read(reader, node, &[RETRY], retry);
    let most = retry.max_elapsed_time;
    if most.is_zero() || !retry.enabled {
        return;
    }
    for (key, interval) in [
        ("initial_interval", retry.initial_interval),
        ("max_interval", retry.max_interval),
    ] {
        if interval > most {
            reader.fault_of(node, key, "it is longer than `max_elapsed_time`");
        }
    }
}

/// What the size of a queue or a batch is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizer {
    /// Batches as they came.
    Requests,
    /// Spans.
    Items,
    /// Bytes of OTLP protobuf.
    Bytes,
}

const SIZERS: [(&str, Sizer); 3] = [
    ("requests", Sizer::Requests),
    ("items", Sizer::Items),
    ("bytes", Sizer::Bytes),
];
const SIZER: &str = "requests, items, bytes";
const BATCH_SIZER: &str = "items, bytes";

/// The queue before an exporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// How many batches are sent at once.
    pub num_consumers: usize,
    /// How much may wait, in the unit of `sizer`.
    pub queue_size: u64,
    /// What `queue_size` is counted in.
    pub sizer: Sizer,
    /// Whether a full queue makes the sender wait (and does not refuse).
    pub block_on_overflow: bool,
    /// Whether the sender waits until its batch has been sent.
    pub wait_for_result: bool,
    /// The extension that keeps the queue over a restart; `None`: memory.
    pub storage: Option<Id>,
    /// How batches are joined and cut; `None`: they go as they came.
    pub batch: Option<Batch>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            num_consumers: 10,
            queue_size: 1000,
            sizer: Sizer::Requests,
            block_on_overflow: false,
            wait_for_result: false,
            storage: None,
            batch: None,
        }
    }
}

/// Joining and cutting batches before they are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// How long a batch waits to become large enough.
    pub flush_timeout: Duration,
    /// The size at which a batch is sent.
    pub min_size: u64,
    /// The size that a batch is cut at; `None`: never.
    pub max_size: Option<u64>,
    /// What these are counted in: items or bytes.
    pub sizer: Sizer,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            flush_timeout: Duration::from_millis(200),
            min_size: 8192,
            max_size: None,
            sizer: Sizer::Items,
        }
    }
}

/// What is read of a queue: it can be switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueueSection {
    pub(super) enabled: bool,
    pub(super) queue: Queue,
}

impl Default for QueueSection {
    fn default() -> Self {
        let queue = Queue::default();
        Self {
            enabled: true,
            queue,
        }
    }
}

const WHOLE: &str = "an integer above 0";
const MOST: u64 = u64::MAX >> 1;

pub(super) static QUEUE: &[Member<QueueSection>] = &[
    Member::value(
        "enabled",
        "true",
        FLAG,
        "Whether there is a queue; without one the sender waits for each batch.",
        |t, n| flag(n).map(|v| t.enabled = v),
    ),
    Member::value(
        "num_consumers",
        "10",
        WHOLE,
        "How many batches are sent at once.",
        |t, n| count(n).map(|v| t.queue.num_consumers = v),
    ),
    Member::value(
        "queue_size",
        "1000",
        WHOLE,
        "How much may wait, in the unit of `sizer`.",
        |t, n| integer(n, 1, MOST).map(|v| t.queue.queue_size = v),
    ),
    Member::value(
        "sizer",
        "requests",
        SIZER,
        "The unit of `queue_size`: batches, spans, bytes.",
        |t, n| choice(n, &SIZERS).map(|v| t.queue.sizer = v),
    ),
    Member::value(
        "block_on_overflow",
        "false",
        FLAG,
        "Whether a full queue makes the sender wait; otherwise it is refused, to try again.",
        |t, n| flag(n).map(|v| t.queue.block_on_overflow = v),
    ),
    Member::value(
        "wait_for_result",
        "false",
        FLAG,
        "Whether the sender waits until its batch has been sent.",
        |t, n| flag(n).map(|v| t.queue.wait_for_result = v),
    ),
    Member::value(
        "storage",
        "null",
        STORAGE,
        "Keeps the queue on disk, so that it survives a restart.",
        |t, n| storage(n).map(|v| t.queue.storage = Some(v)),
    ),
    Member::section(
        "batch",
        "batch",
        "off",
        "Joins and cuts batches before they are sent; `batch: {}` for the defaults.",
        |t, r, n| t.queue.batch = Some(batch(r, n)),
    ),
];

pub(super) static BATCH: &[Member<Batch>] = &[
    Member::value(
        "flush_timeout",
        "200ms",
        POSITIVE,
        "How long a batch waits to become large enough.",
        |t, n| positive_duration(n).map(|v| t.flush_timeout = v),
    ),
    Member::value(
        "min_size",
        "8192",
        "an integer",
        "The size at which a batch is sent.",
        |t, n| integer(n, 0, MOST).map(|v| t.min_size = v),
    ),
    Member::value(
        "max_size",
        "0",
        "an integer",
        "The size above which a batch is cut; 0: none.",
        |t, n| integer(n, 0, MOST).map(|v| t.max_size = (v > 0).then_some(v)),
    ),
    Member::value(
        "sizer",
        "items",
        BATCH_SIZER,
        "The unit of these sizes; by default that of the queue, if it is set there.",
        |t, n| choice(n, &SIZERS[1..]).map(|v| t.sizer = v),
    ),
    Member::unsupported(
        "partition",
        "what came with a request is not kept with its spans",
    ),
];

/// The values that a key for a storage takes.
pub(super) const STORAGE: &str = "the id of a file_storage extension";

pub(super) fn storage(node: &Node) -> Result<Id, Refusal> {
    let id = text(node)?.parse::<Id>();
    id.map_err(|_| Refusal::Value)
}

fn batch(reader: &mut Reader, node: &Node) -> Batch {
    let mut batch = Batch::default();
    member::read(reader, node, &[BATCH], &mut batch);
    if batch.max_size.is_some_and(|max| max < batch.min_size) {
        reader.fault_of(node, "max_size", "it is less than `min_size`");
    }
    batch
}

/// Reads `sending_queue`; `None` when it is switched off.
pub(super) fn queue(reader: &mut Reader, node: &Node) -> Option<Queue> {
    let mut section = QueueSection::default();
    member::read(reader, node, &[QUEUE], &mut section);
    let mut queue = section.queue;
    if queue.wait_for_result && queue.storage.is_some() {
        let text = "a queue on disk (`storage`) has no result to wait for; remove one of them";
        reader.fault_of(node, "wait_for_result", text);
    }
    let section_of_batch = node.get("batch");
    if let (Some(batch), Some(below)) = (&mut queue.batch, section_of_batch) {
        if node.get("sizer").is_some() && below.get("sizer").is_none() {
            batch.sizer = queue.sizer;
        }
        reader.within("batch", |reader| {
            check(reader, below, batch, queue.sizer, queue.queue_size);
        });
    }
    section.enabled.then_some(queue)
}

fn check(reader: &mut Reader, node: &Node, batch: &Batch, sizer: Sizer, queue_size: u64) {
    if batch.sizer == Sizer::Requests {
        let text = format!(
            "the queue is counted in requests, and a batch can not be; it takes {BATCH_SIZER}"
        );
        reader.fault_of(node, "sizer", text);
    } else if batch.sizer == sizer && batch.min_size > queue_size {
        let text = format!(
            "{} is more than the queue holds (`queue_size` is {queue_size})",
            batch.min_size
        );
        reader.fault_of(node, "min_size", text);
    }
}
