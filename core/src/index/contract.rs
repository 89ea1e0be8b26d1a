//! What an index has to do, whatever it is.

use crate::interface::{IndexError, MessageKey, Producer, Recalled};

/// A place that remembers producers. Shared by all rules and all threads.
///
/// A rule asks it in the middle of a call, for a whole batch at once: once to
/// remember, once to look up, and seldom once more. An index may wait then, for a
/// disk or a network: the time of the rule stands still. It is the batch that is
/// late, so an index has to have a deadline of its own, and to answer with what it
/// knows by then.
///
/// Programs bring their own with
/// `ProcessorBuilder::index`, or put a store that they share with others behind a
/// [`MemoryIndex`](super::MemoryIndex), see [`SharedIndex`](super::SharedIndex). The contract:
///
/// - *Twice.* What is remembered twice counts once; of the spans of one send, one of
///   which lies within the time of the other, one counts. [`Answers`](super::Answers) sees to both.
/// - *The best four.* No more than four producers of a key are given, and a count of 5
///   says that there were more. [`Answers`](super::Answers) sees to that, too.
/// - *Bounds.* It is others who choose keys: there is a bound for all producers, and
///   one for those of a key. Which of a key are kept must not depend on the order in
///   which they came: [`MemoryIndex`](super::MemoryIndex) keeps the best 16.
/// - *Expiry.* What was remembered is forgotten some time, the oldest first. That is
///   no error.
/// - *Unavailable.* [`IndexError::Unavailable`] is no fault of a rule: the batch goes
///   on as if nothing were known, and people are told, once a minute at most. Held
///   spans go on waiting. The other errors are faults of the rule that asked.
/// - *Held spans.* A producer that goes through [`Self::remember`] wakes those that
///   wait for it; one that comes from elsewhere does with
///   [`Processor::wake`](crate::Processor::wake).
///
/// # Example
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Mutex;
///
/// use linkmend_core::index::{Answers, IndexError, MessageIndex, MessageKey, Producer, Recalled};
///
/// /// Whatever can keep bytes under a key.
/// #[derive(Default)]
/// struct Kept(Mutex<BTreeMap<(u64, u64), Vec<(Producer, Vec<u8>)>>>);
///
/// const MOST_OF_A_KEY: usize = 16;
///
/// impl Kept {
///     fn answer(&self, keys: &[MessageKey], before: Option<&[u64]>) -> Result<Recalled, IndexError> {
///         // A lock that was poisoned: it cannot be reached.
///         let kept = self.0.lock().map_err(|_| IndexError::Unavailable)?;
///         let mut answers = Answers::with_capacity(keys.len());
///         for (number, key) in keys.iter().enumerate() {
///             let known = kept.get(&(key.high, key.low));
///             let known = known.into_iter().flatten();
///             let known = known.map(|(producer, state)| (*producer, state.as_slice()));
///             let before = before.and_then(|before| before.get(number).copied());
///             answers.add(before, false, known);
///         }
///         Ok(answers.end())
///     }
/// }
///
/// impl MessageIndex for Kept {
///     fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
///         let mut kept = self.0.lock().map_err(|_| IndexError::Unavailable)?;
///         for producer in producers {
///             let (start, length) = (producer.trace_state.offset, producer.trace_state.length);
///             let range = start as usize..start as usize + length as usize;
///             let state = texts.get(range).ok_or(IndexError::Malformed)?;
///             let of_key = kept.entry((producer.key.high, producer.key.low)).or_default();
///             of_key.push((*producer, state.to_vec()));
///             of_key.sort_by_key(|(producer, _)| (producer.rank, u64::MAX - producer.start));
///             of_key.truncate(MOST_OF_A_KEY);
///         }
///         Ok(())
///     }
///
///     fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
///         self.answer(keys, None)
///     }
///
///     fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
///         self.answer(keys, Some(before))
///     }
/// }
/// # let kept = Kept::default();
/// # let key = MessageKey { high: 1, low: 2 };
/// # assert_eq!(kept.recall(&[key]).unwrap().counts, [0]);
/// ```
pub trait MessageIndex: Send + Sync + 'static {
    /// Adds producers, whose trace states lie in `texts`. Adding one twice (the
    /// same key, trace id and span id) is harmless. Spans of one send are one
    /// producer: of two with one key and trace of which one lies within the
    /// time of the other, the one of the better rank is kept, of the same rank
    /// the inner one.
    ///
    /// # Errors
    ///
    /// [`IndexError::Malformed`] when a range is not in `texts`; what a store
    /// that is not in memory may have to say.
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError>;

    /// Whether an answer may have to be waited for. What a rule waits for is not its
    /// time; to measure that takes a microsecond a call, which an index in memory
    /// saves by saying so. Default: yes.
    fn may_wait(&self) -> bool {
        true
    }

    /// Looks up keys: for each the best four producers, by rank and then the
    /// latest start.
    ///
    /// # Errors
    ///
    /// What a store that is not in memory may have to say.
    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError>;

    /// Looks up keys, each for a consumer that had its message `before` then
    /// (nanoseconds since the Unix epoch, one for each key): producers that
    /// started by then go before the others, of which the earliest go first.
    /// The count is 5 when there were more than four that started by then.
    ///
    /// A store that cannot tell answers as [`MessageIndex::recall`] does, and
    /// may miss the producer of a message that was sent again later.
    ///
    /// # Errors
    ///
    /// As [`MessageIndex::recall`]; [`IndexError::Malformed`] when there are not
    /// as many times as keys.
    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        if keys.len() != before.len() {
            return Err(IndexError::Malformed);
        }
        self.recall(keys)
    }
}
