//! What can be done about a link that was not made.
//!
//! Which line it is depends on why, on the messaging system, on the language of
//! the consumer, and on what the producers that were seen name. Each line names
//! recordings of real emitters in which it was followed (`tests/recordings`) and
//! the links were made.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `lines` | all lines of advice |
//! | `producers` | what the producers that were seen name |
#![forbid(unsafe_code)]

mod lines;
mod producers;

use linkmend::{Reason, ReasonCount};

use lines::LINES;
pub use producers::{Producers, Seen};

/// Where spans come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From files, all of which are there.
    Files,
    /// From senders, one batch after the other.
    Senders,
}

/// What to do, and when that helps.
struct Line {
    reason: Reason,
    /// `messaging.system`, by all names that it had; none: any.
    systems: &'static [&'static str],
    /// `telemetry.sdk.language` of the consumer; `None`: any.
    language: Option<&'static str>,
    producers: When,
    text: &'static str,
    /// The same where spans come from senders, if that is something else.
    to_senders: Option<&'static str>,
    /// Recordings in which this was followed.
    #[cfg_attr(not(test), allow(dead_code, reason = "a test holds them"))]
    followed: &'static [&'static str],
}

/// What is to have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
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
    fn fits(self, seen: Seen) -> bool {
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

const SQS: &[&str] = &["aws_sqs", "aws.sqs", "AmazonSQS"];
const SNS: &[&str] = &["aws.sns", "aws_sns"];

/// What to do about links that were not made, with these producers among the spans.
#[must_use]
pub fn advice(line: &ReasonCount, producers: &Producers, source: Source) -> &'static str {
    let system = match line.messaging_system.as_str() {
        "-" => "",
        system => system,
    };
    let seen = if SQS.contains(&system) {
        producers.of_system(SQS)
    } else {
        producers.of_system(&[system])
    };
    let only_sns = SQS.contains(&system) && !seen.any() && producers.of_system(SNS).any();
    let found = LINES.iter().find(|of| {
        of.reason == line.reason
            && (of.systems.is_empty() || of.systems.contains(&system))
            && of.language.is_none_or(|language| language == line.language)
            && match of.producers {
                When::OnlySns => only_sns,
                of_producers => of_producers.fits(seen),
            }
    });
    found.map_or("", |line| match source {
        Source::Files => line.text,
        Source::Senders => line.to_senders.unwrap_or(line.text),
    })
}

/// Why a link was not made, in words: of a message.
#[must_use]
pub fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Unresolved => "its producer was not found",
        Reason::TooLate => "its producer started too long after its consumer",
        Reason::TooMany => "its span names too many messages",
        Reason::Ambiguous => "it may be of several producers, with no way to choose",
        Reason::NoRoom => "its span has as many links as it may have",
        Reason::Incomplete => "it is named, but not well enough to tell it from others",
        Reason::Unnamed => "its span names no message",
    }
}

#[cfg(test)]
mod tests;
