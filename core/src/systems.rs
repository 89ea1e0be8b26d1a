//! What was done to links, by messaging system.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

/// What was done to the links of spans, by the messaging system of the span
/// (`messaging.system`; `-` when there is none). Counted only where it is asked
/// for: see
/// [`ProcessorOptions::count_systems`](crate::ProcessorOptions::count_systems).
///
/// The names come from the data: the first 100 are told apart, all others are
/// `other`; and one of more than 128 bytes is `other`, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Systems(BTreeMap<String, SystemCounts>);

/// What was done to the links of the spans of one messaging system, as
/// [`Counts`](crate::Counts) has it of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SystemCounts {
    /// Links that were made.
    pub links_added: u64,
    /// Links that were given the right context.
    pub links_repaired: u64,
    /// Links that were dropped, for their context.
    pub links_dropped_invalid: u64,
    /// Links that were dropped, since another said the same.
    pub links_dropped_duplicate: u64,
    /// Links that were dropped, since a rule is there to remove them.
    pub links_dropped_unwanted: u64,
    /// Links that did not fit under the limit.
    pub links_cut: u64,
    /// Links that were told why they exist, by the reason given.
    pub by_link_type: BTreeMap<String, u64>,
}

/// As many names are told apart.
const MOST: usize = 100;
const LONGEST: usize = 128;
const OTHER: &str = "other";
const NO_NAME: &str = "-";

impl Systems {
    /// Nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was done, by system.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SystemCounts)> {
        self.0
            .iter()
            .map(|(system, counts)| (system.as_str(), counts))
    }

    /// That of one system.
    pub(crate) fn of(&mut self, system: &str) -> &mut SystemCounts {
        let system = if system.is_empty() { NO_NAME } else { system };
        self.0
            .entry(bounded(&self.0, system).to_owned())
            .or_default()
    }
}

impl SystemCounts {
    pub(crate) fn count_type(&mut self, value: &str, count: u64) {
        let value = bounded(&self.by_link_type, value).to_owned();
        *self.by_link_type.entry(value).or_default() += count;
    }
}

/// A name that there is, or that there is room for, or `other`.
fn bounded<'n, V>(known: &BTreeMap<String, V>, name: &'n str) -> &'n str {
    let has_room = known.len() < MOST && name.len() <= LONGEST;
    if has_room || known.contains_key(name) {
        name
    } else {
        OTHER
    }
}

impl AddAssign<&Systems> for Systems {
    fn add_assign(&mut self, other: &Systems) {
        for (system, counts) in other.iter() {
            *self.of(system) += counts;
        }
    }
}

impl AddAssign<&SystemCounts> for SystemCounts {
    fn add_assign(&mut self, other: &SystemCounts) {
        self.links_added += other.links_added;
        self.links_repaired += other.links_repaired;
        self.links_dropped_invalid += other.links_dropped_invalid;
        self.links_dropped_duplicate += other.links_dropped_duplicate;
        self.links_dropped_unwanted += other.links_dropped_unwanted;
        self.links_cut += other.links_cut;
        for (value, count) in &other.by_link_type {
            self.count_type(value, *count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_beyond_the_first_hundred_are_counted_together() {
        let mut systems = Systems::default();
        for number in 0..150 {
            systems.of(&format!("system-{number}")).links_added += 1;
        }
        systems.of("system-7").links_added += 1;
        systems.of("").links_cut += 1;
        let added = |name| systems.0.get(name).map(|counts| counts.links_added);
        assert_eq!(systems.0.len(), 101);
        assert_eq!(added("other"), Some(50));
        assert_eq!(added("system-7"), Some(2));
        assert_eq!(
            systems.0.get("other").map(|counts| counts.links_cut),
            Some(1)
        );
    }
}
