//! What becomes of a batch in a queue, whose parts may go different ways.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::room::Place;
use crate::extensions::file_storage::Store;
use crate::traces::{Accepted, ConsumeResult, Refusal};

/// A batch in a queue. It has left the queue when all of its parts have.
pub(in crate::exporters::sending) struct Ticket {
    outcome: Mutex<Outcome>,
    reply: Option<oneshot::Sender<ConsumeResult>>,
    /// Where it is on disk.
    entry: Option<(Arc<Store>, u64)>,
    _place: Place,
}

#[derive(Default)]
struct Outcome {
    accepted: Accepted,
    refusal: Option<Refusal>,
    /// It is known what became of a part.
    is_settled: bool,
    /// Of another one it is not.
    is_open: bool,
}

impl Outcome {
    /// Nothing of it is to be sent any more.
    fn is_known(&self) -> bool {
        self.is_settled && !self.is_open
    }
}

impl Ticket {
    pub(super) fn new(place: Place) -> Self {
        Self {
            outcome: Mutex::default(),
            reply: None,
            entry: None,
            _place: place,
        }
    }

    /// Its sender waits for what becomes of it.
    pub(super) fn with_reply(mut self, reply: oneshot::Sender<ConsumeResult>) -> Self {
        self.reply = Some(reply);
        self
    }

    /// It is on disk, and goes from there when it is done.
    pub(super) fn with_entry(mut self, store: Arc<Store>, number: u64) -> Self {
        self.entry = Some((store, number));
        self
    }

    /// Where it is on disk.
    pub(super) fn entry(&self) -> Option<&(Arc<Store>, u64)> {
        self.entry.as_ref()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let outcome = std::mem::take(self.outcome.get_mut());
        if let Some((store, number)) = self.entry.take()
            && outcome.is_known()
        {
            store.remove(number);
        }
        if let Some(reply) = self.reply.take() {
            let taken = match outcome.refusal {
                Some(refusal) => Err(refusal),
                None if outcome.is_known() => Ok(outcome.accepted),
                None => Err(Refusal::retry("the queue has ended")),
            };
            let _ = reply.send(taken);
        }
    }
}

/// Some items of a batch.
pub(in crate::exporters::sending) struct Part {
    ticket: Arc<Ticket>,
    items: usize,
    is_settled: bool,
}

impl Part {
    pub(in crate::exporters::sending) fn new(ticket: Arc<Ticket>, items: usize) -> Self {
        let is_settled = false;
        Self {
            ticket,
            items,
            is_settled,
        }
    }

    /// How many.
    pub(in crate::exporters::sending) fn items(&self) -> usize {
        self.items
    }

    /// Whether somebody still has it when it is not sent: its sender.
    pub(in crate::exporters::sending) fn has_sender(&self) -> bool {
        let reply = self.ticket.reply.as_ref();
        reply.is_some_and(|reply| !reply.is_closed())
    }

    /// It is on disk.
    pub(in crate::exporters::sending) fn is_stored(&self) -> bool {
        self.ticket.entry.is_some()
    }

    /// Nothing is to become of it.
    pub(in crate::exporters::sending) fn forget(mut self) {
        self.is_settled = true;
    }

    /// This became of it.
    pub(in crate::exporters::sending) fn settle(mut self, taken: &ConsumeResult) {
        self.is_settled = true;
        let mut outcome = self.ticket.outcome.lock();
        outcome.is_settled = true;
        match taken {
            Ok(accepted) => {
                let rejected = accepted.rejected.min(self.items as u64);
                let before = outcome.accepted.rejected;
                let both = std::mem::take(&mut outcome.accepted).and(accepted);
                outcome.accepted = both;
                outcome.accepted.rejected = before + rejected;
            }
            Err(refusal) => {
                // Sending it again helps when it helps one of its parts.
                let is_known = outcome.refusal.as_ref();
                if is_known.is_none_or(|known| !known.is_retryable()) {
                    outcome.refusal = Some(refusal.clone());
                }
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_settled {
            self.ticket.outcome.lock().is_open = true;
        }
    }
}
