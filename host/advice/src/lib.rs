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
//! | `line` | what a line of advice is, and when it helps |
//! | `lines` | all lines of advice |
//! | `producers` | what the producers that were seen name |
#![forbid(unsafe_code)]

mod line;
mod lines;
mod producers;

use linkmend::{Reason, ReasonCount};

use line::{SQS, When};
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
