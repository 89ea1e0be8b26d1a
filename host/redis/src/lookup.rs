//! Asking the store for the producers of a batch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use linkmend::Scope;
use linkmend::index::{Entry, MessageKey};

use crate::connect::Open;
use crate::direct::{Broken, Direct};
use crate::format::{self, LONGEST_MEMBER, MAX_PRODUCERS_PER_KEY, REST};
use crate::inner::Inner;
use crate::node::{Node, SHORT};
use crate::question::Refusals;
use crate::reply::Reply;
use crate::stats::add;
use crate::topology::Map;

/// An answer has no more bytes.
const LONGEST: usize = MAX_PRODUCERS_PER_KEY * LONGEST_MEMBER + SHORT;

/// What one server is asked, and for which of the keys, by number.
struct Share {
    node: Arc<Node>,
    open: Arc<Open>,
    request: Vec<u8>,
    numbers: Vec<u32>,
}

/// A question that is on its way.
struct Asked {
    share: Share,
    direct: Direct,
}

impl Inner {
    /// All that the store knows of some keys, as far as it answers in time. All servers
    /// are asked before the first of them is waited for.
    pub(crate) fn recall(&self, scope: Option<Scope>, keys: &[MessageKey]) -> Vec<Entry> {
        let _waiting = self.batches.begin();
        let begun = Instant::now();
        let deadline = begun + self.options.timeout;
        let mut keys = keys.to_vec();
        keys.sort_unstable_by_key(|key| (key.high, key.low));
        keys.dedup();
        let beginning = format::beginning(&self.options.key_prefix, scope);
        let shares = shares(&self.topology.map(), &beginning, &keys);
        let sent = shares.into_iter().filter_map(|share| {
            let sent = send(&share, deadline);
            let direct = self.or_failed(&share, sent, deadline - begun)?;
            Some(Asked { share, direct })
        });
        // All of them, before the first is waited for.
        let sent: Vec<Asked> = sent.collect();
        let mut found = Vec::with_capacity(keys.len());
        let mut answered = 0;
        for Asked { share, mut direct } in sent {
            let mut refusals = Refusals::default();
            let answers = direct.answers(share.numbers.len(), deadline, |number, reply| {
                let number = share.numbers.get(number);
                match (reply, number.and_then(|number| keys.get(*number as usize))) {
                    (Reply::Texts(members), Some(key)) => {
                        answered += 1;
                        // No more than it was asked for.
                        let members = members.take(MAX_PRODUCERS_PER_KEY);
                        found.extend(members.filter_map(|member| format::read(*key, member)));
                    }
                    (Reply::Error(error), _) => refusals.add(code(error)),
                    _ => {}
                }
            });
            let is_of_use = !matches!(answers, Err(Broken::Lost(_)));
            if self.or_failed(&share, answers, deadline - begun).is_some() {
                share.node.is_answered();
                self.was_answered(&share.node, begun, &refusals);
            }
            if is_of_use {
                share.open.asking.give_back(direct);
            } else {
                share.open.asking.is_lost();
            }
        }
        add(&self.counters.unanswered, keys.len() - answered);
        found
    }

    /// What was done, unless it came to nothing, which the circuit of the server is told.
    fn or_failed<T>(&self, share: &Share, done: Result<T, Broken>, within: Duration) -> Option<T> {
        match done {
            Ok(done) => return Some(done),
            Err(Broken::Late) => share.node.is_late(&share.open, within),
            Err(Broken::Lost(why)) => share.node.lose(&share.open, &why),
        }
        add(&self.counters.failures, 1);
        None
    }
}

/// The questions about some keys, one for each server that can be asked.
fn shares(map: &Map, beginning: &[u8], keys: &[MessageKey]) -> Vec<Share> {
    let head = format!("*4\r\n$6\r\nZRANGE\r\n${}\r\n", beginning.len() + REST);
    let tail = tail();
    let each = head.len() + beginning.len() + REST + tail.len();
    let share = keys.len() / map.nodes.len().max(1) + 1;
    let mut shares: Vec<Option<Share>> = map
        .nodes
        .iter()
        .map(|node| {
            node.connection().map(|open| Share {
                node: Arc::clone(node),
                open,
                request: Vec::with_capacity(share * each),
                numbers: Vec::with_capacity(share),
            })
        })
        .collect();
    let mut key = beginning.to_vec();
    for (number, message) in (0..).zip(keys) {
        key.truncate(beginning.len());
        format::put_rest(&mut key, *message);
        let owner = map.owner(&key).and_then(|owner| shares.get_mut(owner));
        if let Some(share) = owner.and_then(Option::as_mut) {
            share.request.extend_from_slice(head.as_bytes());
            share.request.extend_from_slice(&key);
            share.request.extend_from_slice(tail.as_bytes());
            share.numbers.push(number);
        }
    }
    let asked = shares.into_iter().flatten();
    asked.filter(|share| !share.numbers.is_empty()).collect()
}

/// What stands behind the key: which of the members are asked for.
fn tail() -> String {
    let last = (MAX_PRODUCERS_PER_KEY - 1).to_string();
    format!("\r\n$1\r\n0\r\n${}\r\n{last}\r\n", last.len())
}

/// Sends a question on a connection that nobody else uses.
fn send(share: &Share, deadline: Instant) -> Result<Direct, Broken> {
    let mut direct = share.open.asking.take(deadline).ok_or(Broken::Late)?;
    let most = share.numbers.len().saturating_mul(LONGEST);
    match direct.send(&share.request, most, deadline) {
        Ok(()) => Ok(direct),
        Err(broken) => {
            share.open.asking.is_lost();
            Err(broken)
        }
    }
}

/// The first word of an error.
fn code(error: &[u8]) -> &str {
    let word = error.split(|byte| *byte == b' ').next();
    std::str::from_utf8(word.unwrap_or_default()).unwrap_or_default()
}
