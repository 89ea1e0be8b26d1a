//! What happens in a small system of services, and the spans that tell of it.

mod build;
mod consume;
mod produce;
mod traffic;

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::context::SpanContext;
use crate::profile::Profile;

/// The spans of a system, and what is true of them.
#[derive(Debug, Clone)]
pub struct World {
    /// The services.
    pub services: Vec<Service>,
    /// Messages are sent again, under the same ids.
    pub republishes: bool,
    /// The spans, parents before their children.
    pub spans: Vec<Emitted>,
}

/// A service: what the resource of its spans says.
#[derive(Debug, Clone)]
pub struct Service {
    /// `service.name`
    pub name: String,
    /// The attribute for the environment, and its value.
    pub environment: Option<(&'static str, &'static str)>,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// The queue or topic, as the user calls it.
    pub queue: String,
    /// `None`: it has none. Empty: the send failed.
    pub id: Option<String>,
    /// Kafka's partition.
    pub partition: u64,
    /// Kafka's offset.
    pub offset: u64,
    /// Kafka's cluster.
    pub cluster: String,
    /// The id of the conversation.
    pub conversation: String,
    /// When it was sent.
    pub sent: u64,
    /// What the message carries.
    pub creation: SpanContext,
}

/// A span, and what is true of it.
#[derive(Debug, Clone)]
pub struct Emitted {
    /// The number of its service.
    pub service: usize,
    /// The name of its instrumentation scope.
    pub scope: &'static str,
    /// As it is emitted.
    pub span: Span,
    /// It sends, or creates, a message.
    pub is_producer: bool,
    /// Its parent is a span of another service.
    pub has_remote_parent: bool,
    /// The messages that it is for.
    pub deliveries: Vec<Delivery>,
}

/// A message, as a consumer's span sees it.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    /// What a correct instrumentation would have linked.
    pub creation: SpanContext,
    /// The place of the link to it, as emitted.
    pub link: Option<usize>,
    /// Only the link has what names the message.
    pub is_named_by_link: bool,
    /// The link is gone, and the name of the message with it.
    pub is_nameless: bool,
}

impl World {
    /// What happens with a profile and a seed.
    #[must_use]
    pub fn new(profile: &Profile, seed: u64) -> Self {
        build::world(profile, seed)
    }
}

impl Service {
    /// Messages begin here.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.name == build::PRODUCER
    }
}

impl Emitted {
    /// Its context.
    #[must_use]
    pub fn context(&self) -> SpanContext {
        SpanContext::of(&self.span)
    }
}
