//! Those who send spans while somebody else attacks.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::attacked::Attacked;
use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

/// How many batches others send at least during an attack.
const BATCHES: u64 = 60;

/// Their spans have numbers from here on.
const FIRST: u64 = 1 << 40;

/// How long one of them may have to wait, beyond twice what it took at the same
/// time with a linkmend that nobody attacks: the machine has other things to do,
/// the attacker among them.
const PATIENCE: Duration = Duration::from_secs(1);

/// While an attack goes on, others send batches whose links are to be mended:
/// none of them waits for long, and all of them are. If one waits for long the attack is
/// made once more: what else goes on on the machine does not come back with it.
pub fn are_served<T: Send>(attacked: &Attacked, attack: impl Fn() -> T + Sync) -> T {
    let first = served(attacked, &attack, 100);
    let given = first.or_else(|slow| {
        eprintln!("once more: {slow}");
        served(attacked, &attack, 1_000_000)
    });
    given.unwrap_or_else(|slow| panic!("{slow}"))
}

/// The same, by batches from a number on: what the attack gave, or how long one had to wait.
fn served<T: Send>(
    attacked: &Attacked,
    attack: &(impl Fn() -> T + Sync),
    first: u64,
) -> Result<T, String> {
    let others = Others {
        attacked,
        sender: Sender::new(),
    };
    let elsewhere = Intake::start();
    let control = Linkmend::start(&[&linkmend::by_grpc(&elsewhere, "")]);
    for batch in first - 20..first {
        others.send(batch);
        others.send_to(control.addresses.grpc, batch);
    }
    let is_over = AtomicBool::new(false);
    let (longest, as_control, sent, given) = std::thread::scope(|scope| {
        let attack = scope.spawn(|| {
            let given = attack();
            is_over.store(true, Ordering::Relaxed);
            given
        });
        let (mut longest, mut as_control) = (Duration::ZERO, Duration::ZERO);
        let mut batch = first;
        while batch < first + BATCHES || !is_over.load(Ordering::Relaxed) && !attack.is_finished() {
            longest = longest.max(others.send(batch));
            as_control = as_control.max(others.send_to(control.addresses.grpc, batch));
            batch += 1;
            sleep(Duration::from_millis(50));
        }
        let given = attack.join().expect("the attack");
        (longest, as_control, batch, given)
    });
    eprintln!("others waited for {longest:?} at most, {as_control:?} where nobody attacks");
    let linked = others.linked(first..sent);
    assert_eq!(linked, sent - first, "batches that were mended");
    if longest <= PATIENCE + 2 * as_control {
        Ok(given)
    } else {
        Err(format!("{longest:?}, {as_control:?} where nobody attacks"))
    }
}

struct Others<'a> {
    attacked: &'a Attacked,
    sender: Sender,
}

impl Others<'_> {
    /// Sends a producer and its consumer, one after the other; how long the one
    /// took that was waited for longest.
    fn send(&self, batch: u64) -> Duration {
        self.send_to(self.attacked.linkmend.addresses.grpc, batch)
    }

    fn send_to(&self, to: SocketAddr, batch: u64) -> Duration {
        let message = FIRST + batch;
        let first = FIRST + 2 * batch;
        let spans = [
            span(first, Role::Sends(message)),
            span(first + 1, Role::Receives(message)),
        ];
        let times = spans.map(|span| {
            let begun = Instant::now();
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
                // Those of an attack may have no id.
                span.span_id.len() == 8
                    && consumers.contains(&number(span))
                    && linked(span) == [number(span) - 1]
            });
            let linked: HashSet<_> = spans.iter().map(number).collect();
            if linked.len() == consumers.len() || begun.elapsed() > wait::LONG {
                return linked.len() as u64;
            }
            sleep(Duration::from_millis(50));
        }
    }
}
