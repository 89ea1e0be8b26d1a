//! The way of one message, from its producer to one of its consumers.

use std::sync::Arc;

/// A span, wherever it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Context {
    /// Its trace.
    pub trace: [u8; 16],
    /// Its own id.
    pub span: [u8; 8],
}

impl Context {
    /// Neither id is all zeros.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.trace != [0; 16] && self.span != [0; 8]
    }
}

/// How producer and consumer were joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Joined {
    /// By a link that linkmend made or repaired.
    Mended,
    /// By a link that came with the span.
    Linked,
    /// The producer is the parent of the consumer.
    Parent,
}

impl Joined {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Mended, Self::Linked, Self::Parent];

    /// As it is written in metrics and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mended => "mended",
            Self::Linked => "linked",
            Self::Parent => "parent",
        }
    }
}

/// What the spans of one place in a service have in common: each is kept once.
#[derive(Debug, PartialEq, Eq)]
pub struct Site {
    /// No other site has it, while one process runs.
    pub(crate) number: u64,
    /// Of the service alone.
    pub(crate) service_hash: u64,
    /// `service.name`.
    pub service: Arc<str>,
    /// `service.namespace`; empty: none.
    pub namespace: Arc<str>,
    /// The name of the spans.
    pub name: Arc<str>,
    /// The operation, as the spans call it; empty: they do not.
    pub operation: Arc<str>,
    /// `messaging.system`; empty: not known.
    pub system: Arc<str>,
    /// Where the messages went, or came from; empty: not known.
    pub destination: Arc<str>,
    /// OTLP's `SpanKind`.
    pub kind: u8,
}

impl Site {
    /// No other has it, as long as the process runs.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// One end of a flow: a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Which span.
    pub context: Context,
    /// Whose it is, and what it is called.
    pub site: Arc<Site>,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// The span's flags.
    pub flags: u32,
    /// OTLP's `StatusCode`.
    pub status: u8,
}

impl End {
    /// `STATUS_CODE_ERROR`.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.status == 2
    }

    /// How long the span took.
    #[must_use]
    pub fn nanoseconds(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// The end of a flow at its producer, as another host tells it: the span passed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldEnd<'a> {
    /// Which span.
    pub context: Context,
    /// Whose it is, see [`Passing::take_of`](crate::Passing::take_of).
    pub scope: u64,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// The span's flags.
    pub flags: u32,
    /// OTLP's `SpanKind`.
    pub kind: u8,
    /// OTLP's `StatusCode`.
    pub status: u8,
    /// As those of a [`Site`]; of a longer one the first 256 bytes are kept.
    pub service: &'a str,
    /// The same.
    pub namespace: &'a str,
    /// The same.
    pub name: &'a str,
    /// The same.
    pub operation: &'a str,
    /// The same.
    pub system: &'a str,
    /// The same.
    pub destination: &'a str,
}

/// The way of one message to one of its consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Who sent it.
    pub producer: End,
    /// Who received it.
    pub consumer: End,
    /// Its id, if the link or the consumer names it, and somebody wants to know.
    pub message: Option<Arc<str>>,
    /// How the two were joined.
    pub joined: Joined,
    /// Another span of this service and trace told of this delivery before: `receive`
    /// and `process`, say. Such flows are shown and not counted.
    pub is_again: bool,
}

/// A flow while it is told: its ends are kept elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct FlowRef<'a> {
    /// [`Flow::producer`].
    pub producer: &'a End,
    /// [`Flow::consumer`].
    pub consumer: &'a End,
    /// [`Flow::message`].
    pub message: Option<&'a Arc<str>>,
    /// [`Flow::joined`].
    pub joined: Joined,
    /// [`Flow::is_again`].
    pub is_again: bool,
}

impl Flow {
    /// The same, to be told.
    #[must_use]
    pub fn as_told(&self) -> FlowRef<'_> {
        FlowRef {
            producer: &self.producer,
            consumer: &self.consumer,
            message: self.message.as_ref(),
            joined: self.joined,
            is_again: self.is_again,
        }
    }

    /// The messaging system: the consumer's word counts first.
    #[must_use]
    pub fn system(&self) -> &Arc<str> {
        self.as_told().system()
    }

    /// Where the message waited: the consumer's word counts first.
    #[must_use]
    pub fn destination(&self) -> &Arc<str> {
        self.as_told().destination()
    }

    /// See [`FlowRef::waited`].
    #[must_use]
    pub fn waited(&self) -> Option<u64> {
        self.as_told().waited()
    }

    /// Either end failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.as_told().is_failed()
    }
}

impl<'a> FlowRef<'a> {
    /// To be kept.
    #[must_use]
    pub fn to_flow(self) -> Flow {
        Flow {
            producer: self.producer.clone(),
            consumer: self.consumer.clone(),
            message: self.message.cloned(),
            joined: self.joined,
            is_again: self.is_again,
        }
    }

    /// The messaging system: the consumer's word counts first.
    #[must_use]
    pub fn system(self) -> &'a Arc<str> {
        first(&self.consumer.site.system, &self.producer.site.system)
    }

    /// Where the message waited: the consumer's word counts first.
    #[must_use]
    pub fn destination(self) -> &'a Arc<str> {
        first(
            &self.consumer.site.destination,
            &self.producer.site.destination,
        )
    }

    /// From the end of the producer to the start of the consumer, in
    /// nanoseconds; `None` when the consumer began before: it waited for the
    /// message, or the clocks differ.
    #[must_use]
    pub fn waited(self) -> Option<u64> {
        self.consumer.start.checked_sub(self.producer.end)
    }

    /// Either end failed.
    #[must_use]
    pub fn is_failed(self) -> bool {
        self.producer.is_failed() || self.consumer.is_failed()
    }
}

fn first<'a>(one: &'a Arc<str>, other: &'a Arc<str>) -> &'a Arc<str> {
    if one.is_empty() { other } else { one }
}
