//! Memory that is given back at once when the process has much of it.
//!
//! The allocator keeps what was freed for a quarter of a second, since a hop that gave it
//! back at once would be half as fast (docs/performance.md). Under attack the process would
//! have up to 70 MB of that, beside all that the limits let others fill.

use std::thread;
use std::time::{Duration, Instant};

use linkmend_pipeline::telemetry::memory::resident;

use crate::allocator;

/// What the process has, in bytes, besides what its limits are about.
const ITSELF: u64 = 16_000_000;

/// How much must come back to try again soon.
const WORTH: u64 = 8_000_000;
const SOON: Duration = Duration::from_millis(5);
const LATER: Duration = Duration::from_millis(100);

/// How much may be added to what was left before it is tried at once.
const ROOM: u64 = 8_000_000;

/// How fast memory may grow between two looks, in bytes a millisecond.
const GROWTH: u64 = 1_000_000;

/// Gives back what it can, from now on, whenever the process has more than the limits of its
/// configuration add up to, in bytes.
pub fn watch(limits: u64) {
    let mut watch = Watch {
        most: limits.saturating_add(ITSELF),
        tried: None,
    };
    // Without this thread the process has more at times, and works all the same.
    let _ = thread::Builder::new()
        .name("memory".to_owned())
        .spawn(move || while watch.look().is_some() {});
}

struct Watch {
    most: u64,
    tried: Option<Tried>,
}

/// What came of it the last time.
struct Tried {
    at: Instant,
    again_after: Duration,
    left: u64,
}

impl Watch {
    /// One look, and a pause; `None` where the system tells nothing, or nothing can be given
    /// back.
    fn look(&mut self) -> Option<()> {
        let before = resident()?;
        if before > self.most && self.is_due(before) {
            allocator::give_back()?;
            let left = resident()?;
            let was_worth_it = left.saturating_add(WORTH) <= before;
            self.tried = Some(Tried {
                at: Instant::now(),
                again_after: if was_worth_it { SOON } else { LATER },
                left,
            });
        }
        let free = self.most.saturating_sub(before) / GROWTH;
        thread::sleep(Duration::from_millis(free.clamp(2, 100)));
        Some(())
    }

    fn is_due(&self, resident: u64) -> bool {
        self.tried.as_ref().is_none_or(|tried| {
            tried.at.elapsed() >= tried.again_after || resident > tried.left + ROOM
        })
    }
}
