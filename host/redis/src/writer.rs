//! Writing behind: what is remembered waits here until the store has it.

use std::sync::Arc;
use std::time::Duration;

use linkmend::Scope;
use linkmend::index::Producer;
use redis::{Pipeline, Value};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::format::{self, MAX_PRODUCERS_PER_KEY};
use crate::inner::Inner;
use crate::node::{Failed, Request, SHORT};
use crate::question::{NUMBER, Question, command, is_elsewhere, is_moved, questions};
use crate::queue::Pending;
use crate::stats::add;

/// What became of a request, and what was in it, by number.
type Answered = (Vec<u32>, Result<Vec<Value>, Failed>);

/// A write may take this many times as long as an answer that a batch waits for.
const LONGER: u32 = 20;

/// What was remembered is written a little later, when the batch that it is of has asked
/// and was answered; and at the latest then.
const LATER: Duration = Duration::from_millis(1);
const LATEST: Duration = Duration::from_millis(5);

/// Unless so much waits that it would be too slow.
const NEVER_LATER: usize = 2_048;

/// When nothing can be written, it is tried again so often.
const AGAIN: Duration = Duration::from_millis(100);

impl Inner {
    /// Takes producers to be written; the oldest that wait make room for them.
    pub(crate) fn remember(&self, scope: Option<Scope>, producers: &[Producer], texts: &[u8]) {
        let pending = producers.iter().map(|producer| {
            let start = producer.trace_state.offset as usize;
            let end = start.saturating_add(producer.trace_state.length as usize);
            let state = texts.get(start..end).unwrap_or_default();
            Pending {
                is_again: false,
                key: format::key(&self.options.key_prefix, scope, producer.key).into(),
                score: format::score(producer),
                member: format::member(producer, state).into(),
            }
        });
        let dropped = self.queue.add(pending.collect(), self.options.queue_size);
        add(&self.counters.dropped, dropped);
    }

    /// Writes what waits, until the end.
    pub(crate) async fn write(self: Arc<Self>) {
        let mut connections = 0;
        loop {
            let turned = self.topology.turned().notified();
            let now = self.topology.connections();
            if std::mem::replace(&mut connections, now) != now {
                self.queue.again();
            }
            self.make_room().await;
            let pending = self.queue.take();
            if pending.is_empty() {
                tokio::select! {
                    () = self.queue.added.notified() => {}
                    () = turned => {}
                }
                continue;
            }
            let count = pending.len();
            let (left, written) = self.write_some(pending).await;
            let is_stuck = left.len() == count;
            self.queue.settle(count, left, written);
            if is_stuck {
                tokio::select! {
                    () = sleep(AGAIN) => {}
                    () = self.topology.turned().notified() => {}
                }
            }
        }
    }

    /// A batch remembers, and then asks: what it remembered is written when it has its
    /// answer. That makes nothing late that matters, and much of it one request.
    async fn make_room(&self) {
        let waiting = self.queue.waiting();
        if waiting == 0 || waiting >= NEVER_LATER {
            return;
        }
        sleep(LATER).await;
        let _ = timeout(LATEST, self.batches.over()).await;
    }

    /// Writes some; those that were not written are given back, and those that were.
    async fn write_some(self: &Arc<Self>, pending: Vec<Pending>) -> (Vec<Pending>, Vec<Pending>) {
        let mut pending: Vec<Option<Pending>> = pending.into_iter().map(Some).collect();
        let mut written = Vec::with_capacity(pending.len());
        let commands = commands(self.time_to_live());
        let mut writing = self.begin_to_write(&pending);
        while let Some(answered) = writing.join_next().await {
            let Ok((numbers, Ok(values))) = answered else {
                continue;
            };
            for (number, values) in numbers.iter().zip(values.chunks(commands)) {
                // Where nobody is known to have it, it stays where it is.
                let is_known = self.options.cluster || !values.iter().any(is_moved);
                if values.iter().any(is_elsewhere) && is_known {
                    continue;
                }
                let place = pending.get_mut(*number as usize);
                if let Some(pending) = place.and_then(Option::take)
                    && self.is_taken(values, pending.is_again)
                {
                    written.push(pending);
                }
            }
        }
        (pending.into_iter().flatten().collect(), written)
    }

    /// One request for each server, with the numbers of what is in it.
    fn begin_to_write(self: &Arc<Self>, pending: &[Option<Pending>]) -> JoinSet<Answered> {
        let time_to_live = self.time_to_live();
        let keys = pending.iter().flatten().map(|pending| pending.key.to_vec());
        let (questions, _) = questions(&self.topology.map(), keys, |_| None);
        let mut writing = JoinSet::new();
        for question in questions {
            let Question { node, numbers, .. } = question;
            let commands = commands(time_to_live);
            let mut request = Pipeline::with_capacity(numbers.len() * commands);
            for number in &numbers {
                if let Some(Some(pending)) = pending.get(*number as usize) {
                    put(&mut request, pending, time_to_live);
                }
            }
            let inner = Arc::clone(self);
            writing.spawn(async move {
                let request = Request {
                    commands: request,
                    within: inner.options.timeout * LONGER,
                    most_of_each: SHORT,
                };
                let answer = inner.ask(&node, &request).await;
                (numbers, answer)
            });
        }
        writing
    }

    /// In seconds.
    fn time_to_live(&self) -> Option<u64> {
        self.options.time_to_live.map(|time| time.as_secs().max(1))
    }

    /// A store that is full takes nothing, and one that one may not write to neither:
    /// that will be so the next time.
    fn is_taken(&self, values: &[Value], is_again: bool) -> bool {
        let error = values.iter().find_map(|value| match value {
            Value::ServerError(error) => Some(error),
            _ => None,
        });
        match error {
            None if is_again => {}
            None => add(&self.counters.written, 1),
            Some(error) => {
                add(&self.counters.refused, usize::from(!is_again));
                if self.is_refused_told.lock().is_due() {
                    tracing::warn!(
                        %error,
                        "the shared index does not take what is remembered: other hosts will not \
                         find it"
                    );
                }
            }
        }
        error.is_none()
    }
}

/// Each of these may be done twice, and in any order with those of other programs.
fn put(request: &mut Pipeline, pending: &Pending, time_to_live: Option<u64>) {
    let key: &[u8] = &pending.key;
    let mut add = command("ZADD", key, 3, pending.member.len() + NUMBER);
    add.arg(pending.score).arg(&*pending.member);
    let mut bound = command("ZREMRANGEBYRANK", key, 3, 2 * NUMBER);
    bound.arg(MAX_PRODUCERS_PER_KEY).arg(-1);
    request.add_command(add).add_command(bound);
    if let Some(seconds) = time_to_live {
        let mut expire = command("EXPIRE", key, 2, NUMBER);
        expire.arg(seconds);
        request.add_command(expire);
    }
}

fn commands(time_to_live: Option<u64>) -> usize {
    2 + usize::from(time_to_live.is_some())
}
