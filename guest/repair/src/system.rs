//! Messaging systems, under all the names that emitters give them.

/// A messaging system whose ids the rule understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// No `messaging.system`.
    Unnamed,
    /// Kafka: an offset in a partition of a topic.
    Kafka,
    /// Ids that are unique in the system, or that the provider made unique;
    /// the destination often differs between the two sides (topic and
    /// subscription, exchange and queue) and is no part of the key.
    Unique {
        /// How keys name the system.
        name: &'static str,
        /// The application makes up the ids.
        client_assigned: bool,
    },
    /// Pulsar: an id in a topic.
    Pulsar,
    /// A job queue: an id in a queue.
    Jobs(&'static str),
    /// Another one.
    Other,
}

const fn unique(name: &'static str) -> System {
    System::Unique {
        name,
        client_assigned: false,
    }
}

const fn assigned(name: &'static str) -> System {
    System::Unique {
        name,
        client_assigned: true,
    }
}

impl System {
    /// The system that `messaging.system` names, in whatever case.
    #[must_use]
    pub fn named(name: &[u8]) -> Self {
        let mut buffer = [0; 24];
        let Some(lower) = buffer.get_mut(..name.len()) else {
            return Self::Other;
        };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"" => Self::Unnamed,
            b"kafka" => Self::Kafka,
            b"aws_sqs" | b"aws.sqs" | b"amazonsqs" | b"sqs" => unique("sqs"),
            b"aws_sns" | b"aws.sns" | b"amazonsns" | b"sns" => unique("sns"),
            b"gcp_pubsub" | b"pubsub" | b"google_pubsub" => unique("pubsub"),
            b"servicebus" | b"azure_servicebus" | b"microsoft.servicebus" => assigned("servicebus"),
            b"eventhubs" | b"azure_eventhubs" => unique("eventhubs"),
            b"eventgrid" | b"azure_eventgrid" => assigned("eventgrid"),
            b"rabbitmq" | b"amqp" => assigned("rabbitmq"),
            b"rocketmq" => unique("rocketmq"),
            // A JMS provider's ids are the same whichever name it goes by.
            b"jms" | b"activemq" => unique("jms"),
            b"pulsar" => Self::Pulsar,
            b"sidekiq" => Self::Jobs("sidekiq"),
            b"active_job" => Self::Jobs("active_job"),
            b"que" => Self::Jobs("que"),
            b"resque" => Self::Jobs("resque"),
            b"delayed_job" => Self::Jobs("delayed_job"),
            b"bullmq" => Self::Jobs("bullmq"),
            _ => Self::Other,
        }
    }
}

/// One attribute may hold several ids, with commas between them (old Java
/// agents on a `RocketMQ` batch). `system` is what `messaging.system` says.
#[inline]
pub fn joins_ids(system: &[u8]) -> bool {
    system.eq_ignore_ascii_case(b"rocketmq")
}
