//! Several sends under one id that the application made up: the hops of one
//! message, or several messages.
//!
//! A message that is tried again, forwarded or dead-lettered keeps its id, and
//! who sends it on has consumed it before. So of the traces that sent it, those
//! that had not consumed it are where a message began: one is a chain, of which
//! the latest hop before the consumer is its sender; two are two messages under
//! one id, and there is no telling.

use linkmend_rule::{MessageKey, Producer};

use crate::asides;
use crate::candidates::{Candidates, Choice, Doubt, latest, several};
use crate::producers::{Producers, Question, trace_id};
use crate::records::SpanRecord;

/// Chooses the producer of the message with this `key` among `candidates`, the
/// best first; there were `more` than these.
pub fn choose<'p>(
    span: &SpanRecord,
    producers: &Producers,
    key: MessageKey,
    candidates: &Candidates<'p>,
    more: bool,
) -> Choice<'p> {
    // What seems to have come later is none as long as there is another.
    let in_time = candidates.iter().filter(|(order, _)| !order.late);
    let mut sends: Candidates<'p> = in_time.copied().collect();
    if sends.is_empty() {
        sends.clone_from(candidates);
    }
    if sends.len() < 2 && !more {
        return latest(&sends);
    }
    let consumers = producers.aside(question(key, candidates));
    let consumed_before = |send: &Producer| {
        let same = |consumer: &&Producer| trace_id(consumer) == trace_id(send);
        let mut own = consumers.iter().filter(same);
        own.any(|consumer| consumer.start <= send.start)
    };
    let mut origins: Vec<u128> = sends
        .iter()
        .filter(|(_, send)| !consumed_before(send))
        .map(|(_, send)| trace_id(send))
        .collect();
    origins.sort_unstable();
    origins.dedup();
    // Of those that are not given the first one began a message, too.
    if origins.len() + usize::from(more) > 1 {
        return Choice::Several(several(&sends), Doubt::ReusedId);
    }
    let chain = Chain { span, consumers };
    match sends.iter().position(|(_, send)| chain.leads_here(send)) {
        Some(place) => latest(&sends.split_off(place)),
        None => latest(&sends),
    }
}

/// What has to be known to choose: who had consumed the message when it was
/// sent last.
pub fn question(key: MessageKey, candidates: &Candidates<'_>) -> Question {
    let sent = candidates.iter().map(|(_, send)| send.start);
    Question::before(asides::consumed(key), sent.max().unwrap_or(u64::MAX))
}

struct Chain<'s> {
    span: &'s SpanRecord,
    consumers: &'s [Producer],
}

impl Chain<'_> {
    /// A hop may have gone elsewhere: to another queue, while this consumer has
    /// the message from before (a slow one of a fan-out). One that was sent to
    /// the destination of this consumer went here; and so did one of another
    /// name that this very consumer sent when it had the message before, and
    /// that nobody got there (a retry through a waiting queue, which comes back
    /// under the first name).
    fn leads_here(&self, send: &Producer) -> bool {
        let here = self.span.destination;
        if here == 0 || send.hint == here {
            return true;
        }
        let others = || {
            let own = self.span.trace_id;
            self.consumers
                .iter()
                .filter(move |other| trace_id(other) != own)
        };
        let is_again = |other: &Producer| {
            asides::consumer_hint(other) == self.span.consumer && trace_id(other) == trace_id(send)
        };
        others().any(is_again) && !others().any(|other| send.hint != 0 && other.hint == send.hint)
    }
}
