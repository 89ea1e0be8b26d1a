//! Waiting, with an end.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long something may take that should take no time, on a machine that has
/// other things to do.
pub const LONG: Duration = Duration::from_secs(30);

/// Until there is something.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// Until it is so.
pub fn until_true(what: &str, limit: Duration, mut look: impl FnMut() -> bool) {
    until(what, limit, || look().then_some(()));
}
