//! What was done, out of the figures of a kernel.

use std::collections::BTreeMap;

use linkmend::{Counts, Reason};
use serde_json::Value;

/// All that was done until then.
#[derive(Clone, Default)]
pub(super) struct Totals {
    counts: BTreeMap<String, u64>,
    by_link_type: BTreeMap<String, u64>,
    reasons: BTreeMap<(String, String, String), u64>,
}

impl Totals {
    pub(super) fn of(told: &Value) -> Self {
        let numbers = |value: &Value| {
            let members = value.as_object().unwrap().iter();
            let numbers = members.filter_map(|(name, value)| Some((name.clone(), value.as_u64()?)));
            numbers.collect::<BTreeMap<_, _>>()
        };
        let reasons = told["reasons"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            counts: numbers(&told["counts"]),
            by_link_type: numbers(&told["counts"]["by_link_type"]),
            reasons: reasons
                .map(|reason| {
                    let whose = (
                        text(&reason["reason"]),
                        text(&reason["service"]),
                        text(&reason["messaging_system"]),
                    );
                    (whose, reason["count"].as_u64().unwrap())
                })
                .collect(),
        }
    }

    pub(super) fn minus(&self, before: &Self) -> Counts {
        let number = |name: &str| {
            let now = self.counts.get(name).copied().unwrap_or(0);
            now - before.counts.get(name).copied().unwrap_or(0)
        };
        let mut counts = Counts {
            batches: number("batches"),
            spans: number("spans"),
            spans_invalid: number("spans_invalid"),
            links_in: number("links_in"),
            links_added: number("links_added"),
            links_repaired: number("links_repaired"),
            links_dropped_invalid: number("links_dropped_invalid"),
            links_dropped_duplicate: number("links_dropped_duplicate"),
            links_dropped_unwanted: number("links_dropped_unwanted"),
            links_cut: number("links_cut"),
            links_typed: number("links_typed"),
            links_out: number("links_out"),
            links_held: number("links_held"),
            links_released: number("links_released"),
            unresolved: number("unresolved"),
            ambiguous: number("ambiguous"),
            incomplete: number("incomplete"),
            unnamed: number("unnamed"),
            unnamed_spans: number("unnamed_spans"),
            rule_calls: number("rule_calls"),
            rule_faults: number("rule_faults"),
            ..Counts::default()
        };
        for (name, count) in &self.by_link_type {
            let count = count - before.by_link_type.get(name).copied().unwrap_or(0);
            if count > 0 {
                counts.by_link_type.insert(name.clone(), count);
            }
        }
        for (whose, count) in &self.reasons {
            let count = count - before.reasons.get(whose).copied().unwrap_or(0);
            let (reason, service, system) = whose;
            let reason = Reason::ALL.iter().find(|one| one.as_str() == reason);
            if count > 0 {
                counts.reasons.add(*reason.unwrap(), service, system, count);
            }
        }
        counts
    }
}
