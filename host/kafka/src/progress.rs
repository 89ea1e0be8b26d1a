//! How far a partition was taken.

use std::collections::BTreeMap;

/// The messages of a partition that are on their way, and how far all before them have
/// been taken.
///
/// Messages are handed on in the order of their offsets, and taken in any order. What may
/// be committed is the place before the first that was not taken.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// From the first that was not taken; whether each was taken.
    ahead: BTreeMap<i64, bool>,
    /// What may be committed: the offset of what is to be read next.
    next: Option<i64>,
    committed: Option<i64>,
}

impl Progress {
    /// A message is handed on.
    pub(crate) fn start(&mut self, offset: i64) {
        self.ahead.insert(offset, false);
    }

    /// A message was taken.
    pub(crate) fn taken(&mut self, offset: i64) {
        if let Some(taken) = self.ahead.get_mut(&offset) {
            *taken = true;
        }
        while let Some(first) = self.ahead.first_entry() {
            if !first.get() {
                break;
            }
            self.next = Some(first.remove_entry().0.saturating_add(1));
        }
    }

    /// What is to be committed, if it was not yet.
    pub(crate) fn uncommitted(&self) -> Option<i64> {
        self.next.filter(|next| self.committed != Some(*next))
    }

    /// So far it was committed.
    pub(crate) fn committed(&mut self, next: i64) {
        self.committed = Some(next);
    }

    /// How many messages are between what may be committed and what was read.
    pub(crate) fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// Whether all that was handed on has been taken.
    pub(crate) fn is_idle(&self) -> bool {
        self.ahead.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_committed_beyond_what_was_not_taken() {
        let mut progress = Progress::default();
        // There may be gaps: a log that was compacted has some.
        for offset in [3, 4, 9] {
            progress.start(offset);
        }
        progress.taken(4);
        assert_eq!(progress.uncommitted(), None);
        progress.taken(3);
        assert_eq!(progress.uncommitted(), Some(5));
        progress.committed(5);
        assert_eq!(progress.uncommitted(), None);
        assert!(!progress.is_idle());
        progress.taken(9);
        assert_eq!(progress.uncommitted(), Some(10));
        assert!(progress.is_idle());
    }

    proptest! {
        #[test]
        fn in_any_order(
            order in Just((0..40_i64).collect::<Vec<_>>()).prop_shuffle(),
            left_out in 0..41_usize,
        ) {
            let mut progress = Progress::default();
            for offset in 0..40 {
                progress.start(offset);
            }
            let (taken, rest) = order.split_at(left_out.min(order.len()));
            for offset in taken {
                progress.taken(*offset);
            }
            let first_not_taken = rest.iter().min().copied().unwrap_or(40);
            let wanted = (first_not_taken > 0).then_some(first_not_taken);
            prop_assert_eq!(progress.uncommitted(), wanted);
            prop_assert_eq!(progress.is_idle(), rest.is_empty());
        }
    }
}
