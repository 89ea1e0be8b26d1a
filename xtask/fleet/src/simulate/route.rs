//! The alternative: something in front sends each span to the host of its message.

use std::hash::{DefaultHasher, Hasher as _};

use super::options::Options;

/// Positions of a host on the ring: what the Collector's `loadbalancing` exporter has.
const POSITIONS: u32 = 100;

/// What becomes of batches.
pub struct Routed {
    /// Requests that one batch becomes.
    pub pieces: f64,
    /// Of the consumers of `group` messages at once: how many links are found at the host
    /// of the first.
    pub found_of_groups: f64,
    /// Messages whose host is another one when a host is added.
    pub moved: f64,
}

/// A ring of hosts.
struct Ring(Vec<(u64, usize)>);

impl Ring {
    fn new(hosts: usize) -> Self {
        let mut ring: Vec<_> = (0..hosts)
            .flat_map(|host| (0..POSITIONS).map(move |place| (hash(&(host, place)), host)))
            .collect();
        ring.sort_unstable();
        Self(ring)
    }

    fn host(&self, message: u64) -> usize {
        let hash = hash(&message);
        let next = self.0.partition_point(|(place, _)| *place < hash);
        let found = self.0.get(next).or_else(|| self.0.first());
        found.map_or(0, |(_, host)| *host)
    }
}

fn hash(what: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Of batches of 512 spans; spans of no message stay together, at some host.
pub fn run(options: &Options, hosts: usize, group: u64, seed: u64) -> Routed {
    const BATCHES: u64 = 200;
    const GROUPS: u64 = 20_000;
    let mut chance = fastrand::Rng::with_seed(seed);
    let (ring, larger) = (Ring::new(hosts), Ring::new(hosts + 1));
    let mut pieces = 0;
    for _ in 0..BATCHES {
        let mut to: Vec<usize> = (0..options.messaging_spans())
            .map(|_| ring.host(chance.u64(..)))
            .collect();
        to.push(chance.usize(..hosts));
        to.sort_unstable();
        to.dedup();
        pieces += to.len();
    }
    let (mut found, mut moved) = (0, 0);
    for _ in 0..GROUPS {
        let messages: Vec<u64> = (0..group).map(|_| chance.u64(..)).collect();
        let hosts: Vec<_> = messages.iter().map(|message| ring.host(*message)).collect();
        found += hosts
            .iter()
            .filter(|host| hosts.first() == Some(host))
            .count();
        let first = messages.first().copied().unwrap_or_default();
        moved += usize::from(ring.host(first) != larger.host(first));
    }
    Routed {
        pieces: pieces as f64 / BATCHES as f64,
        found_of_groups: found as f64 / (GROUPS * group) as f64,
        moved: moved as f64 / GROUPS as f64,
    }
}
