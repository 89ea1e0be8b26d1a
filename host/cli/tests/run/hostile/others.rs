//! Those who send spans while somebody else attacks.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::attacked::Attacked;
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

/// How many batches others send at least during an attack.
const BATCHES: u64 = 60;

/// Their spans have numbers from here on.
const FIRST: u64 = 1 << 40;

/// How long one of them may have to wait, beyond what this machine took when
/// there was no attack: others may be using it.
const PATIENCE: Duration = Duration::from_secs(1);

/// While an attack goes on, others send batches whose links are to be mended:
/// none of them waits for long, and all of them are.
pub fn are_served<T: Send>(attacked: &Attacked, attack: impl FnOnce() -> T + Send) -> T {
    let others = Others {
        attacked,
        sender: Sender::new(),
    };
    let before = (0..20).map(|batch| others.send(batch)).max().unwrap();
    let is_over = AtomicBool::new(false);
    let (longest, sent, given) = std::thread::scope(|scope| {
        let attack = scope.spawn(|| {
            let given = attack();
            is_over.store(true, Ordering::Relaxed);
            given
        });
        let mut longest = Duration::ZERO;
        let mut batch = 100;
        while batch < 100 + BATCHES || !is_over.load(Ordering::Relaxed) && !attack.is_finished() {
            longest = longest.max(others.send(batch));
            batch += 1;
            sleep(Duration::from_millis(50));
        }
        (longest, batch, attack.join().expect("the attack"))
    });
    eprintln!("others waited for {longest:?} at most, {before:?} before");
    let linked = others.linked(100..sent);
    assert_eq!(linked, sent - 100, "batches that were mended");
    assert!(longest <= PATIENCE + 4 * before, "{longest:?}");
    given
}

struct Others<'a> {
    attacked: &'a Attacked,
    sender: Sender,
}

impl Others<'_> {
    /// Sends a producer and its consumer, one after the other; how long the one
    /// took that was waited for longest.
    fn send(&self, batch: u64) -> Duration {
        let message = FIRST + batch;
        let first = FIRST + 2 * batch;
        let spans = [
            span(first, Role::Sends(message)),
            span(first + 1, Role::Receives(message)),
        ];
        let times = spans.map(|span| {
            let begun = Instant::now();
            let to = self.attacked.linkmend.addresses.grpc;
            self.sender.grpc(to, request(vec![span])).unwrap();
            begun.elapsed()
        });
        times.into_iter().max().unwrap_or_default()
    }

    /// How many of these batches arrive with the link that was missing.
    fn linked(&self, batches: std::ops::Range<u64>) -> u64 {
        let consumers: HashSet<_> = batches.map(|batch| FIRST + 2 * batch + 1).collect();
        let begun = Instant::now();
        loop {
            let spans = self.attacked.intake.spans_where(|span| {
                consumers.contains(&number(span)) && linked(span) == [number(span) - 1]
            });
            let linked: HashSet<_> = spans.iter().map(number).collect();
            if linked.len() == consumers.len() || begun.elapsed() > wait::LONG {
                return linked.len() as u64;
            }
            sleep(Duration::from_millis(50));
        }
    }
}
