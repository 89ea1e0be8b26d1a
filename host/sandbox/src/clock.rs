//! How long a call takes: by what its thread runs. On a machine that is busy a
//! call may last many times as long, and that is not the rule's doing.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A call may last so many times as long as it may run. Nothing that a rule can
/// do lets its thread wait; so this is for machines that are starved, and what
/// is late for it is nobody's fault.
const MOST_WAITED: u32 = 30;

/// The system takes a third of a microsecond to say what a thread has run: a
/// call that begins within this time after it said so counts from then.
const PRECISION: Duration = Duration::from_millis(1);

/// Of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    limit: Duration,
    begun: Instant,
    /// What the thread had run then.
    ran_before: Duration,
    /// What was spent in the index: by the clock, and of that what the thread ran.
    aside: (Duration, Duration),
}

/// When the clock was stopped, and what the thread had run then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    since: Instant,
    ran_before: Duration,
}

/// A call took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overrun {
    /// It ran longer than it may.
    Ran,
    /// It did not, and was waited for longer than anybody can wait.
    Waited {
        /// For so long.
        waited: Duration,
        /// What it ran.
        ran: Duration,
    },
}

impl Clock {
    /// From now on, on this thread.
    pub(crate) fn start(limit: Duration) -> Self {
        let begun = Instant::now();
        Self {
            limit,
            begun,
            ran_before: thread_time_about(begun),
            aside: (Duration::ZERO, Duration::ZERO),
        }
    }

    /// The call waits for somebody else, which is not its time: neither what that
    /// lasts, nor what this thread runs for it. See [`Self::go_on`].
    pub(crate) fn pause() -> Pause {
        Pause {
            since: Instant::now(),
            ran_before: thread_time(),
        }
    }

    /// The call goes on.
    pub(crate) fn go_on(&mut self, pause: Pause) {
        let (waited, ran) = &mut self.aside;
        *ran += thread_time().saturating_sub(pause.ran_before);
        *waited += pause.since.elapsed();
    }

    /// How long the call runs already, within a millisecond. To be asked on the
    /// thread that began it.
    pub(crate) fn ran(&self) -> Duration {
        let ran = thread_time().saturating_sub(self.ran_before + self.aside.1);
        ran.min(self.lasted())
    }

    /// How long it lasts already, which is never less.
    pub(crate) fn lasted(&self) -> Duration {
        self.begun.elapsed().saturating_sub(self.aside.0)
    }

    /// Whether it takes too long.
    pub(crate) fn overrun(&self) -> Option<Overrun> {
        self.overrun_after(self.lasted())
    }

    /// The same of a call that [`Self::lasted`] so long.
    pub(crate) fn overrun_after(&self, lasted: Duration) -> Option<Overrun> {
        // The time of the thread has to be asked for from the system.
        if lasted <= self.limit {
            return None;
        }
        judge(self.limit, lasted, self.ran())
    }
}

fn judge(limit: Duration, waited: Duration, ran: Duration) -> Option<Overrun> {
    if ran > limit {
        return Some(Overrun::Ran);
    }
    let is_late = waited > limit.saturating_mul(MOST_WAITED);
    is_late.then_some(Overrun::Waited { waited, ran })
}

/// What this thread had run shortly before `now`, or then.
fn thread_time_about(now: Instant) -> Duration {
    thread_local! {
        static LAST: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
    }
    let last = LAST.get();
    if let Some((_, ran)) = last.filter(|(then, _)| now.duration_since(*then) < PRECISION) {
        return ran;
    }
    let ran = thread_time();
    LAST.set(Some((now, ran)));
    ran
}

/// What this thread has run so far.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    // It is never negative.
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    #[test]
    fn what_ran_counts_and_not_what_it_lasted() {
        let seconds = Duration::from_secs_f64;
        assert_eq!(judge(LIMIT, seconds(29.0), seconds(0.1)), None);
        assert_eq!(judge(LIMIT, seconds(1.1), seconds(1.0)), None);
        assert_eq!(
            judge(LIMIT, seconds(10.5), seconds(10.5)),
            Some(Overrun::Ran)
        );
        let (waited, ran) = (seconds(30.1), seconds(0.9));
        assert_eq!(
            judge(LIMIT, waited, ran),
            Some(Overrun::Waited { waited, ran })
        );
    }

    #[test]
    fn a_call_counts_from_shortly_before_it_began() {
        for _ in 0..1_000 {
            let before = thread_time();
            let clock = Clock::start(LIMIT);
            assert!(before.saturating_sub(clock.ran_before) < PRECISION);
            assert!(clock.ran_before <= thread_time());
            assert!(clock.ran() <= clock.lasted());
        }
    }

    /// Whatever was waited for, and whatever this thread did for it.
    #[test]
    fn what_others_take_is_not_the_time_of_a_call() {
        let mut clock = Clock::start(Duration::from_millis(1));
        for _ in 0..2 {
            let pause = Clock::pause();
            std::thread::sleep(Duration::from_millis(40));
            let before = thread_time();
            while thread_time().saturating_sub(before) < Duration::from_millis(20) {}
            clock.go_on(pause);
        }
        assert!(clock.aside.0 >= Duration::from_millis(120));
        assert!(clock.lasted() < clock.aside.0, "{clock:?}");
        assert!(clock.ran() < Duration::from_millis(20), "{:?}", clock.ran());
    }

    #[test]
    fn a_thread_that_sleeps_does_not_run() {
        let clock = Clock::start(LIMIT);
        std::thread::sleep(Duration::from_millis(50));
        assert!(clock.lasted() >= Duration::from_millis(50));
        assert!(clock.ran() < Duration::from_millis(25), "{:?}", clock.ran());
        let spinning = Instant::now();
        while clock.ran() < Duration::from_millis(30) {
            assert!(spinning.elapsed() < Duration::from_mins(1));
        }
    }
}
