//! What can go wrong: a batch that cannot be read, a rule that fails on a batch.

use std::fmt::Display;
use std::time::Duration;

use linkmend_wire::WireError;

use crate::text::{clip, plain};

/// A rule failed on a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", told(.rule, "failed", .reason))]
pub struct RuleFault {
    /// The rule's name.
    pub rule: String,
    /// How.
    pub reason: FaultReason,
}

/// How a rule failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultReason {
    /// It trapped.
    #[error("it trapped: {0}")]
    Trap(String),
    /// An export has another type than the interface says.
    #[error("it does not fit the interface linkmend:rule: {0}")]
    Interface(String),
    /// It ran too long.
    #[error("it ran longer than {name} = {limit:?}{place}")]
    Time {
        /// The limit's name.
        name: &'static str,
        /// The limit.
        limit: Duration,
        /// The functions that it was in, with ` in ` before them; empty where the
        /// component does not have their names.
        place: String,
    },
    /// It was not done in time, and did not run too long: the machine had no
    /// time for it. Nobody is blamed.
    #[error(
        "it was not done after {waited:?}, in which it ran for {ran:?} only: the machine is too busy, and {name} = {limit:?} is no reason"
    )]
    Starved {
        /// How long it was waited for.
        waited: Duration,
        /// How long it ran.
        ran: Duration,
        /// The limit's name.
        name: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// It wanted more memory than it may have.
    #[error("it needs more linear memory than limits.memory = {limit} bytes")]
    Memory {
        /// The limit.
        limit: usize,
    },
    /// It wanted more table elements than it may have.
    #[error("it needs more table elements than limits.table_elements = {limit}")]
    Table {
        /// The limit.
        limit: usize,
    },
    /// Its call stack was used up.
    #[error("its call stack is used up (512 KiB)")]
    Stack,
    /// It handed too much to the host.
    #[error("it handed more to the host than limits.output = {limit} bytes in one call")]
    Output {
        /// The limit.
        limit: usize,
    },
    /// It said so itself.
    #[error("it says: {0}")]
    Said(String),
    /// Its answer breaks the interface or a guarantee.
    #[error("its answer is refused: {0}")]
    Verdict(VerdictError),
    /// It failed on this very batch a short while ago.
    #[error("it failed on this very batch {ago:?} ago, and is not shown it again so soon")]
    Again {
        /// How long ago.
        ago: Duration,
    },
    /// It failed on too many batches of one sender, which is left alone for a
    /// while.
    #[error(
        "it failed on {faults} batches of this sender in a row, and is shown none of them for another {wait:?}"
    )]
    Sender {
        /// How often.
        faults: u32,
        /// How long still.
        wait: Duration,
    },
    /// It failed on too many batches of too many senders, and is left alone for
    /// a while.
    #[error(
        "it failed on {faults} batches in a row, of whatever sender, and is left alone for another {wait:?}"
    )]
    Circuit {
        /// How often.
        faults: u32,
        /// How long still.
        wait: Duration,
    },
}

impl FaultReason {
    /// It is the fault of the batch, its sender or the rule.
    pub(crate) fn is_blamed(&self) -> bool {
        !matches!(self, Self::Starved { .. })
    }

    /// What a rule says of its failure.
    #[must_use]
    pub fn said(text: String) -> Self {
        Self::Said(clip(text))
    }
}

/// Why an answer is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerdictError {
    /// There is no such span.
    #[error("it names span {span}, and was given {given} spans")]
    NoSuchSpan {
        /// The number it gave.
        span: u32,
        /// How many it was given.
        given: usize,
    },
    /// There is no such link.
    #[error("it names link {link} of span {span}, which has {links} links")]
    NoSuchLink {
        /// The span.
        span: u32,
        /// The number it gave.
        link: u32,
        /// How many there are.
        links: usize,
    },
    /// A link would get an invalid context.
    #[error("it gives a link of span {span} an all-zero trace id or span id")]
    InvalidContext {
        /// The span.
        span: u32,
    },
    /// A link is edited twice.
    #[error("it edits link {link} of span {span} twice")]
    EditedTwice {
        /// The span.
        span: u32,
        /// The link.
        link: u32,
    },
    /// The span would have too many links.
    #[error("it leaves span {span} with {links} links, more than limits.max_links = {limit}")]
    TooManyLinks {
        /// The span.
        span: u32,
        /// How many it would have.
        links: usize,
        /// The limit.
        limit: usize,
    },
    /// Too many edits.
    #[error("it has {edits} edits for span {span}, more than limits.edits_per_span = {limit}")]
    TooManyEdits {
        /// The span.
        span: u32,
        /// How many.
        edits: usize,
        /// The limit.
        limit: usize,
    },
    /// The batch would grow too much.
    #[error("its edits let the batch grow by more than limits.growth = {limit} bytes")]
    TooMuchGrowth {
        /// The limit.
        limit: usize,
    },
    /// More text for people than it may hand over.
    #[error("its explanations are longer than limits.output = {limit} bytes, all together")]
    TooMuchExplained {
        /// The limit.
        limit: usize,
    },
    /// A range that reaches past what it is a range of.
    #[error("a range of `{list}` reaches past its end")]
    BadRange {
        /// What it is a range of.
        list: &'static str,
    },
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    BadText,
    /// An attribute without a key.
    #[error("an attribute has an empty key")]
    EmptyKey,
    /// An attribute that the link has already.
    #[error("it adds an attribute to a link of span {span} that has it already: `{key}`")]
    DuplicateAttribute {
        /// The span.
        span: u32,
        /// The attribute's key.
        key: String,
    },
    /// A link would have too many attributes.
    #[error("it gives a link of span {span} more than 128 attributes")]
    TooManyAttributes {
        /// The span.
        span: u32,
    },
    /// Edits where none were asked for.
    #[error("it answers with edits to a call that only remembers")]
    UnwantedEdits,
    /// A deferral where none is possible.
    #[error("it defers a span, which this call does not allow")]
    UnwantedDeferral,
    /// A span is deferred twice.
    #[error("it defers span {span} twice")]
    DeferredTwice {
        /// The span.
        span: u32,
    },
    /// A span is deferred and edited.
    #[error("it both defers and edits span {span}")]
    DeferredAndEdited {
        /// The span.
        span: u32,
    },
    /// A deferred span waits for too many keys.
    #[error("it lets span {span} wait for {keys} keys, and {limit} are the most")]
    TooManyKeys {
        /// The span.
        span: u32,
        /// How many.
        keys: usize,
        /// The limit.
        limit: usize,
    },
    /// The deferred spans of a batch wait for too many keys.
    #[error(
        "the keys that its deferred spans wait for are more than limits.output = {limit} bytes, all together"
    )]
    TooMuchAwaited {
        /// The limit.
        limit: usize,
    },
}

/// A batch did not go through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// It is not a well-formed `TracesData`.
    #[error("not a well-formed OTLP batch: {error}{}{path}", if path.is_empty() { "" } else { " in " })]
    Malformed {
        /// What is wrong, and at which byte.
        error: WireError,
        /// The fields around it.
        path: String,
    },
    /// A rule failed and its policy is [`crate::OnError::Reject`].
    #[error("rejected: {0}")]
    Rejected(RuleFault),
}

/// What happened to a rule, and why.
fn told(rule: &str, what: &str, reason: &dyn Display) -> String {
    plain(&format!("rule `{rule}` {what}: {reason}")).into_owned()
}
