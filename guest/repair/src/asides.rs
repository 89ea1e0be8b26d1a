//! What is remembered of consumers, beside the producers of messages, so that
//! producers can be told apart; in the same index, under keys of their own.
//!
//! | remembered of | under | asked when |
//! |---|---|---|
//! | a consumer of a message whose id the application made up, if several spans or its own trace sent it (of data that is read twice: every one, since that is not known yet) | the key of the message, turned | several sent it: a send of a trace that had consumed it before is the next hop of one message, and no second message |
//! | a polling consumer whose parent is remote, or one that is linked to all of its messages | its trace id and span id | a consumer with a local parent has nothing else: the context came with its parent |
//! | who received a job of rq | the key of the job, turned | a span that works on the job came without a context: it is no receiver if there is one |
//! | a consumer with a local parent, when data is read twice | the trace id and span id of the parent | a poll names no message: those below it tell of theirs |
//! | the cluster that a consumer of Kafka names | environment and topic | its producer names none: if consumers name several, an offset is no proof |
//!
//! One entry each in the index; the last two are the same for many spans, and
//! then one entry for all of them.

use linkmend_rule::{MessageKey, Producer, Text};

use crate::producers::Question;
use crate::records::SpanRecord;

/// Under which the consumers of a message are remembered.
pub fn consumed(message: MessageKey) -> MessageKey {
    MessageKey {
        high: message.high ^ u64::from_be_bytes(*b"consumed"),
        low: message.low.rotate_left(32),
    }
}

/// Who received a message, if anybody did.
pub fn received(message: MessageKey) -> Question {
    Question::of(consumed(message))
}

/// Under which a polling consumer is remembered that got its context from its
/// parent.
pub fn arrived(trace_id: u128, span_id: u64) -> MessageKey {
    of_span(*b"arrived.", trace_id, span_id)
}

/// Under which is remembered that a span has consumers below it.
pub fn parent(trace_id: u128, span_id: u64) -> MessageKey {
    of_span(*b"parent..", trace_id, span_id)
}

/// Ids are random, and the index hashes its keys.
fn of_span(what: [u8; 8], trace_id: u128, span_id: u64) -> MessageKey {
    MessageKey {
        high: (trace_id >> 64) as u64 ^ u64::from_be_bytes(what),
        low: trace_id as u64 ^ span_id.rotate_left(17),
    }
}

/// A consumer, as it is remembered of its message.
pub fn consumer(message: MessageKey, span: &SpanRecord) -> Producer {
    Producer {
        trace_id_high: (span.trace_id >> 64) as u64,
        trace_id_low: span.trace_id as u64,
        span_id: span.span_id,
        start: span.start,
        // Nobody asks how long it took, and a store keeps that in as many bytes as it needs.
        end: span.start,
        flags: u32::from(span.consumer) << 16,
        hint: span.destination,
        ..mark(consumed(message), 1)
    }
}

/// Who consumes, of a remembered consumer.
pub fn consumer_hint(consumer: &Producer) -> u16 {
    (consumer.flags >> 16) as u16
}

/// What a consumer got its context for: the one message that it is for.
pub const ONE: u64 = 1;
/// All of its messages, and those of the spans below it.
pub const ALL: u64 = 2;

/// An entry that says no more than that it is there; those of one key with
/// different numbers are told apart.
pub fn mark(key: MessageKey, number: u64) -> Producer {
    Producer {
        key,
        trace_id_high: 0,
        trace_id_low: number.max(1),
        span_id: 1,
        start: 0,
        end: 0,
        trace_state: Text {
            offset: 0,
            length: 0,
        },
        flags: 0,
        hint: 0,
        rank: NOTE_RANK,
    }
}

/// Such entries wake no span that is held (`rule.wit`, `producer.rank`).
const NOTE_RANK: u8 = 255;
