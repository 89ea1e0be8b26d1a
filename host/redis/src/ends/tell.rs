//! Taking ends that are to be written.

use super::format::SpanKey;
use super::waiting::{EndStats, PendingEnd};
use crate::Store;
use crate::stats::add;

impl Store {
    /// Takes ends to be written some time soon, by the value of each
    /// ([`value`](super::value)). It does not wait; of those that wait the oldest make room
    /// for more than [`Options::queue_size`](crate::Options::queue_size).
    pub fn tell(&self, ends: impl IntoIterator<Item = (SpanKey, Vec<u8>)>) {
        let ends = ends.into_iter().map(|(key, value)| PendingEnd {
            is_again: false,
            key,
            value: value.into(),
        });
        let of = &self.inner.ends;
        let dropped = of.queue.add(ends, self.inner.options.queue_size);
        add(&of.dropped, dropped);
    }

    /// What was written so far.
    #[must_use]
    pub fn end_stats(&self) -> EndStats {
        self.inner.ends.stats()
    }
}
