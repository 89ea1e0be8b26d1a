//! Writing behind: what is remembered waits here until the store has it.

use std::sync::Arc;
use std::time::Duration;

use linkmend::Scope;
use linkmend::index::{Entry, Producer};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::inner::Inner;
use crate::queue::Pending;
use crate::stats::add;

/// What was remembered is written a little later; when a batch has asked meanwhile, after some
/// time more, in which it goes on: a machine with two processors feels it when the server works
/// for that batch as well. And at the latest after that when others ask.
const LATER: Duration = Duration::from_millis(1);
const GOES_ON: Duration = Duration::from_millis(3);
const LATEST: Duration = Duration::from_millis(2);

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
            let entry = Entry {
                producer: *producer,
                trace_state: texts.get(start..end).unwrap_or_default().into(),
            };
            Pending {
                is_again: false,
                scope,
                entry,
            }
        });
        let dropped = self.queue.add(pending, self.options.queue_size);
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
                self.ends.queue.again();
            }
            self.make_room().await;
            let due = self.queue.waiting().max(self.ends.queue.waiting());
            if due == 0 {
                tokio::select! {
                    () = self.queue.added.notified() => {}
                    () = self.ends.queue.added.notified() => {}
                    () = turned => {}
                }
            } else if self.write_so_many(due).await {
                tokio::select! {
                    () = sleep(AGAIN) => {}
                    () = self.topology.turned().notified() => {}
                }
            }
        }
    }

    /// Writes so many of each of those that wait, one request after the other; whether nothing
    /// can be written at the moment.
    async fn write_so_many(self: &Arc<Self>, mut due: usize) -> bool {
        while due > 0 {
            let (pending, ends) = (self.queue.take(), self.ends.queue.take());
            let counts = (pending.len(), ends.len());
            if counts == (0, 0) {
                // They had to make room.
                return false;
            }
            let inner = Arc::clone(self);
            let writing =
                spawn_blocking(move || (inner.write_some(pending), inner.write_ends(ends)));
            let (producers, ends) = writing.await.unwrap_or_default();
            let is_stuck = producers.is_stuck(counts.0) && ends.is_stuck(counts.1);
            self.queue
                .settle(counts.0, producers.left, producers.written);
            self.ends.queue.settle(counts.1, ends.left, ends.written);
            if is_stuck {
                return true;
            }
            due = due.saturating_sub(counts.0.max(counts.1));
        }
        false
    }

    /// A batch remembers, asks, and goes on: what it remembered is written after that. That
    /// makes nothing late that matters, and much of it one request.
    async fn make_room(&self) {
        let waiting = self.queue.waiting() + self.ends.queue.waiting();
        if waiting == 0 || waiting >= NEVER_LATER {
            return;
        }
        let answered = self.batches.answered();
        sleep(LATER).await;
        if self.batches.answered() > answered {
            sleep(GOES_ON).await;
        }
        let _ = timeout(LATEST, self.batches.over()).await;
    }
}
