//! What can be done about a link that was not made.
//!
//! Which line it is depends on why, on the messaging system, on the language of
//! the consumer, and on what the producers in the inputs name. Each line names
//! recordings of real emitters in which it was followed (`tests/recordings`) and
//! the links were made.

mod line;
mod lines;

use linkmend::ReasonCount;

use crate::producers::Producers;

use line::{SQS, When};
use lines::LINES;

const SNS: &[&str] = &["aws.sns", "aws_sns"];

/// What to do about links that were not made.
#[must_use]
pub fn advice(line: &ReasonCount, producers: &Producers) -> &'static str {
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
    found.map_or("", |line| line.text)
}

#[cfg(test)]
mod tests;
