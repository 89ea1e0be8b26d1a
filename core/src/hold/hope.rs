//! Whether it is of any use to hold the spans of a service.
//!
//! Many consumers have producers that nobody instruments: all of their spans
//! would wait for nothing, and their senders with them. So it is learned, by
//! resource, whether producers come at all.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Instant;

use crate::scope::Scope;

/// How often a span is held all the same, to see whether producers come now.
const PROBE: Duration = Duration::from_secs(30);

/// How many resources are told apart; when there are more, all is learned anew of
/// the scope that has the most.
const MOST: usize = 10_000;

/// A resource, by its hash, of a scope.
pub(super) type Service = (Option<Scope>, u64);

/// What was learned of services.
#[derive(Debug, Default)]
pub(super) struct Hope {
    services: HashMap<Service, Waits>,
}

#[derive(Debug, Clone, Copy)]
struct Waits {
    /// How many spans in a row were held in vain.
    misses: usize,
    /// When a span was held last.
    probed: Instant,
}

impl Hope {
    /// Whether a span is to be held. `patience`: how many may have been held in
    /// vain, one after the other; 0 for any number.
    pub(super) fn is_left(&mut self, service: Service, patience: usize, now: Instant) -> bool {
        let Some(service) = self.services.get_mut(&service) else {
            return true;
        };
        if patience == 0 || service.misses < patience {
            return true;
        }
        let is_due = now.saturating_duration_since(service.probed) >= PROBE;
        if is_due {
            service.probed = now;
        }
        is_due
    }

    /// A producer came in time.
    pub(super) fn came(&mut self, service: Service) {
        self.services.remove(&service);
    }

    /// The time of a span is up, and no producer of it has come.
    pub(super) fn missed(&mut self, service: Service, now: Instant) {
        if self.services.len() >= MOST {
            self.forget_largest();
        }
        let service = self.services.entry(service).or_insert(Waits {
            misses: 0,
            probed: now,
        });
        service.misses = service.misses.saturating_add(1);
    }

    /// Whoever makes up resources makes those of his own scope forgotten.
    fn forget_largest(&mut self) {
        let mut scopes = HashMap::<_, usize>::new();
        for (scope, _) in self.services.keys() {
            *scopes.entry(*scope).or_default() += 1;
        }
        let largest = scopes.into_iter().max_by_key(|(_, services)| *services);
        if let Some((largest, _)) = largest {
            self.services.retain(|(scope, _), _| *scope != largest);
        }
    }
}
