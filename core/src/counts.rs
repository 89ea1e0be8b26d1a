//! What was done.

use std::collections::BTreeMap;
use std::mem::swap;
use std::ops::AddAssign;

use linkmend_wire::Scan;
use serde::Serialize;

use crate::reasons::{Reason, Reasons};
use crate::systems::Systems;

/// What was done to one batch, or to many.
///
/// `links_in + links_added = links_out + links_dropped_invalid +
/// links_dropped_duplicate + links_dropped_unwanted + links_cut`, always; where
/// spans are held,
/// `links_released` is added to the left side and `links_held` to the right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Batches.
    pub batches: u64,
    /// Spans, selected or not.
    pub spans: u64,
    /// Those of them whose own trace id or span id is invalid: no link can lead to
    /// them, and they get no new ones.
    pub spans_invalid: u64,
    /// Links that came in.
    pub links_in: u64,
    /// Links that were made, those that found no room among them.
    pub links_added: u64,
    /// Links that had an invalid context and were given the right one.
    pub links_repaired: u64,
    /// Links that had an invalid context and were dropped.
    pub links_dropped_invalid: u64,
    /// Links that said what another link of the span said, and were dropped.
    pub links_dropped_duplicate: u64,
    /// Links that a rule is there to remove, and did.
    pub links_dropped_unwanted: u64,
    /// Links that did not fit under the limit: original ones, which the span's
    /// `dropped_links_count` counts too, and made ones, which it does not.
    pub links_cut: u64,
    /// Links that were told why they exist (`link.type`).
    pub links_typed: u64,
    /// Links that went out.
    pub links_out: u64,
    /// Links of spans that were held back, each time that they were.
    #[serde(skip_serializing_if = "is_zero")]
    pub links_held: u64,
    /// Links of spans that had been held back and were taken up again. They are
    /// not in `links_in`, which counts them when they come the first time; nor
    /// are those here that went with a batch that a rule lets be dropped.
    #[serde(skip_serializing_if = "is_zero")]
    pub links_released: u64,
    /// Messages whose producer is not known, or cannot be it, or was not
    /// looked for: [`Reason::Unresolved`], [`Reason::TooLate`] and
    /// [`Reason::TooMany`].
    pub unresolved: u64,
    /// Messages with several producers and no way to choose.
    pub ambiguous: u64,
    /// Messages that are named, but not well enough to tell them from others.
    pub incomplete: u64,
    /// Messages of consumers that are linked to nothing and name no message.
    pub unnamed: u64,
    /// Those consumers.
    #[serde(skip)]
    pub unnamed_spans: u64,
    /// How often a rule was shown spans. A batch of which no span is selected
    /// needs no call.
    #[serde(skip)]
    pub rule_calls: u64,
    /// Batches that a rule failed on.
    pub rule_faults: u64,
    /// `links_typed`, by the reason given: the first 100 reasons, and `other`.
    pub by_link_type: BTreeMap<String, u64>,
    /// Why links were not made. Not serialised: there may be thousands of
    /// lines, and what is shown of them is for the one who shows it.
    #[serde(skip)]
    pub reasons: Reasons,
    /// What was done to links, by messaging system, where it is asked for.
    #[serde(skip)]
    pub systems: Systems,
}

impl Counts {
    /// Of a batch that nothing was done to yet.
    pub(crate) fn of_batch(scan: &Scan) -> Self {
        Self {
            batches: 1,
            spans: scan.spans() as u64,
            spans_invalid: scan.invalid_spans() as u64,
            links_in: scan.links() as u64,
            ..Self::default()
        }
    }

    /// Of a batch of held spans that nothing was done to yet.
    pub(crate) fn of_held(scan: &Scan) -> Self {
        Self {
            links_released: scan.links() as u64,
            ..Self::default()
        }
    }

    /// Of a batch that was dropped: none of its links came in or went out but
    /// those of spans that were taken out of it before.
    pub(crate) fn without_links(self) -> Self {
        let are_new = self.batches > 0;
        Self {
            batches: self.batches,
            spans: self.spans,
            spans_invalid: self.spans_invalid,
            links_in: if are_new { self.links_held } else { 0 },
            links_held: self.links_held,
            links_released: if are_new { 0 } else { self.links_held },
            rule_calls: self.rule_calls,
            rule_faults: self.rule_faults,
            ..Self::default()
        }
    }

    /// How many links are left of those that came in and were made.
    pub(crate) fn links_left(&self) -> u64 {
        let gone = self.links_dropped_invalid
            + self.links_dropped_duplicate
            + self.links_dropped_unwanted
            + self.links_cut;
        let all = self.links_in + self.links_added + self.links_released;
        all.saturating_sub(gone + self.links_held)
    }

    /// Counts links of one span that were not made.
    pub(crate) fn count_reason(&mut self, reason: Reason, count: u64) {
        match reason {
            Reason::Unresolved | Reason::TooLate | Reason::TooMany => self.unresolved += count,
            Reason::Ambiguous => self.ambiguous += count,
            Reason::Incomplete => self.incomplete += count,
            Reason::Unnamed => {
                self.unnamed += count;
                self.unnamed_spans += 1;
            }
            Reason::NoRoom => {
                self.links_added += count;
                self.links_cut += count;
            }
        }
    }

    /// Types become labels of metrics: a rule must not make up ever new ones.
    pub(crate) fn count_type(&mut self, value: &str, count: u64) {
        const MOST: usize = 100;
        const LONGEST: usize = 128;
        if let Some(counter) = self.by_link_type.get_mut(value) {
            *counter += count;
            return;
        }
        let is_named = self.by_link_type.len() < MOST && value.len() <= LONGEST;
        let value = if is_named { value } else { "other" };
        *self.by_link_type.entry(value.to_owned()).or_default() += count;
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Lists that one of the two has alone move as they are: nearly always.
impl AddAssign for Counts {
    fn add_assign(&mut self, mut other: Self) {
        if self.by_link_type.is_empty() {
            swap(&mut self.by_link_type, &mut other.by_link_type);
        }
        if self.reasons.is_empty() {
            swap(&mut self.reasons, &mut other.reasons);
        }
        if self.systems.is_empty() {
            swap(&mut self.systems, &mut other.systems);
        }
        *self += &other;
    }
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        self.batches += other.batches;
        self.spans += other.spans;
        self.spans_invalid += other.spans_invalid;
        self.links_in += other.links_in;
        self.links_added += other.links_added;
        self.links_repaired += other.links_repaired;
        self.links_dropped_invalid += other.links_dropped_invalid;
        self.links_dropped_duplicate += other.links_dropped_duplicate;
        self.links_dropped_unwanted += other.links_dropped_unwanted;
        self.links_cut += other.links_cut;
        self.links_typed += other.links_typed;
        self.links_out += other.links_out;
        self.links_held += other.links_held;
        self.links_released += other.links_released;
        self.unresolved += other.unresolved;
        self.ambiguous += other.ambiguous;
        self.incomplete += other.incomplete;
        self.unnamed += other.unnamed;
        self.unnamed_spans += other.unnamed_spans;
        self.rule_calls += other.rule_calls;
        self.rule_faults += other.rule_faults;
        for (value, count) in &other.by_link_type {
            self.count_type(value, *count);
        }
        self.reasons += &other.reasons;
        self.systems += &other.systems;
    }
}
