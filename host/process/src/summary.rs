//! The figures at the end of a job.

use std::collections::BTreeMap;

use linkmend::Counts;
use serde::Serialize;

/// What a job did: the figures of `--summary`.
///
/// `links_in + links_added = links_out + links_dropped_invalid +
/// links_dropped_duplicate + links_cut`, always.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Batches that were read: lines, frames, or parts of a large message.
    pub batches: u64,
    /// Spans in them.
    pub spans: u64,
    /// Links that came in.
    pub links_in: u64,
    /// Links that were made, those that found no room among them.
    pub links_added: u64,
    /// Links whose invalid context was replaced.
    pub links_repaired: u64,
    /// Links with an invalid context that were dropped.
    pub links_dropped_invalid: u64,
    /// Links that said what another link of their span said.
    pub links_dropped_duplicate: u64,
    /// Links beyond the limit of a span.
    pub links_cut: u64,
    /// Links that were told why they exist.
    pub links_typed: u64,
    /// Links that went out.
    pub links_out: u64,
    /// Messages whose producer is nowhere in the inputs.
    pub unresolved: u64,
    /// Messages with several producers and no way to choose.
    pub ambiguous: u64,
    /// How often a rule failed on a batch, both readings together.
    pub rule_faults: u64,
    /// Inputs, and parts of inputs, that could not be read.
    pub rejected_inputs: u64,
    /// Batches that are not in the output because a rule failed on them; each is
    /// one of the `rule_faults`.
    #[serde(skip)]
    pub batches_dropped: u64,
    /// `links_typed`, by the reason given.
    pub by_link_type: BTreeMap<String, u64>,
}

impl Summary {
    pub(crate) fn new(counts: Counts, rejected_inputs: u64, batches_dropped: u64) -> Self {
        Self {
            batches: counts.batches,
            spans: counts.spans,
            links_in: counts.links_in,
            links_added: counts.links_added,
            links_repaired: counts.links_repaired,
            links_dropped_invalid: counts.links_dropped_invalid,
            links_dropped_duplicate: counts.links_dropped_duplicate,
            links_cut: counts.links_cut,
            links_typed: counts.links_typed,
            links_out: counts.links_out,
            unresolved: counts.unresolved,
            ambiguous: counts.ambiguous,
            rule_faults: counts.rule_faults,
            rejected_inputs,
            batches_dropped,
            by_link_type: counts.by_link_type,
        }
    }
}
