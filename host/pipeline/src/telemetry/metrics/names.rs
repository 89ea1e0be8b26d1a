//! Names that come from the data, as labels: bounded for as long as the process
//! runs. (What is counted of one batch is bounded by itself only.)

use std::collections::{BTreeMap, BTreeSet};

use linkmend::Reasons;
use parking_lot::Mutex;

/// How many pairs of service and messaging system are told apart.
const MOST_PAIRS: usize = 1000;
/// How many types of links are told apart.
const MOST_TYPES: usize = 100;

/// The names that were told so far.
#[derive(Default)]
pub(super) struct Known(Mutex<Sets>);

#[derive(Default)]
struct Sets {
    systems_by_service: BTreeMap<String, BTreeSet<String>>,
    pairs: usize,
    types: BTreeSet<String>,
}

impl Known {
    /// Both names, or `other` for both.
    pub(super) fn pair<'n>(&self, service: &'n str, system: &'n str) -> (&'n str, &'n str) {
        let mut sets = self.0.lock();
        let systems = sets.systems_by_service.get(service);
        if systems.is_some_and(|systems| systems.contains(system)) {
            return (service, system);
        }
        if sets.pairs >= MOST_PAIRS {
            return (Reasons::OTHER, Reasons::OTHER);
        }
        sets.pairs += 1;
        let systems = sets.systems_by_service.entry(service.into()).or_default();
        systems.insert(system.into());
        (service, system)
    }

    /// The name, or `other`.
    pub(super) fn link_type<'n>(&self, name: &'n str) -> &'n str {
        let types = &mut self.0.lock().types;
        if types.contains(name) {
            return name;
        }
        if types.len() >= MOST_TYPES {
            return Reasons::OTHER;
        }
        types.insert(name.into());
        name
    }
}
