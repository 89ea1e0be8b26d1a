//! Requests to the servers of a store, each of which has some of the keys: all of them are
//! sent before the first answer is waited for, by the thread that waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connect::{Asker, Open};
use crate::direct::{Broken, Direct};
use crate::format::LONGEST_VALUE;
use crate::inner::Inner;
use crate::node::{Node, SHORT};
use crate::question::Refusals;
use crate::reply::Reply;
use crate::stats::add;
use crate::topology::Map;

/// An answer that is a value has no more bytes.
const LONGEST: usize = LONGEST_VALUE + SHORT;

/// What one server is asked, and for which of the keys, by number.
pub(crate) struct Share {
    node: Arc<Node>,
    open: Arc<Open>,
    pub(crate) request: Vec<u8>,
    pub(crate) numbers: Vec<u32>,
    /// How many answers there will be.
    pub(crate) answers: usize,
}

/// A request that is on its way.
struct Sent {
    share: Share,
    direct: Direct,
}

/// A share of the keys for each server that can be asked, by the server's number.
pub(crate) fn shares(map: &Map, keys: usize, bytes_of_each: usize) -> Vec<Option<Share>> {
    let share = keys / map.nodes.len().max(1) + 1;
    let of_node = |node: &Arc<Node>| {
        node.connection().map(|open| Share {
            node: Arc::clone(node),
            open,
            request: Vec::with_capacity(share * bytes_of_each),
            numbers: Vec::with_capacity(share),
            answers: 0,
        })
    };
    map.nodes.iter().map(of_node).collect()
}

impl Inner {
    /// Sends some requests, does something else, and gives each answer with its share and its
    /// number, and each part of one that is a list behind it, as far as they come within that
    /// time.
    pub(crate) fn exchange(
        &self,
        asker: Asker,
        shares: impl Iterator<Item = Share>,
        within: Duration,
        meanwhile: &mut dyn FnMut(),
        mut each: impl FnMut(&Share, usize, Reply<'_>),
    ) {
        let begun = Instant::now();
        let deadline = begun + within;
        let sent = shares.filter_map(|share| {
            let sent = share.send(asker, deadline);
            let direct = self.or_failed(&share, sent, within)?;
            Some(Sent { share, direct })
        });
        let sent: Vec<Sent> = sent.collect();
        meanwhile();
        for Sent { share, mut direct } in sent {
            let mut refusals = Refusals::default();
            let answered = direct.answers(share.answers, deadline, |number, reply| {
                if let Reply::Error(error) = reply {
                    refusals.add(code(error));
                }
                each(&share, number, reply);
            });
            let is_of_use = !matches!(answered, Err(Broken::Lost(_)));
            if self.or_failed(&share, answered, within).is_some() {
                share.node.is_answered();
                self.was_answered(&share.node, begun, &refusals);
            }
            share.open.put_back(asker, is_of_use.then_some(direct));
        }
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

impl Share {
    /// Sends it on a connection that nobody else uses.
    fn send(&self, asker: Asker, deadline: Instant) -> Result<Direct, Broken> {
        let mut direct = self.open.take(asker, deadline).ok_or(Broken::Late)?;
        let most = self.numbers.len().saturating_mul(LONGEST);
        match direct.send(&self.request, most, deadline) {
            Ok(()) => Ok(direct),
            Err(broken) => {
                self.open.put_back(asker, None);
                Err(broken)
            }
        }
    }
}

/// The first word of an error.
pub(crate) fn code(error: &[u8]) -> &str {
    let word = error.split(|byte| *byte == b' ').next();
    std::str::from_utf8(word.unwrap_or_default()).unwrap_or_default()
}
