//! Writing ends behind, by the one that writes what is remembered.

use super::format::key;
use super::waiting::PendingEnd;
use crate::command::put_command;
use crate::exchange::shares;
use crate::inner::Inner;
use crate::merge::Settled;
use crate::reply::Reply;
use crate::stats::add;

/// What the command for one takes.
const OF_EACH: usize = 256;

/// What became of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has answered.
    Left,
    Written,
    /// The server takes it neither now nor later.
    Refused,
}

impl Inner {
    /// Writes some, and waits for it. The same span has the same value, whoever writes it.
    pub(crate) fn write_ends(&self, ends: Vec<PendingEnd>) -> Settled<PendingEnd> {
        if ends.is_empty() {
            return Settled::default();
        }
        let seconds = self.options.time_to_live;
        let seconds = seconds.map(|time| time.as_secs().max(1).to_string().into_bytes());
        let map = self.topology.map();
        let mut shares = shares(&map, ends.len(), OF_EACH);
        for (number, end) in (0..).zip(&ends) {
            let name = key(&self.options.key_prefix, &end.key);
            let owner = map.owner(&name).and_then(|owner| shares.get_mut(owner));
            let Some(share) = owner.and_then(Option::as_mut) else {
                continue;
            };
            match &seconds {
                Some(seconds) => put_command(
                    &mut share.request,
                    &[b"SET", &name, &end.value, b"EX", seconds],
                ),
                None => put_command(&mut share.request, &[b"SET", &name, &end.value]),
            }
            share.answers += 1;
            share.numbers.push(number);
        }
        let mut states = vec![State::Left; ends.len()];
        self.write_shares(shares, |number, reply| {
            if let Some(state) = states.get_mut(number) {
                *state = match reply {
                    Reply::Error(error) if self.is_refused(error) => State::Refused,
                    Reply::Error(_) => State::Left,
                    _ => State::Written,
                };
            }
        });
        self.settle_ends(ends, &states)
    }

    /// Counts what became of them.
    fn settle_ends(&self, ends: Vec<PendingEnd>, states: &[State]) -> Settled<PendingEnd> {
        let counters = &self.ends;
        let mut settled = Settled::default();
        for (end, state) in ends.into_iter().zip(states) {
            let first = usize::from(!end.is_again);
            match state {
                State::Left => settled.left.push(end),
                State::Refused => add(&counters.refused, first),
                State::Written => {
                    add(&counters.written, first);
                    settled.written.push(end);
                }
            }
        }
        settled
    }
}
