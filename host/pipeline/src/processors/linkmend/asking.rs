//! Producers that consumers name and that have not passed here: other hosts may know them.
//! They are asked for behind the batches, from a queue that is bounded.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use linkmend_redis::ends::SpanKey;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// When one is asked for, after it was missed, and again after that: its host may still
/// have it to write, and a producer comes as late as its sender sends, some five seconds.
const AFTER: [Duration; TIMES] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(10),
];

/// How often one is asked for.
pub(super) const TIMES: usize = 3;

/// So many are asked for at once.
const AT_ONCE: usize = 1_024;

/// Those that are to be asked for.
pub(super) struct Asking {
    /// For each of the times, in the order in which they are due.
    queues: Mutex<[VecDeque<(Instant, SpanKey)>; TIMES]>,
    most: usize,
    pub(super) added: Notify,
}

impl Asking {
    /// No more than `most` wait.
    pub(super) fn new(most: usize) -> Self {
        Self {
            queues: Mutex::default(),
            most,
            added: Notify::new(),
        }
    }

    /// Adds some, to be asked for the so-and-so-many-th time; how many found no room.
    pub(super) fn add(&self, keys: &[SpanKey], time: usize) -> usize {
        let Some(after) = AFTER.get(time) else {
            return 0;
        };
        let due = Instant::now() + *after;
        let mut queues = self.queues.lock();
        let waiting = queues.iter().map(VecDeque::len).sum::<usize>();
        let room = self.most.saturating_sub(waiting).min(keys.len());
        let (fitting, others) = keys.split_at(room);
        if let Some(queue) = queues.get_mut(time) {
            queue.extend(fitting.iter().map(|key| (due, *key)));
        }
        drop(queues);
        self.added.notify_one();
        others.len()
    }

    /// When the next of them is due.
    pub(super) fn next(&self) -> Option<Instant> {
        let queues = self.queues.lock();
        let first = queues.iter().filter_map(VecDeque::front);
        first.map(|(due, _)| *due).min()
    }

    /// Some that are due, each with which time it is.
    pub(super) fn due(&self, now: Instant) -> Vec<(usize, SpanKey)> {
        let mut due = Vec::new();
        for (time, queue) in self.queues.lock().iter_mut().enumerate() {
            while due.len() < AT_ONCE
                && let Some((_, key)) = queue.pop_front_if(|(at, _)| *at <= now)
            {
                due.push((time, key));
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(numbers: std::ops::Range<u64>) -> Vec<SpanKey> {
        let key = |number: u64| SpanKey {
            scope: None,
            trace: [1; 16],
            span: number.to_be_bytes(),
        };
        numbers.map(key).collect()
    }

    /// Scenario: more come than there is room for, over all times.
    /// Guarantees: no more than the bound wait, those without room are told of, and each
    /// comes when it is due, in its turn.
    #[test]
    fn what_waits_is_bounded_and_comes_when_it_is_due() {
        let asking = Asking::new(10);
        assert_eq!(asking.add(&keys(0..4), 1), 0);
        assert_eq!(asking.add(&keys(4..12), 0), 2);
        let now = Instant::now();
        let due = |at| -> Vec<(usize, u64)> {
            let due = asking.due(at).into_iter();
            due.map(|(time, key)| (time, u64::from_be_bytes(key.span)))
                .collect()
        };
        assert_eq!(due(now), (4..10).map(|one| (0, one)).collect::<Vec<_>>());
        assert!(asking.next().is_some_and(|next| next > now));
        assert_eq!(due(now), []);
        let later = due(now + Duration::from_secs(2));
        assert_eq!(later, (0..4).map(|one| (1, one)).collect::<Vec<_>>());
        assert_eq!(asking.next(), None);
    }
}
