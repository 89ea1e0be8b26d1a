//! The messages that are on their way: how much they take, and what may be committed of
//! each partition.

use std::collections::HashMap;
use std::sync::Arc;

use krafka::consumer::TopicPartition;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::options::Acknowledgement;
use crate::progress::Progress;

/// How many messages of a partition may have been read beyond the first that was not
/// taken. Each of them is known until then, and read again by whoever has it next.
const MOST_AHEAD: usize = 20_000;

/// All messages of a member that are on their way.
pub(crate) struct Flight {
    limit: u64,
    state: Mutex<State>,
    /// Something was taken, or did not end well.
    pub(crate) changed: Notify,
}

#[derive(Default)]
struct State {
    bytes: u64,
    partitions: HashMap<TopicPartition, Partition>,
    /// How many partitions were ever given: each time it is another one.
    given: u64,
}

struct Partition {
    given: u64,
    progress: Progress,
    /// A message of it will not be taken: nothing behind it is read.
    is_blocked: bool,
}

/// A message that is on its way.
pub(crate) struct InFlight {
    flight: Arc<Flight>,
    place: TopicPartition,
    given: u64,
    offset: i64,
    bytes: u64,
    acknowledgement: Acknowledgement,
}

impl Flight {
    /// None yet, and so many bytes at most.
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Partitions are this member's from now on.
    pub(crate) fn give(&self, places: &[TopicPartition]) {
        let mut state = self.state.lock();
        for place in places {
            state.given += 1;
            let partition = Partition {
                given: state.given,
                progress: Progress::default(),
                is_blocked: false,
            };
            state.partitions.insert(place.clone(), partition);
        }
    }

    /// They are not any more: what is still on its way of them is not committed.
    pub(crate) fn take_away(&self, places: &[TopicPartition]) {
        let mut state = self.state.lock();
        for place in places {
            state.partitions.remove(place);
        }
    }

    /// A message is handed on; none when its partition is not this member's.
    pub(crate) fn start(
        self: &Arc<Self>,
        place: &TopicPartition,
        offset: i64,
        bytes: u64,
    ) -> Option<InFlight> {
        let mut state = self.state.lock();
        let partition = state.partitions.get_mut(place)?;
        partition.progress.start(offset);
        let given = partition.given;
        state.bytes += bytes;
        Some(InFlight {
            flight: Arc::clone(self),
            place: place.clone(),
            given,
            offset,
            bytes,
            acknowledgement: Acknowledgement::Hold,
        })
    }

    /// Which partitions nothing is to be read of now. Where there is no room for anything,
    /// these are all of them; they are until there is room for a quarter (`was_full`).
    pub(crate) fn at_rest(&self, was_full: bool) -> (bool, Vec<TopicPartition>) {
        let state = self.state.lock();
        let most = if was_full {
            self.limit / 4 * 3
        } else {
            self.limit
        };
        let is_full = state.bytes >= most.max(1);
        let rests = |partition: &Partition| {
            is_full || partition.is_blocked || partition.progress.ahead() >= MOST_AHEAD
        };
        let partitions = state.partitions.iter();
        let at_rest = partitions.filter(|(_, partition)| rests(partition));
        (is_full, at_rest.map(|(place, _)| place.clone()).collect())
    }

    /// What is to be committed of these partitions, or of all.
    pub(crate) fn uncommitted(
        &self,
        only: Option<&[TopicPartition]>,
    ) -> Vec<(TopicPartition, i64)> {
        let state = self.state.lock();
        let partitions = state.partitions.iter();
        partitions
            .filter(|(place, _)| only.is_none_or(|only| only.contains(place)))
            .filter_map(|(place, partition)| {
                let next = partition.progress.uncommitted()?;
                Some((place.clone(), next))
            })
            .collect()
    }

    /// So much was committed.
    pub(crate) fn committed(&self, offsets: &[(TopicPartition, i64)]) {
        let mut state = self.state.lock();
        for (place, next) in offsets {
            if let Some(partition) = state.partitions.get_mut(place) {
                partition.progress.committed(*next);
            }
        }
    }

    /// Waits until nothing of these partitions is on its way; what is blocked is not
    /// waited for.
    pub(crate) async fn landed(&self, places: &[TopicPartition]) {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if self.is_landed(places) {
                return;
            }
            changed.await;
        }
    }

    fn is_landed(&self, places: &[TopicPartition]) -> bool {
        let state = self.state.lock();
        places.iter().all(|place| {
            let partition = state.partitions.get(place);
            partition.is_none_or(|one| one.is_blocked || one.progress.is_idle())
        })
    }
}

impl InFlight {
    /// What became of it.
    pub(crate) fn ends(mut self, acknowledgement: Acknowledgement) {
        self.acknowledgement = acknowledgement;
    }
}

/// One whose task went without a word was not taken.
impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.flight.state.lock();
        state.bytes = state.bytes.saturating_sub(self.bytes);
        let partition = state.partitions.get_mut(&self.place);
        // It may have gone to another member, and come back since.
        if let Some(partition) = partition.filter(|one| one.given == self.given) {
            match self.acknowledgement {
                Acknowledgement::Commit => partition.progress.taken(self.offset),
                Acknowledgement::Hold => partition.is_blocked = true,
            }
        }
        drop(state);
        self.flight.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    fn place(partition: i32) -> TopicPartition {
        TopicPartition::new("t", partition)
    }

    #[test]
    fn what_was_taken_away_is_not_committed() {
        let flight = Flight::new(100);
        flight.give(&[place(0)]);
        let late = flight.start(&place(0), 5, 10).unwrap();
        flight.take_away(&[place(0)]);
        assert!(flight.start(&place(0), 6, 10).is_none());
        flight.give(&[place(0)]);
        let again = flight.start(&place(0), 5, 10).unwrap();
        // Of the time before.
        late.ends(Acknowledgement::Commit);
        assert_eq!(flight.uncommitted(None), vec![]);
        again.ends(Acknowledgement::Commit);
        assert_eq!(flight.uncommitted(None), vec![(place(0), 6)]);
        flight.committed(&[(place(0), 6)]);
        assert_eq!(flight.uncommitted(None), vec![]);
    }

    #[test]
    fn a_message_that_stays_blocks_its_partition_alone() {
        let flight = Flight::new(100);
        flight.give(&[place(0), place(1)]);
        let lost = flight.start(&place(0), 0, 10).unwrap();
        let behind = flight.start(&place(0), 1, 10).unwrap();
        let other = flight.start(&place(1), 0, 10).unwrap();
        drop(lost);
        behind.ends(Acknowledgement::Commit);
        other.ends(Acknowledgement::Commit);
        assert_eq!(flight.uncommitted(None), vec![(place(1), 1)]);
        assert_eq!(flight.at_rest(false), (false, vec![place(0)]));
        assert!(flight.is_landed(&[place(0), place(1)]));
    }

    #[test]
    fn all_rest_when_there_is_no_room() {
        let flight = Flight::new(100);
        flight.give(&[place(0)]);
        let one = flight.start(&place(0), 0, 60).unwrap();
        let two = flight.start(&place(0), 1, 60).unwrap();
        assert_eq!(flight.at_rest(false), (true, vec![place(0)]));
        two.ends(Acknowledgement::Commit);
        assert_eq!(flight.at_rest(true), (false, vec![]));
        drop(one);
    }
}
