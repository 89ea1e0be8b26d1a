//! Asking the store for the producers of a batch.

use linkmend::Scope;
use linkmend::index::{Entry, MessageKey};

use crate::connect::Asker;
use crate::exchange::{Share, shares};
use crate::format::{self, REST};
use crate::inner::Inner;
use crate::reply::Reply;
use crate::stats::add;
use crate::topology::Map;

/// How many keys one command names at most: a server does nothing else until it is done.
const KEYS_AT_ONCE: usize = 128;

impl Inner {
    /// All that the store knows of some keys, as far as it answers in time; the time in which
    /// it does is there for something else.
    pub(crate) fn recall(
        &self,
        scope: Option<Scope>,
        keys: &[MessageKey],
        meanwhile: &mut dyn FnMut(),
    ) -> Vec<Entry> {
        let _waiting = self.batches.begin();
        let mut keys = keys.to_vec();
        keys.sort_unstable_by_key(|key| (key.high, key.low));
        keys.dedup();
        let beginning = format::beginning(&self.options.key_prefix, scope);
        let map = self.topology.map();
        let keys_at_once = if map.is_one() { KEYS_AT_ONCE } else { 1 };
        let shares = questions(&map, &beginning, &keys, keys_at_once);
        let mut found = Vec::with_capacity(keys.len());
        let mut answered = 0;
        // Which answer it is, and the key that is next in it.
        let (mut current, mut next) = (0, 0);
        let take = |share: &Share, number: usize, reply: Reply<'_>| {
            let is_first = matches!(reply, Reply::List(_)) || keys_at_once == 1;
            if is_first {
                (current, next) = (number, number * keys_at_once);
            }
            let value = match reply {
                Reply::Text(value) => value,
                Reply::Nothing => &[],
                Reply::List(_) | Reply::Error(_) | Reply::Done => return,
            };
            let end = (current + 1) * keys_at_once;
            let place = share.numbers.get(next).filter(|_| next < end);
            next += 1;
            if let Some(key) = place.and_then(|number| keys.get(*number as usize)) {
                answered += 1;
                format::read_all(*key, value, &mut found);
            }
        };
        let within = self.options.timeout;
        self.exchange(Asker::Batch, shares.into_iter(), within, meanwhile, take);
        add(
            &self.counters.unanswered,
            keys.len().saturating_sub(answered),
        );
        found
    }
}

/// The questions about some keys, one for each server that can be asked. One server is
/// asked for many keys by one command; those of a cluster take none about keys of
/// several slots.
fn questions(map: &Map, beginning: &[u8], keys: &[MessageKey], keys_at_once: usize) -> Vec<Share> {
    let length = beginning.len() + REST;
    let head = format!("${length}\r\n");
    let each = "*2\r\n$3\r\nGET\r\n".len() + head.len() + length + "\r\n".len();
    let mut shares = shares(map, keys.len(), each);
    let mut name = beginning.to_vec();
    for (number, key) in (0..).zip(keys) {
        name.truncate(beginning.len());
        format::put_rest(&mut name, *key);
        let owner = map.owner(&name).and_then(|owner| shares.get_mut(owner));
        let Some(share) = owner.and_then(Option::as_mut) else {
            continue;
        };
        if share.numbers.len().is_multiple_of(keys_at_once) {
            let left = (keys.len() - number as usize).min(keys_at_once);
            let command = if keys_at_once == 1 { "GET" } else { "MGET" };
            let start = format!("*{}\r\n${}\r\n{command}\r\n", left + 1, command.len());
            share.request.extend_from_slice(start.as_bytes());
            share.answers += 1;
        }
        share.request.extend_from_slice(head.as_bytes());
        share.request.extend_from_slice(&name);
        share.request.extend_from_slice(b"\r\n");
        share.numbers.push(number);
    }
    let asked = shares.into_iter().flatten();
    asked.filter(|share| share.answers > 0).collect()
}
