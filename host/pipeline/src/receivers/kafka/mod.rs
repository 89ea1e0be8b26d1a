//! The receiver `kafka`: a member of a consumer group that hands on what messages have.

mod intake;

use std::collections::HashMap;
use std::sync::Arc;

use linkmend_kafka::{Connection, FetchOptions, InitialOffset, Member, MemberOptions, Strategy};

use crate::component::{Receiver, SetupError, Tasks};
use crate::config::{Id, KafkaReceiver, KafkaStrategy};
use crate::kafka::connection;
use crate::telemetry::metrics::{KafkaReceiverMetrics, Metrics, ReceiverMetrics};
use crate::traces::{BoxFuture, NextConsumers};

use intake::{Intake, Shared};

/// The receiver `kafka`.
pub struct Kafka {
    id: Id,
    config: KafkaReceiver,
    connection: Connection,
    metrics: ReceiverMetrics,
    offsets: KafkaReceiverMetrics,
}

impl Kafka {
    /// A receiver that was not started yet: nothing is connected.
    ///
    /// # Errors
    ///
    /// When certificates or keys cannot be read.
    pub fn new(id: &Id, config: &KafkaReceiver, metrics: &Metrics) -> Result<Self, SetupError> {
        let connection = connection(&config.client);
        Ok(Self {
            id: id.clone(),
            config: config.clone(),
            connection: connection.map_err(|error| error.within(format!("receivers.{id}")))?,
            metrics: metrics.receiver(id, "kafka"),
            offsets: metrics.kafka_receiver(id),
        })
    }

    fn options(&self, topics: Vec<String>) -> MemberOptions {
        let config = &self.config;
        let [least, most, most_of_partition] = config.fetch_sizes;
        let most_decompressed = config.max_decompress_batch_bytes;
        MemberOptions {
            connection: self.connection.clone(),
            topics,
            group: config.group_id.clone(),
            instance: config.group_instance_id.clone(),
            initial: if config.from_earliest {
                InitialOffset::Earliest
            } else {
                InitialOffset::Latest
            },
            session_timeout: config.session_timeout,
            heartbeat: config.heartbeat_interval,
            strategies: config.strategies.iter().copied().map(strategy).collect(),
            fetching: FetchOptions {
                least,
                most,
                most_of_partition,
                wait: config.max_fetch_wait,
                most_decompressed: usize::try_from(most_decompressed).unwrap_or(usize::MAX),
            },
            commit_interval: config.commit_interval,
            rack: config.client.rack_id.clone(),
            in_flight: config.in_flight(),
        }
    }
}

fn strategy(strategy: KafkaStrategy) -> Strategy {
    match strategy {
        KafkaStrategy::Range => Strategy::Range,
        KafkaStrategy::RoundRobin => Strategy::RoundRobin,
        KafkaStrategy::CooperativeSticky => Strategy::CooperativeSticky,
    }
}

impl Receiver for Kafka {
    fn start(
        self: Box<Self>,
        consumers: NextConsumers,
    ) -> BoxFuture<'static, Result<Tasks, SetupError>> {
        Box::pin(async move {
            let tasks = Tasks::default();
            let mut by_topic = HashMap::new();
            for signal in consumers.signals() {
                self.metrics.show(signal);
                let (topics, encoding) = self.config.of(signal);
                by_topic.extend(topics.into_iter().map(|topic| (topic, (signal, encoding))));
            }
            if by_topic.is_empty() {
                return Ok(tasks);
            }
            let options = self.options(by_topic.keys().cloned().collect());
            let intake = Intake(Arc::new(Shared::new(
                self.id,
                &self.config,
                by_topic,
                consumers,
                (self.metrics, self.offsets),
                tasks.stop.clone(),
            )));
            // Brokers that are away are waited for: nothing is lost meanwhile.
            let member = Member::new(options, Arc::new(intake), tasks.stop.clone());
            tasks.tracker.spawn(member.run());
            Ok(tasks)
        })
    }
}
