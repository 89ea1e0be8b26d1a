//! What a line of advice is, and when it helps.

use linkmend::Reason;

use crate::producers::Seen;

/// What to do, and when that helps.
pub(crate) struct Line {
    pub(crate) reason: Reason,
    /// `messaging.system`, by all names that it had; none: any.
    pub(crate) systems: &'static [&'static str],
    /// `telemetry.sdk.language` of the consumer; `None`: any.
    pub(crate) language: Option<&'static str>,
    pub(crate) producers: When,
    pub(crate) text: &'static str,
    /// The same where spans come from senders, if that is something else.
    pub(crate) to_senders: Option<&'static str>,
    /// Recordings in which this was followed.
    #[cfg_attr(not(test), allow(dead_code, reason = "a test holds them"))]
    pub(crate) followed: &'static [&'static str],
}

/// What is to have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Whatever is.
    Always,
    /// No producer of the system.
    Absent,
    /// Producers of which none names a message.
    Nameless,
    /// Producers by the Java agent that know the partition and not the offset.
    JavaWithoutOffset,
    /// None of SQS, but some of SNS.
    OnlySns,
    /// Any.
    Present,
}

impl When {
    pub(crate) fn fits(self, seen: Seen) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => !seen.any(),
            Self::Nameless => seen.nameless && !seen.named,
            Self::JavaWithoutOffset => seen.java_without_offset && !seen.named,
            // Of another system.
            Self::OnlySns => false,
            Self::Present => seen.any(),
        }
    }
}

/// By all names that it had.
pub(crate) const SQS: &[&str] = &["aws_sqs", "aws.sqs", "AmazonSQS"];
