//! Who waits for held spans.

use std::sync::Arc;

use linkmend::Acknowledgement;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::traces::{Accepted, ConsumeResult, Refusal};

/// Goes with the held spans of one batch. When the last of them has gone on,
/// nobody has it any more, and the sender of the batch is answered.
pub(super) struct Ticket {
    taken: Mutex<ConsumeResult>,
    answer: Option<oneshot::Sender<ConsumeResult>>,
}

/// Of the sender, which waits.
pub(super) type Answer = oneshot::Receiver<ConsumeResult>;

impl Ticket {
    /// A ticket, and what its sender waits for.
    pub(super) fn issue() -> (Acknowledgement, Answer) {
        let (answer, waiting) = oneshot::channel();
        let ticket = Self {
            taken: Mutex::new(Ok(Accepted::default())),
            answer: Some(answer),
        };
        (Arc::new(ticket), waiting)
    }

    /// What became of some of the spans: what is worst is answered.
    fn add(&self, taken: &ConsumeResult) {
        let mut all = self.taken.lock();
        *all = match (
            std::mem::replace(&mut *all, Ok(Accepted::default())),
            taken.clone(),
        ) {
            (Ok(all), Ok(one)) => Ok(all.and(&one)),
            (Err(all), Err(one)) if one.is_retryable() && !all.is_retryable() => Err(one),
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        };
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            // The sender may have gone.
            let _ = answer.send(std::mem::replace(
                self.taken.get_mut(),
                Ok(Accepted::default()),
            ));
        }
    }
}

/// Tells whoever waits what became of spans of theirs.
pub(super) fn tell(acknowledgements: &[Acknowledgement], taken: &ConsumeResult) {
    for acknowledgement in acknowledgements {
        if let Some(ticket) = acknowledgement.downcast_ref::<Ticket>() {
            ticket.add(taken);
        }
    }
}

/// Waits for the last of the held spans.
pub(super) async fn answered(answer: Answer) -> ConsumeResult {
    // The sender of the answer is dropped only when it was used.
    let lost = |_| Err(Refusal::retry("held spans were lost on their way"));
    answer.await.unwrap_or_else(lost)
}
