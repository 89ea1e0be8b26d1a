//! Waiting, with an end.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long something may take that should take no time, on a machine that has
/// other things to do.
pub const LONG: Duration = Duration::from_secs(30);

/// Until there is something.
pub fn until<T>(what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    until_or(limit, look, || what.to_owned())
}

/// The same, where what there is instead tells more.
pub fn until_or<T>(
    limit: Duration,
    mut look: impl FnMut() -> Option<T>,
    what: impl Fn() -> String,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < limit, "not within {limit:?}: {}", what());
        sleep(Duration::from_millis(10));
    }
}

/// Until it is so.
pub fn until_true(what: &str, limit: Duration, mut look: impl FnMut() -> bool) {
    until(what, limit, || look().then_some(()));
}
