//! Addresses that nobody else has.

use std::collections::BTreeSet;

/// Ports that a Collector has by default, though no file says so.
const OF_COLLECTORS: [u16; 12] = [
    1777, 4317, 4318, 6831, 6832, 8888, 9411, 13_133, 14_250, 14_268, 55_678, 55_679,
];

/// Ports that a configuration does not name.
pub(crate) struct Ports {
    taken: BTreeSet<u16>,
}

impl Ports {
    /// All numbers of a text are taken for ports: there are enough of them.
    pub(crate) fn beside(text: &str) -> Self {
        let numbers = text.split(|character: char| !character.is_ascii_digit());
        let taken = numbers.filter_map(|number| number.parse().ok());
        Self {
            taken: taken.chain(OF_COLLECTORS).collect(),
        }
    }

    /// The first that is free from `first` on; it is taken then.
    pub(crate) fn next(&mut self, first: u16) -> u16 {
        let mut free = (first..).filter(|port| !self.taken.contains(port));
        let port = free.next().unwrap_or(first);
        self.taken.insert(port);
        port
    }
}
