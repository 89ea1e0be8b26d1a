//! A member of a consumer group.
//!
//! One task polls, commits and follows rebalances, one after the other: what is committed
//! is always of partitions that this member has. Each message has a task of its own.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use krafka::KrafkaError;
use krafka::consumer::{
    AutoOffsetReset, Consumer, ConsumerRebalanceListener, ConsumerRecord, OffsetAndMetadata,
    PartitionAssignmentStrategy, TopicPartition,
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::flight::Flight;
use crate::options::{Event, Handler, InitialOffset, MemberOptions, Message, Strategy};

/// How long a poll waits for messages. A member that rests is woken when there is room.
const POLL: Duration = Duration::from_millis(250);
/// How often it is looked for partitions that are new, and for topics that were not there:
/// nobody tells a member of them.
const LOOKING: Duration = Duration::from_secs(5);
/// How long it waits after something went wrong, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(5)];
/// How long a rebalance waits for messages of partitions that go to others. All members
/// wait with it.
const HANDING_OVER: Duration = Duration::from_secs(5);
/// How long the end waits for the same.
const ENDING: Duration = Duration::from_secs(10);
/// How long leaving the group may take.
const LEAVING: Duration = Duration::from_secs(5);
/// How long a broker may take to answer.
const REQUEST: Duration = Duration::from_secs(30);

/// A member of a group, for as long as it runs.
pub struct Member {
    options: MemberOptions,
    handler: Arc<dyn Handler>,
    stop: CancellationToken,
}

impl Member {
    /// One that is not connected yet.
    pub fn new(options: MemberOptions, handler: Arc<dyn Handler>, stop: CancellationToken) -> Self {
        Self {
            options,
            handler,
            stop,
        }
    }

    /// Runs until it is told to stop; whatever goes wrong is tried again.
    pub async fn run(self) {
        let mut pause = PAUSES[0];
        while !self.stop.is_cancelled() {
            let opened = self.stop.run_until_cancelled(self.open()).await;
            let Some(opened) = opened else { return };
            let error = match opened {
                Ok(session) => {
                    let begun = Instant::now();
                    let ended = session.run().await;
                    if begun.elapsed() > PAUSES[1] {
                        pause = PAUSES[0];
                    }
                    ended.err()
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                self.handler.told(Event::Trouble(error.to_string()));
                self.stop.run_until_cancelled(sleep(pause)).await;
                pause = (pause * 2).min(PAUSES[1]);
            }
        }
    }

    async fn open(&self) -> Result<Session, KrafkaError> {
        let options = &self.options;
        let kafka = options.connection.builder(REQUEST).connect().await?;
        let listener = Arc::new(Listener {
            flight: Flight::new(options.in_flight),
            handler: Arc::clone(&self.handler),
            consumer: OnceLock::new(),
        });
        let initial = match options.initial {
            InitialOffset::Latest => AutoOffsetReset::Latest,
            InitialOffset::Earliest => AutoOffsetReset::Earliest,
        };
        let fetching = &options.fetching;
        let mut builder = kafka
            .consumer(&options.group)
            .auto_offset_reset(initial)
            .enable_auto_commit(false)
            .session_timeout(options.session_timeout)
            .heartbeat_interval(options.heartbeat)
            .partition_assignment_strategies(options.strategies.iter().copied().map(strategy))
            .fetch_min_bytes(fetching.least)
            .fetch_max_bytes(fetching.most)
            .max_partition_fetch_bytes(fetching.most_of_partition)
            .fetch_max_wait(fetching.wait)
            .max_decompressed_size(fetching.most_decompressed)
            .metrics_push(false)
            .rebalance_listener(Arc::clone(&listener));
        if let Some(instance) = &options.instance {
            builder = builder.group_instance_id(instance);
        }
        if let Some(rack) = &options.rack {
            builder = builder.client_rack(rack);
        }
        let consumer = Arc::new(builder.build().await?);
        let _ = listener.consumer.set(Arc::downgrade(&consumer));
        consumer.subscribe(options.topics.iter()).await?;
        Ok(Session {
            consumer,
            listener,
            stop: self.stop.clone(),
            commit_interval: options.commit_interval.unwrap_or_default(),
            messages: TaskTracker::new(),
            topics: options.topics.clone(),
        })
    }
}

fn strategy(strategy: Strategy) -> PartitionAssignmentStrategy {
    match strategy {
        Strategy::Range => PartitionAssignmentStrategy::Range,
        Strategy::RoundRobin => PartitionAssignmentStrategy::RoundRobin,
        Strategy::CooperativeSticky => PartitionAssignmentStrategy::CooperativeSticky,
    }
}

/// A consumer that is connected.
struct Session {
    consumer: Arc<Consumer>,
    listener: Arc<Listener>,
    stop: CancellationToken,
    commit_interval: Duration,
    messages: TaskTracker,
    topics: Vec<String>,
}

impl Session {
    /// Runs until it is to stop, or until the consumer can go on no more.
    async fn run(&self) -> Result<(), KrafkaError> {
        // In this task: whoever drops it drops the consumer with it.
        let ran = tokio::select! {
            ran = self.polls() => ran,
            never = self.wakes() => match never {},
        };
        self.end().await;
        ran
    }

    /// Wakes the poll when there is room again, and when it is to stop.
    async fn wakes(&self) -> Infallible {
        let flight = &self.listener.flight;
        let mut was_full = false;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => {
                    self.consumer.wakeup();
                    std::future::pending::<()>().await;
                }
                () = flight.changed.notified() => {}
            }
            let (is_full, _) = flight.at_rest(was_full);
            if was_full && !is_full {
                self.consumer.wakeup();
            }
            was_full = is_full;
        }
    }

    async fn polls(&self) -> Result<(), KrafkaError> {
        let mut resting = Resting::default();
        let mut committed = Instant::now();
        let mut looked = Instant::now();
        let mut partitions = self.partitions().await;
        let mut works = false;
        let mut pause = PAUSES[0];
        while !self.stop.is_cancelled() {
            resting.follow(&self.consumer, &self.listener.flight).await;
            match self.consumer.poll(POLL).await {
                Ok(records) => {
                    if !works && !self.consumer.assignment().await.is_empty() {
                        works = true;
                        pause = PAUSES[0];
                        self.listener.handler.told(Event::Works);
                    }
                    for record in records {
                        self.hand_on(record);
                    }
                }
                Err(KrafkaError::Wakeup) => {}
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => {
                    works = false;
                    self.listener
                        .handler
                        .told(Event::Trouble(error.to_string()));
                    self.stop.run_until_cancelled(sleep(pause)).await;
                    pause = (pause * 2).min(PAUSES[1]);
                }
            }
            if committed.elapsed() >= self.commit_interval {
                committed = Instant::now();
                self.listener.commit(&self.consumer, None).await;
                self.positions().await;
            }
            if looked.elapsed() >= LOOKING {
                looked = Instant::now();
                for (before, now) in partitions.iter_mut().zip(self.partitions().await) {
                    // Joins the group anew, which shares out what there is now.
                    if before.is_some() && now > *before {
                        return Ok(());
                    }
                    *before = now.or(*before);
                }
            }
        }
        Ok(())
    }

    /// How many partitions each topic has, where somebody can be asked.
    async fn partitions(&self) -> Vec<Option<usize>> {
        let mut counts = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let found = self.consumer.fetch_metadata(Some(topic)).await.ok();
            counts.push(found.map(|found| {
                let known = found.topics.iter().find(|known| known.name == *topic);
                known.map_or(0, krafka::TopicInfo::partition_count)
            }));
        }
        counts
    }

    /// Hands a message on, in a task of its own.
    fn hand_on(&self, record: ConsumerRecord) {
        let place = TopicPartition::new(record.topic.as_ref(), record.partition);
        // What came is a part of an answer of the broker, all of which would stay in
        // memory with it.
        let value = record.value.as_deref().map(Bytes::copy_from_slice);
        let value = value.unwrap_or_default();
        let bytes = value.len() as u64;
        let Some(flying) = self.listener.flight.start(&place, record.offset, bytes) else {
            return;
        };
        let message = Message {
            topic: record.topic,
            partition: record.partition,
            offset: record.offset,
            value,
            headers: record.headers,
        };
        let taking = self.listener.handler.take(message);
        self.messages
            .spawn(async move { flying.ends(taking.await) });
    }

    async fn positions(&self) {
        for (place, lag) in self.consumer.lag().await {
            if let Some(position) = lag.position {
                let TopicPartition {
                    topic, partition, ..
                } = place;
                let event = Event::Position(topic, partition, position, lag.lag);
                self.listener.handler.told(event);
            }
        }
    }

    /// Waits for what is on its way, commits, and leaves the group.
    async fn end(&self) {
        self.messages.close();
        let _ = timeout(ENDING, self.messages.wait()).await;
        self.listener.commit(&self.consumer, None).await;
        let closing = krafka::CloseOptions::new().timeout(LEAVING);
        if let Err(error) = self.consumer.close_with(closing).await {
            self.listener
                .handler
                .told(Event::Trouble(error.to_string()));
        }
    }
}

/// The partitions that nothing is read of for now.
#[derive(Default)]
struct Resting {
    is_full: bool,
    places: HashSet<TopicPartition>,
}

impl Resting {
    async fn follow(&mut self, consumer: &Consumer, flight: &Flight) {
        let (is_full, places) = flight.at_rest(self.is_full);
        self.is_full = is_full;
        let places: HashSet<_> = places.into_iter().collect();
        for place in self.places.difference(&places) {
            consumer.resume(&place.topic, &[place.partition]).await;
        }
        // One that has come anew is not at rest yet, whatever it was before.
        let assigned = consumer.assignment().await;
        let is_assigned = |place: &TopicPartition| {
            let partitions = assigned.get(&place.topic);
            partitions.is_some_and(|partitions| partitions.contains(&place.partition))
        };
        for place in places.iter().filter(|place| is_assigned(place)) {
            consumer.pause(&place.topic, &[place.partition]).await;
        }
        self.places = places;
    }
}

/// Follows which partitions are this member's.
struct Listener {
    flight: Arc<Flight>,
    handler: Arc<dyn Handler>,
    consumer: OnceLock<Weak<Consumer>>,
}

impl Listener {
    /// Commits what was taken of these partitions, or of all.
    async fn commit(&self, consumer: &Consumer, only: Option<&[TopicPartition]>) {
        let offsets = self.flight.uncommitted(only);
        if offsets.is_empty() {
            return;
        }
        let wanted = offsets.iter();
        let wanted = wanted.map(|(place, next)| (place.clone(), OffsetAndMetadata::new(*next)));
        match consumer.commit_offsets(wanted).await {
            Ok(()) => self.flight.committed(&offsets),
            // It is tried again with what comes; what was not committed is read again.
            Err(error) => self
                .handler
                .told(Event::Trouble(format!("commit: {error}"))),
        }
    }

    fn gone(&self, places: &[TopicPartition]) {
        self.flight.take_away(places);
        for place in places {
            let event = Event::Gone(place.topic.clone(), place.partition);
            self.handler.told(event);
        }
    }
}

impl ConsumerRebalanceListener for Listener {
    async fn on_partitions_assigned(&self, places: &[TopicPartition]) {
        self.flight.give(places);
        for place in places {
            let event = Event::Given(place.topic.clone(), place.partition);
            self.handler.told(event);
        }
    }

    async fn on_partitions_revoked(&self, places: &[TopicPartition]) {
        let _ = timeout(HANDING_OVER, self.flight.landed(places)).await;
        if let Some(consumer) = self.consumer.get().and_then(Weak::upgrade) {
            self.commit(&consumer, Some(places)).await;
        }
        self.gone(places);
    }

    /// Others have them already: nothing may be committed.
    async fn on_partitions_lost(&self, places: &[TopicPartition]) {
        self.gone(places);
    }
}
