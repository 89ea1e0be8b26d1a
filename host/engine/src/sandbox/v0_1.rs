//! Version 0.1 of the interface in the words of today's. What it lacks, nobody
//! misses: it says less, and nothing that means something else now.

use crate::bindings::linkmend::rule::index::{Host, IndexError, Producer};
use crate::bindings::linkmend::rule::types::{
    About, Action, Attribute, Deferral, DropReason, Edit, Explanation, MessageKey, Note, NoteKind,
    Plan, Selector, SpanContext, SpanKinds, Tasks, Text, ValueKind, Verdict,
};
use crate::bindings::v0_1::linkmend::rule::{index, types};
use crate::sandbox::host::HostState;

impl types::Host for HostState {}

impl index::Host for HostState {
    fn remember(
        &mut self,
        producers: Vec<index::Producer>,
        texts: Vec<u8>,
    ) -> Result<(), index::IndexError> {
        let producers = producers.iter().map(producer).collect();
        Host::remember(self, producers, texts).map_err(index_error)
    }

    fn recall(
        &mut self,
        keys: Vec<types::MessageKey>,
    ) -> Result<index::Recalled, index::IndexError> {
        let keys = keys.into_iter().map(key).collect();
        let recalled = Host::recall(self, keys).map_err(index_error)?;
        Ok(index::Recalled {
            counts: recalled.counts,
            producers: recalled.producers.iter().map(old_producer).collect(),
            texts: recalled.texts,
        })
    }
}

pub(super) fn about(about: types::About) -> About {
    About {
        name: about.name,
        version: about.version,
        summary: about.summary,
    }
}

pub(super) fn plan(plan: types::Plan) -> Plan {
    let old = plan.selector;
    Plan {
        selector: Selector {
            kinds: kinds(old.kinds),
            attribute_keys: old.attribute_keys,
            attribute_prefixes: old.attribute_prefixes,
            with_links: old.with_links,
        },
        uses_index: plan.uses_index,
        type_attribute: plan.type_attribute,
        count_all_drops: plan.count_all_drops,
        reads: plan.reads,
    }
}

fn kinds(old: types::SpanKinds) -> SpanKinds {
    let pairs = [
        (types::SpanKinds::UNSPECIFIED, SpanKinds::UNSPECIFIED),
        (types::SpanKinds::INTERNAL, SpanKinds::INTERNAL),
        (types::SpanKinds::SERVER, SpanKinds::SERVER),
        (types::SpanKinds::CLIENT, SpanKinds::CLIENT),
        (types::SpanKinds::PRODUCER, SpanKinds::PRODUCER),
        (types::SpanKinds::CONSUMER, SpanKinds::CONSUMER),
    ];
    let wanted = pairs.into_iter().filter(|(their, _)| old.contains(*their));
    wanted.fold(SpanKinds::empty(), |all, (_, ours)| all | ours)
}

pub(super) fn tasks(tasks: Tasks) -> types::Tasks {
    let pairs = [
        (Tasks::REMEMBER, types::Tasks::REMEMBER),
        (Tasks::MEND, types::Tasks::MEND),
        (Tasks::DEFER, types::Tasks::DEFER),
        (Tasks::EXPLAIN, types::Tasks::EXPLAIN),
    ];
    let wanted = pairs.into_iter().filter(|(ours, _)| tasks.contains(*ours));
    wanted.fold(types::Tasks::empty(), |all, (_, theirs)| all | theirs)
}

pub(super) fn verdict(verdict: types::Verdict) -> Verdict {
    Verdict {
        edits: verdict.edits.iter().map(edit).collect(),
        attributes: verdict.attributes.iter().map(attribute).collect(),
        notes: verdict.notes.iter().map(note).collect(),
        deferrals: verdict.deferrals.iter().map(deferral).collect(),
        keys: verdict.keys.into_iter().map(key).collect(),
        texts: verdict.texts,
        explanations: verdict.explanations.iter().map(explanation).collect(),
    }
}

fn edit(edit: &types::Edit) -> Edit {
    Edit {
        span: edit.span,
        link: edit.link,
        action: match edit.action {
            types::Action::AddLink => Action::AddLink,
            types::Action::ReplaceContext => Action::ReplaceContext,
            types::Action::DropLink => Action::DropLink,
            types::Action::AddAttributes => Action::AddAttributes,
        },
        reason: match edit.reason {
            types::DropReason::Invalid => DropReason::Invalid,
            types::DropReason::Duplicate => DropReason::Duplicate,
            types::DropReason::OverLimit => DropReason::OverLimit,
        },
        context: SpanContext {
            trace_id_high: edit.context.trace_id_high,
            trace_id_low: edit.context.trace_id_low,
            span_id: edit.context.span_id,
            trace_state: text(edit.context.trace_state),
            flags: edit.context.flags,
        },
        first_attribute: edit.first_attribute,
        attribute_count: edit.attribute_count,
    }
}

fn attribute(attribute: &types::Attribute) -> Attribute {
    Attribute {
        key: text(attribute.key),
        kind: match attribute.kind {
            types::ValueKind::Text => ValueKind::Text,
            types::ValueKind::Boolean => ValueKind::Boolean,
            types::ValueKind::Integer => ValueKind::Integer,
            types::ValueKind::Double => ValueKind::Double,
        },
        text: text(attribute.text),
        bits: attribute.bits,
    }
}

fn note(note: &types::Note) -> Note {
    Note {
        span: note.span,
        kind: match note.kind {
            types::NoteKind::Unresolved => NoteKind::Unresolved,
            types::NoteKind::TooLate => NoteKind::TooLate,
            types::NoteKind::TooMany => NoteKind::TooMany,
            types::NoteKind::Ambiguous => NoteKind::Ambiguous,
            types::NoteKind::NoRoom => NoteKind::NoRoom,
            types::NoteKind::Incomplete => NoteKind::Incomplete,
            types::NoteKind::Unnamed => NoteKind::Unnamed,
        },
        count: note.count,
    }
}

fn deferral(deferral: &types::Deferral) -> Deferral {
    Deferral {
        span: deferral.span,
        first_key: deferral.first_key,
        key_count: deferral.key_count,
    }
}

fn explanation(explanation: &types::Explanation) -> Explanation {
    Explanation {
        span: explanation.span,
        text: text(explanation.text),
    }
}

fn text(text: types::Text) -> Text {
    Text {
        offset: text.offset,
        length: text.length,
    }
}

fn key(key: types::MessageKey) -> MessageKey {
    MessageKey {
        high: key.high,
        low: key.low,
    }
}

fn producer(producer: &index::Producer) -> Producer {
    Producer {
        key: key(producer.key),
        trace_id_high: producer.trace_id_high,
        trace_id_low: producer.trace_id_low,
        span_id: producer.span_id,
        start: producer.start,
        end: producer.end,
        trace_state: text(producer.trace_state),
        flags: producer.flags,
        hint: producer.hint,
        rank: producer.rank,
    }
}

fn old_producer(producer: &Producer) -> index::Producer {
    index::Producer {
        key: types::MessageKey {
            high: producer.key.high,
            low: producer.key.low,
        },
        trace_id_high: producer.trace_id_high,
        trace_id_low: producer.trace_id_low,
        span_id: producer.span_id,
        start: producer.start,
        end: producer.end,
        trace_state: types::Text {
            offset: producer.trace_state.offset,
            length: producer.trace_state.length,
        },
        flags: producer.flags,
        hint: producer.hint,
        rank: producer.rank,
    }
}

fn index_error(error: IndexError) -> index::IndexError {
    match error {
        IndexError::Malformed => index::IndexError::Malformed,
        IndexError::TooMany => index::IndexError::TooMany,
        IndexError::Unavailable => index::IndexError::Unavailable,
    }
}
