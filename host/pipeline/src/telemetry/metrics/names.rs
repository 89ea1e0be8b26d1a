//! Names that come from the data, as labels: bounded for as long as the process
//! runs. (What is counted of one batch is bounded by itself only.)

use std::collections::{BTreeMap, BTreeSet};

use linkmend::Reasons;
use parking_lot::Mutex;

/// How many pairs of service and messaging system are told apart.
const MOST_PAIRS: usize = 1000;
/// How many types of links and how many messaging systems are told apart.
const MOST: usize = 100;

/// The names that were told so far.
#[derive(Default)]
pub(super) struct Known(Mutex<Sets>);

#[derive(Default)]
struct Sets {
    systems_by_service: BTreeMap<String, BTreeSet<String>>,
    pairs: usize,
    types: BTreeSet<String>,
    systems: BTreeSet<String>,
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

    /// The name of a type of links, or `other`.
    pub(super) fn link_type<'n>(&self, name: &'n str) -> &'n str {
        bounded(&mut self.0.lock().types, name)
    }

    /// The name of a messaging system, or `other`.
    pub(super) fn system<'n>(&self, name: &'n str) -> &'n str {
        bounded(&mut self.0.lock().systems, name)
    }
}

fn bounded<'n>(known: &mut BTreeSet<String>, name: &'n str) -> &'n str {
    if known.contains(name) {
        return name;
    }
    if known.len() >= MOST {
        return Reasons::OTHER;
    }
    known.insert(name.into());
    name
}
