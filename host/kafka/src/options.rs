//! What a member of a group is told, and whom it tells.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::connection::Connection;

/// A future on the heap.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A message of Kafka.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its topic.
    pub topic: Arc<str>,
    /// Its partition.
    pub partition: i32,
    /// Its place there.
    pub offset: i64,
    /// What it is; empty for one that only says that a key has gone.
    pub value: Bytes,
    /// What goes with it.
    pub headers: Vec<(String, Option<Bytes>)>,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledgement {
    /// It is taken, or given up: it need not be read again.
    Commit,
    /// It is not: nothing of its partition is committed from here on, and nothing is
    /// read, until another member has it or this one starts again.
    Hold,
}

/// What is told of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A partition is this member's from now on.
    Given(String, i32),
    /// A partition is not any more.
    Gone(String, i32),
    /// How far a partition was read, and how many messages are behind that.
    Position(String, i32, i64, Option<u64>),
    /// Something does not work, and is tried again.
    Trouble(String),
    /// It works again.
    Works,
}

/// Who takes messages.
pub trait Handler: Send + Sync + 'static {
    /// Takes a message. When all ends, it is not waited for without end.
    fn take(&self, message: Message) -> BoxFuture<'static, Acknowledgement>;

    /// Is told what happens.
    fn told(&self, event: Event);
}

/// Where a group begins that has committed nothing yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InitialOffset {
    /// With what comes.
    #[default]
    Latest,
    /// With what there is.
    Earliest,
}

/// How the members of a group share partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Neighbours, topic by topic.
    Range,
    /// In turn.
    RoundRobin,
    /// As they are, as far as possible; what stays is not interrupted.
    CooperativeSticky,
}

/// How much is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchOptions {
    /// The least that a broker answers with, if it comes in time.
    pub least: i32,
    /// The most of an answer.
    pub most: i32,
    /// The most of a partition in an answer.
    pub most_of_partition: i32,
    /// How long a broker waits for the least.
    pub wait: Duration,
    /// The most of a batch of records, decompressed.
    pub most_decompressed: usize,
}

/// A member of a group.
#[derive(Clone)]
pub struct MemberOptions {
    /// The brokers.
    pub connection: Connection,
    /// The topics.
    pub topics: Vec<String>,
    /// The group.
    pub group: String,
    /// The name of a member that may be away for `session_timeout`.
    pub instance: Option<String>,
    /// Where a new group begins.
    pub initial: InitialOffset,
    /// After how long without a sign a member has gone.
    pub session_timeout: Duration,
    /// How often a member gives a sign.
    pub heartbeat: Duration,
    /// How partitions are shared, the best first.
    pub strategies: Vec<Strategy>,
    /// How much is fetched.
    pub fetching: FetchOptions,
    /// How often it is committed; `None`: as soon as something was taken.
    pub commit_interval: Option<Duration>,
    /// Where the replicas are to be that are read.
    pub rack: Option<String>,
    /// How many bytes of messages may be on their way.
    pub in_flight: u64,
}
