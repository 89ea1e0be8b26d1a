//! What the tests share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend_kafka::{
    Acknowledgement, Acks, BoxFuture, Compression, Connection, Event, FetchOptions, Handler,
    InitialOffset, Member, MemberOptions, Message, Partitioning, Producer, ProducerOptions, Record,
    Strategy,
};
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Long enough for whatever happens, on a machine that is busy.
pub const LONG: Duration = Duration::from_mins(2);

pub fn connection(broker: String) -> Connection {
    Connection {
        brokers: vec![broker],
        client_id: "test".into(),
        sasl: None,
        tls: None,
        dial_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_mins(9),
        metadata_refresh: Duration::from_mins(5),
    }
}

pub fn producer_options(connection: Connection) -> ProducerOptions {
    ProducerOptions {
        connection,
        acks: Acks::All,
        compression: Compression::None,
        compression_level: None,
        max_message_bytes: 1_000_000,
        linger: Duration::from_millis(5),
        timeout: Duration::from_secs(20),
        creates_topics: true,
        partitioning: Partitioning::SaramaCompat,
        buffer: 32 << 20,
    }
}

pub fn producer(connection: Connection) -> Producer {
    Producer::new(producer_options(connection))
}

pub fn record(topic: &str, value: u64) -> Record {
    Record {
        topic: topic.into(),
        key: None,
        value: Bytes::from(value.to_string()),
        headers: vec![("number".into(), Bytes::from(value.to_string()))],
    }
}

/// Sends numbers, and tries again until the brokers have them.
pub async fn send(producer: &Producer, topic: &str, numbers: std::ops::Range<u64>) {
    let begun = Instant::now();
    loop {
        let records = numbers
            .clone()
            .map(|number| record(topic, number))
            .collect();
        match producer.send(records).await {
            Ok(written) => {
                assert_eq!(written.len() as u64, numbers.end - numbers.start);
                return;
            }
            Err(error) => {
                assert!(error.is_passing && begun.elapsed() < LONG, "{error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// What members of a group have taken together.
#[derive(Default)]
pub struct Taken(Mutex<HashMap<u64, usize>>);

impl Taken {
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub fn most_often(&self) -> usize {
        self.0.lock().values().copied().max().unwrap_or_default()
    }

    pub async fn wait(&self, count: usize) {
        let begun = Instant::now();
        while self.len() < count {
            assert!(begun.elapsed() < LONG, "{} of {count}", self.len());
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Takes numbers, after a while; may hold all, or refuse one for good.
pub struct Taker {
    pub taken: Arc<Taken>,
    pub slow: Duration,
    pub holds: AtomicBool,
    pub refuses: Option<u64>,
    pub events: Mutex<Vec<Event>>,
}

impl Taker {
    pub fn new(taken: &Arc<Taken>) -> Self {
        Self {
            taken: Arc::clone(taken),
            slow: Duration::ZERO,
            holds: AtomicBool::new(false),
            refuses: None,
            events: Mutex::default(),
        }
    }
}

pub struct Shared(pub Arc<Taker>);

impl Handler for Shared {
    fn take(&self, message: Message) -> BoxFuture<'static, Acknowledgement> {
        let taker = Arc::clone(&self.0);
        Box::pin(async move {
            let number: u64 = std::str::from_utf8(&message.value)
                .unwrap()
                .parse()
                .unwrap();
            assert_eq!(message.headers[0].1.as_ref(), Some(&message.value));
            if taker.refuses == Some(number) {
                return Acknowledgement::Hold;
            }
            sleep(taker.slow).await;
            while taker.holds.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(10)).await;
            }
            *taker.taken.0.lock().entry(number).or_default() += 1;
            Acknowledgement::Commit
        })
    }

    fn told(&self, event: Event) {
        if !matches!(event, Event::Position(..)) {
            self.0.events.lock().push(event);
        }
    }
}

/// A member that runs.
pub struct Runs {
    pub taker: Arc<Taker>,
    pub stop: CancellationToken,
    task: JoinHandle<()>,
    /// Of its own, as of a process.
    runtime: Runtime,
}

impl Runs {
    pub fn start(options: MemberOptions, taker: Taker) -> Self {
        let stop = CancellationToken::new();
        let taker = Arc::new(taker);
        let member = Member::new(options, Arc::new(Shared(Arc::clone(&taker))), stop.clone());
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        Self {
            taker,
            stop,
            task: runtime.spawn(member.run()),
            runtime,
        }
    }

    /// As a process that is killed: nothing is committed, nobody is told.
    pub fn kill(self) {
        self.runtime.shutdown_background();
    }

    pub async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
        self.runtime.shutdown_background();
    }

    pub fn partitions(&self) -> usize {
        let events = self.taker.events.lock();
        let count = |wanted: fn(&Event) -> bool| events.iter().filter(|one| wanted(one)).count();
        count(|event| matches!(event, Event::Given(..)))
            - count(|event| matches!(event, Event::Gone(..)))
    }

    pub async fn wait_for_partitions(&self, wanted: impl Fn(usize) -> bool) {
        let begun = Instant::now();
        while !wanted(self.partitions()) {
            assert!(
                begun.elapsed() < LONG,
                "{}: {:?}",
                self.partitions(),
                self.taker.events.lock()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

pub fn member(connection: Connection, topic: &str) -> MemberOptions {
    MemberOptions {
        connection,
        topics: vec![topic.into()],
        group: "group".into(),
        instance: None,
        initial: InitialOffset::Earliest,
        session_timeout: Duration::from_secs(6),
        heartbeat: Duration::from_secs(1),
        strategies: vec![Strategy::CooperativeSticky],
        fetching: FetchOptions {
            least: 1,
            most: 1 << 20,
            most_of_partition: 1 << 20,
            wait: Duration::from_millis(100),
            most_decompressed: 16 << 20,
        },
        commit_interval: Some(Duration::from_millis(100)),
        rack: None,
        in_flight: 1 << 20,
    }
}
