//! The figures at the end of a job.

use linkmend::{Asked, Counts, ReasonCount};
use linkmend_advice::{Producers, Source, advice};
use serde::Serialize;

/// So many lines of reasons are in the summary.
const MOST_REASONS: usize = 20;

/// What a job did: the figures of `--summary`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What was done to all batches together. The `rule_faults` are those of
    /// both readings.
    #[serde(flatten)]
    pub counts: Counts,
    /// Inputs, and parts of inputs, that could not be read.
    pub rejected_inputs: u64,
    /// Batches that are in the output as they came, because a rule failed on them;
    /// each is one of the `rule_faults`.
    pub batches_unmended: u64,
    /// Batches that are not in the output because a rule failed on them; each is
    /// one of the `rule_faults`.
    #[serde(skip)]
    pub batches_dropped: u64,
    /// Why links were not made, the most frequent first: the first 20.
    pub reasons: Vec<AdvisedReason>,
    /// How many more there are.
    pub reasons_left_out: usize,
    /// The ids of what was to be explained and is in none of the inputs.
    #[serde(skip)]
    pub not_found: Asked,
}

/// Why links were not made, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdvisedReason {
    /// Why, whose, and how often.
    #[serde(flatten)]
    pub line: ReasonCount,
    /// What to do.
    pub advice: &'static str,
}

impl Summary {
    /// The summary of a job that did this, with these producers in its inputs.
    #[must_use]
    pub fn new(
        counts: Counts,
        producers: &Producers,
        rejected_inputs: u64,
        batches_dropped: u64,
    ) -> Self {
        let mut lines = counts.reasons.most_frequent();
        let reasons_left_out = lines.len().saturating_sub(MOST_REASONS);
        lines.truncate(MOST_REASONS);
        let reasons = lines.into_iter().map(|line| AdvisedReason {
            advice: advice(&line, producers, Source::Files),
            line,
        });
        Self {
            reasons: reasons.collect(),
            reasons_left_out,
            counts,
            rejected_inputs,
            batches_unmended: 0,
            batches_dropped,
            not_found: Asked::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use linkmend::Reason;

    use super::*;

    #[test]
    fn the_most_frequent_reasons_are_listed_and_the_others_counted() {
        let mut counts = Counts::default();
        for number in 1..=25 {
            let service = format!("service-{number:02}");
            counts.reasons.add(Reason::Unnamed, &service, "", number);
        }
        let summary = Summary::new(counts, &Producers::default(), 0, 0);
        assert_eq!(summary.reasons.len(), 20);
        assert_eq!(summary.reasons_left_out, 5);
        let services: Vec<&str> = summary
            .reasons
            .iter()
            .map(|reason| reason.line.service.as_str())
            .collect();
        assert_eq!(services.first(), Some(&"service-25"));
        assert_eq!(services.last(), Some(&"service-06"));
    }
}
