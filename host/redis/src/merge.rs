//! How producers come into the values of their messages, whatever others write at the same
//! time: see `docs/index-format.md`. Each step may be done twice.
//!
//! Nearly all are the first of their message, and take one command. Otherwise the value is
//! read, and what is not in it is added; one that has become long is replaced by the best of
//! it, in exchange for what was there by then.

use std::iter;
use std::ops::Range;

use linkmend::Scope;
use linkmend::index::MessageKey;

use crate::command::put_command;
use crate::connect::Asker;
use crate::exchange::{Share, code, shares};
use crate::format::{self, Change};
use crate::inner::Inner;
use crate::question::{says_cluster, says_elsewhere};
use crate::queue::Pending;
use crate::reply::Reply;
use crate::stats::add;

/// A write may take this many times as long as an answer that a batch waits for.
const LONGER: u32 = 20;

/// What the command for the first producer of a message takes.
const OF_EACH: usize = 160;

/// What became of some that were to be written.
pub(crate) struct Settled<T = Pending> {
    /// They are to be written still.
    pub(crate) left: Vec<T>,
    pub(crate) written: Vec<T>,
}

impl<T> Default for Settled<T> {
    fn default() -> Self {
        Self {
            left: Vec::new(),
            written: Vec::new(),
        }
    }
}

impl<T> Settled<T> {
    /// Of so many that were to be written nothing was.
    pub(crate) fn is_stuck(&self, count: usize) -> bool {
        self.written.is_empty() && self.left.len() == count
    }
}

/// The producers of one message.
struct Group {
    /// Where they are among all.
    range: Range<usize>,
    scope: Option<Scope>,
    message: MessageKey,
    /// The name of the key, and what is to be in it.
    name: Vec<u8>,
    value: Vec<u8>,
    state: State,
}

enum State {
    /// Nobody has answered yet.
    Begun,
    /// Others have written to the key.
    Taken,
    /// It is being changed: so many answers are awaited.
    Changing(Change, usize),
    Written,
    /// The server takes it neither now nor later.
    Refused,
}

impl Inner {
    /// Writes some, and waits for it.
    pub(crate) fn write_some(&self, mut pending: Vec<Pending>) -> Settled {
        pending.sort_unstable_by_key(|pending| {
            let (scope, key) = pending.key();
            (key.high, key.low, scope.map(Scope::to_bytes))
        });
        let mut groups = groups(&self.options.key_prefix, &pending);
        let time_to_live = self.options.time_to_live;
        let seconds = time_to_live.map(|time| time.as_secs().max(1).to_string().into_bytes());
        let seconds = seconds.as_deref();
        self.put_first(&mut groups, seconds);
        let mut lost = Vec::new();
        let is_taken = |group: &Group| matches!(group.state, State::Taken);
        if groups.iter().any(is_taken) {
            self.read(&mut groups, seconds);
            lost = self.add_missing(&mut groups, seconds);
        }
        let mut settled = self.settle(&groups, pending);
        settled.left.extend(lost);
        settled
    }

    /// Writes to the keys that nobody has written to.
    fn put_first(&self, groups: &mut [Group], seconds: Option<&[u8]>) {
        let put = |group: &Group, request: &mut Vec<u8>| {
            let (name, value) = (&*group.name, &*group.value);
            match seconds {
                Some(seconds) => {
                    put_command(request, &[b"SET", name, value, b"EX", seconds, b"NX"]);
                }
                None => put_command(request, &[b"SET", name, value, b"NX"]),
            }
            1
        };
        self.step(groups, put, |group, reply| {
            group.state = match reply {
                Reply::Nothing => State::Taken,
                _ => State::Written,
            };
        });
    }

    /// Reads what others have written, and sees what has to be done to it.
    fn read(&self, groups: &mut [Group], seconds: Option<&[u8]>) {
        let ask = |group: &Group, request: &mut Vec<u8>| {
            let is_asked = matches!(group.state, State::Taken);
            if is_asked {
                put_command(request, &[b"GET", &group.name]);
            }
            usize::from(is_asked)
        };
        self.step(groups, ask, |group, reply| {
            // It may have expired.
            let there = match reply {
                Reply::Text(there) => there,
                _ => &[],
            };
            group.state = match (format::change(there, &group.value), seconds) {
                (Change::Nothing, None) => State::Written,
                (change @ Change::Append(_), Some(_)) => State::Changing(change, 2),
                (change, _) => State::Changing(change, 1),
            };
        });
    }

    /// Adds what is not there. What others added to a value while it was replaced is
    /// given back, to be written again.
    fn add_missing(&self, groups: &mut [Group], seconds: Option<&[u8]>) -> Vec<Pending> {
        let put = |group: &Group, request: &mut Vec<u8>| {
            let State::Changing(change, answers) = &group.state else {
                return 0;
            };
            put_change(request, &group.name, change, seconds);
            *answers
        };
        let mut lost = Vec::new();
        self.step(groups, put, |group, reply| {
            let State::Changing(change, answers) = &mut group.state else {
                return;
            };
            if let (Change::Replace(after), Reply::Text(before)) = (&*change, reply) {
                let entries = format::lost(before, after, group.message).into_iter();
                lost.extend(entries.map(|entry| Pending {
                    is_again: true,
                    scope: group.scope,
                    entry,
                }));
            }
            *answers -= 1;
            if *answers == 0 {
                group.state = State::Written;
            }
        });
        lost
    }

    /// Asks what `put` says for each group, as many commands as it answers, and gives each
    /// answer that is no error.
    fn step(
        &self,
        groups: &mut [Group],
        put: impl Fn(&Group, &mut Vec<u8>) -> usize,
        mut each: impl FnMut(&mut Group, Reply<'_>),
    ) {
        let map = self.topology.map();
        let mut shares = shares(&map, groups.len(), OF_EACH);
        for (number, group) in (0..).zip(groups.iter()) {
            let owner = map
                .owner(&group.name)
                .and_then(|owner| shares.get_mut(owner));
            if let Some(share) = owner.and_then(Option::as_mut) {
                let commands = put(group, &mut share.request);
                share.answers += commands;
                share.numbers.extend(iter::repeat_n(number, commands));
            }
        }
        self.write_shares(shares, |number, reply| {
            let Some(group) = groups.get_mut(number) else {
                return;
            };
            match reply {
                Reply::Error(error) if self.is_refused(error) => group.state = State::Refused,
                Reply::Error(_) => {}
                reply => each(group, reply),
            }
        });
    }

    /// Sends what is to be written, on the connections for that, and gives each answer with
    /// the number of what it is about.
    pub(crate) fn write_shares(
        &self,
        shares: Vec<Option<Share>>,
        mut each: impl FnMut(usize, Reply<'_>),
    ) {
        let asked = shares.into_iter().flatten();
        let asked = asked.filter(|share| share.answers > 0);
        let within = self.options.timeout * LONGER;
        let each = |share: &Share, answer: usize, reply: Reply<'_>| {
            if let Some(number) = share.numbers.get(answer) {
                each(*number as usize, reply);
            }
        };
        self.exchange(Asker::Writer, asked, within, &mut || (), each);
    }

    /// A store that is full takes nothing, and one that one may not write to neither: that
    /// will be so the next time. What another server has does not count, unless nobody is
    /// known to have it.
    pub(crate) fn is_refused(&self, error: &[u8]) -> bool {
        let code = code(error);
        if says_elsewhere(code) && (self.options.cluster || !says_cluster(code)) {
            return false;
        }
        if self.is_refused_told.lock().is_due() {
            tracing::warn!(
                error = %String::from_utf8_lossy(error),
                "the shared index does not take what is remembered: other hosts will not find it"
            );
        }
        true
    }

    /// Counts what became of them.
    fn settle(&self, groups: &[Group], pending: Vec<Pending>) -> Settled {
        let mut settled = Settled::default();
        let mut pending = pending.into_iter();
        for Group { range, state, .. } in groups {
            let of_group = pending.by_ref().take(range.len());
            let (counter, to) = match state {
                State::Written => (Some(&self.counters.written), Some(&mut settled.written)),
                State::Refused => (Some(&self.counters.refused), None),
                _ => (None, Some(&mut settled.left)),
            };
            let of_group: Vec<_> = of_group.collect();
            if let Some(counter) = counter {
                let first = of_group.iter().filter(|pending| !pending.is_again);
                add(counter, first.count());
            }
            if let Some(to) = to {
                to.extend(of_group);
            }
        }
        settled
    }
}

/// Those of one message are one.
fn groups(prefix: &str, pending: &[Pending]) -> Vec<Group> {
    let mut groups = Vec::with_capacity(pending.len());
    let mut start = 0;
    for same in pending.chunk_by(|one, other| one.key() == other.key()) {
        let range = start..start + same.len();
        start = range.end;
        let Some((scope, message)) = same.first().map(Pending::key) else {
            continue;
        };
        let mut value = Vec::with_capacity(same.len() * 48);
        for Pending { entry, .. } in same {
            format::put_member(&mut value, &entry.producer, &entry.trace_state);
        }
        if same.len() > 1 {
            value = format::shortened(&value);
        }
        groups.push(Group {
            range,
            scope,
            message,
            name: format::key(prefix, scope, message),
            value,
            state: State::Begun,
        });
    }
    groups
}

fn put_change(request: &mut Vec<u8>, name: &[u8], change: &Change, seconds: Option<&[u8]>) {
    match (change, seconds) {
        (Change::Nothing, _) => {}
        (Change::Append(new), _) => put_command(request, &[b"APPEND", name, new]),
        (Change::Replace(best), None) => put_command(request, &[b"SET", name, best, b"GET"]),
        (Change::Replace(best), Some(seconds)) => {
            put_command(request, &[b"SET", name, best, b"EX", seconds, b"GET"]);
            return;
        }
    }
    if let Some(seconds) = seconds {
        put_command(request, &[b"EXPIRE", name, seconds]);
    }
}
