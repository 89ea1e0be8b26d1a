//! Writing behind: what is remembered waits here until the store has it.

use std::sync::Arc;
use std::time::Duration;

use linkmend::Scope;
use linkmend::index::Producer;
use redis::{Pipeline, Value};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::format::{self, MOST_OF_A_KEY};
use crate::inner::Inner;
use crate::node::{Request, SHORT};
use crate::question::{NUMBER, Question, command, is_elsewhere, is_moved, questions};
use crate::queue::Pending;
use crate::stats::add;

/// A write may take this many times as long as an answer that a batch waits for.
const LONGER: u32 = 20;

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
        loop {
            let pending = self.queue.take();
            if pending.is_empty() {
                self.queue.added.notified().await;
                continue;
            }
            let count = pending.len();
            let left = self.write_some(pending).await;
            let is_stuck = left.len() == count;
            self.queue.settle(count, left);
            if is_stuck {
                tokio::select! {
                    () = sleep(AGAIN) => {}
                    () = self.topology.turned().notified() => {}
                }
            }
        }
    }

    /// Writes some; those that were not written are given back.
    async fn write_some(self: &Arc<Self>, pending: Vec<Pending>) -> Vec<Pending> {
        let mut pending: Vec<Option<Pending>> = pending.into_iter().map(Some).collect();
        let time_to_live = self.options.time_to_live.map(|time| time.as_secs().max(1));
        let map = self.topology.map();
        let keys = pending.iter().flatten().map(|pending| pending.key.to_vec());
        let (questions, _) = questions(&map, keys, |_| None);
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
                    is_urgent: false,
                };
                let answer = inner.ask(&node, &request).await;
                (numbers, answer)
            });
        }
        let commands = commands(time_to_live);
        while let Some(written) = writing.join_next().await {
            let Ok((numbers, Ok(values))) = written else {
                continue;
            };
            for (number, values) in numbers.iter().zip(values.chunks(commands)) {
                // Where nobody is known to have it, it stays where it is.
                let is_known = self.options.cluster || !values.iter().any(is_moved);
                if values.iter().any(is_elsewhere) && is_known {
                    continue;
                }
                if let Some(pending) = pending.get_mut(*number as usize) {
                    *pending = None;
                }
                self.count_written(values);
            }
        }
        pending.into_iter().flatten().collect()
    }

    /// A store that is full takes nothing, and one that one may not write to neither:
    /// that will be so the next time.
    fn count_written(&self, values: &[Value]) {
        let error = values.iter().find_map(|value| match value {
            Value::ServerError(error) => Some(error),
            _ => None,
        });
        match error {
            None => add(&self.counters.written, 1),
            Some(error) => {
                add(&self.counters.refused, 1);
                if self.is_refused_told.lock().is_due() {
                    tracing::warn!(
                        %error,
                        "the shared index does not take what is remembered: other hosts will not \
                         find it"
                    );
                }
            }
        }
    }
}

/// Each of these may be done twice, and in any order with those of other programs.
fn put(request: &mut Pipeline, pending: &Pending, time_to_live: Option<u64>) {
    let key: &[u8] = &pending.key;
    let mut add = command("ZADD", key, 3, pending.member.len() + NUMBER);
    add.arg(pending.score).arg(&*pending.member);
    let mut bound = command("ZREMRANGEBYRANK", key, 3, 2 * NUMBER);
    bound.arg(MOST_OF_A_KEY).arg(-1);
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
