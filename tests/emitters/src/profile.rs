//! What a profile says of an instrumentation.

/// An instrumentation, in one of its modes.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// A short name.
    pub name: &'static str,
    /// The language of the instrumented program.
    pub language: &'static str,
    /// The library, its instrumentation, and the mode where there are several.
    pub library: &'static str,
    /// The sources and tests that the profile is after.
    pub version: &'static str,
    /// The versions of the semantic conventions that its names are from.
    pub conventions: &'static str,
    /// The names of the instrumentation scopes: producer, consumer.
    pub scopes: Sides,
    /// How a message comes by its id.
    pub ids: Ids,
    /// What each side calls the destination: templates of the queue's name.
    pub destinations: Sides,
    /// How messages are sent: one of these, each time.
    pub produce: &'static [Produce],
    /// How messages are consumed: one of these, each time.
    pub consume: &'static [Consume],
    /// What else happens to messages.
    pub traits: Traits,
    /// Whether a consumer and the producer of its message can be told to
    /// belong together by what is on their spans.
    pub joinable: Joinable,
}

/// The same thing on the two sides of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    /// Where it is sent.
    pub producer: &'static str,
    /// Where it is received.
    pub consumer: &'static str,
}

impl Sides {
    /// Equal on both.
    #[must_use]
    pub const fn both(name: &'static str) -> Self {
        Self {
            producer: name,
            consumer: name,
        }
    }

    /// Not equal.
    #[must_use]
    pub const fn of(producer: &'static str, consumer: &'static str) -> Self {
        Self { producer, consumer }
    }
}

/// The same name on both sides.
pub const QUEUE: Sides = Sides::both("{queue}");

/// How a message comes by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// It has none.
    Absent,
    /// A random UUID, from the application, the library or the provider.
    Uuid,
    /// The offset, in digits.
    Offset,
    /// 1, 2, 3, ... in each queue.
    PerQueue,
    /// 1, 2, 3, ... in a table of a database.
    PerTable,
    /// 24 hex digits (Sidekiq).
    Hex,
    /// 32 hex digits in capitals (`RocketMQ`).
    Capitals,
    /// `ID:`, the provider's host, and numbers (JMS).
    Jms,
    /// Ledger, entry and partition (Pulsar).
    Ledger,
    /// 17 digits (Pub/Sub).
    Digits,
}

/// A span as the instrumentation makes it.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// A template of the name.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The attributes.
    pub attributes: &'static [Attribute],
}

/// The kind of a span, with its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the specification")]
pub enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// An attribute: a key, and a template of the value. It is left out where the
/// template names what the message does not have.
///
/// Templates name `{queue}`, `{destination}` (what this side calls the
/// queue), `{id}`, `{ids}` (of a batch, with commas), `{partition}`,
/// `{offset}`, `{count}` (how many messages), `{task}`, `{conversation}`,
/// `{cluster}`, `{traceparent}`. On a span of several messages they are those
/// of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// The key.
    pub key: &'static str,
    /// The value.
    pub value: Value,
}

/// The type of an attribute, and the template of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(&'static str),
    /// An integer.
    Integer(&'static str),
    /// `true`
    True,
    /// An array of strings, one for each message of the span.
    Texts(&'static str),
}

/// An attribute whose value is a string.
#[must_use]
pub const fn text(key: &'static str, template: &'static str) -> Attribute {
    let value = Value::Text(template);
    Attribute { key, value }
}

/// An attribute whose value is an integer.
#[must_use]
pub const fn integer(key: &'static str, template: &'static str) -> Attribute {
    let value = Value::Integer(template);
    Attribute { key, value }
}

/// An attribute whose value is an array of strings, one a message.
#[must_use]
pub const fn texts(key: &'static str, template: &'static str) -> Attribute {
    let value = Value::Texts(template);
    Attribute { key, value }
}

/// An attribute whose value is `true`.
#[must_use]
pub const fn yes(key: &'static str) -> Attribute {
    let value = Value::True;
    Attribute { key, value }
}

/// How messages are sent.
#[derive(Debug, Clone, Copy)]
pub enum Produce {
    /// A span for each message: its context is the creation context.
    Each(Shape),
    /// Two spans for each message, one in the other, with the same attributes:
    /// the context of the inner one goes with the message.
    Nested(Shape),
    /// One span for several messages: its context goes with all of them.
    Batch(Shape),
    /// A span that creates each message, whose context goes with it, and one
    /// that sends them and links to these.
    CreateThenSend {
        /// Of each message.
        create: Shape,
        /// Of all of them.
        send: Shape,
        /// Attributes of links back from the created to the sending span.
        reverse: Option<&'static [Attribute]>,
    },
}

/// A span on the side of the consumer.
#[derive(Debug, Clone, Copy)]
pub struct Consumer {
    /// What it looks like.
    pub shape: Shape,
    /// How it is tied to the creation contexts of its messages while
    /// propagation works.
    pub correlation: Correlation,
}

/// How a consumer is tied to its producers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correlation {
    /// The creation context is its parent.
    Parent,
    /// A link for each message, with these attributes.
    Links(&'static [Attribute]),
    /// The creation context is its parent, and it has a link to it, too.
    ParentAndLink(&'static [Attribute]),
    /// It is a child of a span that is.
    Inherited,
    /// Not at all.
    Nothing,
    /// The span is for no message that it knows of: a poll.
    Unseen,
}

/// How messages are consumed.
#[derive(Debug, Clone, Copy)]
pub enum Consume {
    /// A span for each.
    Each(Consumer),
    /// A span for several.
    Batch(Consumer),
    /// A span that waits for some, and then one for each.
    Poll {
        /// Starts before they are sent, now and then.
        poll: Consumer,
        /// Of each message.
        each: Consumer,
    },
    /// A span for each, which waits for it and may begin before it is sent.
    Wait(Consumer),
    /// A span for several, and one in it for each, which it links to.
    Gather {
        /// Of all of them.
        all: Consumer,
        /// Of each.
        each: Consumer,
    },
    /// A span for each, and one in it.
    Chain {
        /// The outer one.
        outer: Consumer,
        /// The inner one.
        inner: Consumer,
    },
}

/// What else happens to messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traits {
    /// Two groups of consumers get each message.
    pub fan_out: bool,
    /// Some messages are delivered twice.
    pub redelivery: bool,
    /// The message is published again, under the same id.
    pub republish: Republish,
    /// What the span of a failed send has for an id.
    pub failure: Failure,
}

impl Traits {
    /// Every message is sent once and delivered once.
    pub const NONE: Self = Self {
        fan_out: false,
        redelivery: false,
        republish: Republish::Never,
        failure: Failure::Never,
    };
    /// Some are delivered twice.
    pub const REDELIVERY: Self = Self {
        redelivery: true,
        ..Self::NONE
    };
    /// A log: every group reads all of it, and some of it twice.
    pub const LOG: Self = Self {
        fan_out: true,
        ..Self::REDELIVERY
    };
}

/// When a message is published again, under the same id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Republish {
    /// Never.
    #[default]
    Never,
    /// By the consumer that failed, from inside of its span.
    Retry,
    /// By a scheduler, when the job is due, and due again after a failure.
    Scheduler,
}

/// What the span of a failed send has for an id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Failure {
    /// Sends do not fail.
    #[default]
    Never,
    /// None.
    NoId,
    /// An empty one.
    EmptyId,
}

/// Whether messages of an emitter can be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joinable {
    /// They can.
    By(&'static str),
    /// They can not.
    Not {
        /// What is missing.
        why: &'static str,
        /// What the user can do.
        remedy: Remedy,
    },
}

/// What a user can do where messages can not be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// Let the Java agent record the `traceparent` header.
    CaptureHeaders,
    /// Set the message id in the application.
    SetMessageId,
    /// Record partition and offset on the producer's span, once acknowledged.
    RecordOffset,
    /// Wait for the acknowledgement, so that there is an offset.
    WaitForAcknowledgement,
    /// Send one by one, or record the ids that the answer names.
    RecordIdsOfBatch,
    /// Record an id of the application's own on both sides, and name it in a
    /// recipe.
    CustomRecipe,
    /// Record the context of the message in attributes of the consumer.
    ContextInAttributes,
}

impl Shape {
    /// The attributes that name a message, or a part of what does.
    pub fn identity(&self) -> impl Iterator<Item = &'static Attribute> + use<> {
        self.attributes.iter().filter(|attribute| attribute.names())
    }
}

impl Attribute {
    /// It names a message, or a part of what does.
    #[must_use]
    pub fn names(&self) -> bool {
        // Celery's conversation is the task: it is no id all the same.
        if self.key.contains("conversation") {
            return false;
        }
        let names = ["{id}", "{ids}", "{offset}", "{partition}", "{traceparent}"];
        let template = match self.value {
            Value::Text(template) | Value::Integer(template) | Value::Texts(template) => template,
            Value::True => return false,
        };
        names.iter().any(|name| template.contains(name))
    }
}

impl Correlation {
    /// The attributes of the links that it makes.
    #[must_use]
    pub fn link_attributes(&self) -> Option<&'static [Attribute]> {
        match self {
            Self::Links(attributes) | Self::ParentAndLink(attributes) => Some(attributes),
            _ => None,
        }
    }

    /// The creation context is the parent.
    #[must_use]
    pub fn has_parent(&self) -> bool {
        matches!(self, Self::Parent | Self::ParentAndLink(_))
    }
}
