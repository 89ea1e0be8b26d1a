//! What becomes of a batch when the store behind an index cannot be reached: it
//! goes on, and nothing is known.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// It is told this often at most, in seconds: it may be so for every batch.
const TOLD_EVERY: u64 = 60;

/// Tells people, now and then.
pub(crate) fn tell() {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let last = LAST.load(Ordering::Relaxed);
    let is_due = now.saturating_sub(last) >= TOLD_EVERY;
    if is_due
        && LAST
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    {
        tracing::warn!("the message index cannot be reached: batches go on without what it knows");
    }
}
