//! What is held at most, and what was.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Bounds of the spans that are held, see
/// `ProcessorBuilder::hold`.
#[derive(Clone)]
pub struct HoldOptions {
    /// How long a span is held at most. Zero: none is held at all. Default: 6
    /// seconds, more than the 5 that batch span processors wait.
    pub time: Duration,
    /// How many spans are held at most. Default: 20,000.
    pub max_spans: usize,
    /// How much memory held spans take at most: their bytes, those of their
    /// resources and scopes, their keys, and what the host needs to find them.
    /// Default: 32 MiB.
    pub max_bytes: usize,
    /// How many spans of one resource may be held in vain, one after the other;
    /// then its spans are not held any more but for one each 30 seconds, until a
    /// producer comes in time again. 0: any number. Default: 0.
    pub give_up_after: usize,
    /// Called whenever [`Processor::next_release`](crate::Processor::next_release)
    /// has become sooner: a held span is ready, or a span is held where none
    /// was. It is called in the middle of a batch, by the thread that processes
    /// it: wake the thread that releases spans, and do nothing else. Default:
    /// nobody is told.
    pub on_sooner: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Default for HoldOptions {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(6),
            max_spans: 20_000,
            max_bytes: 32 << 20,
            give_up_after: 0,
            on_sooner: None,
        }
    }
}

impl fmt::Debug for HoldOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HoldOptions")
            .field("time", &self.time)
            .field("max_spans", &self.max_spans)
            .field("max_bytes", &self.max_bytes)
            .field("give_up_after", &self.give_up_after)
            .field("on_sooner", &self.on_sooner.is_some())
            .finish()
    }
}

/// What is held, and what became of what was.
///
/// `held_total = held + released_ready + released_due + released_overflow +
/// released_drained`, but for spans that are with a rule at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoldStats {
    /// Spans held now.
    pub held: usize,
    /// What they take, as [`HoldOptions::max_bytes`] counts.
    pub bytes: usize,
    /// Spans that were held, each once however often it was deferred.
    pub held_total: u64,
    /// Spans that went because a producer that they waited for was remembered.
    pub released_ready: u64,
    /// Spans that went because their time was up.
    pub released_due: u64,
    /// Spans that went because there was no room.
    pub released_overflow: u64,
    /// Spans that were not held, since many before them were held in vain: see
    /// [`HoldOptions::give_up_after`]. They are not in `held_total`.
    pub given_up: u64,
    /// Spans that went because of [`Processor::drain`](crate::Processor::drain).
    pub released_drained: u64,
}
