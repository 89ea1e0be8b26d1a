//! The words of each version of the interface, put into those of the core: what an older one
//! lacks, nobody misses; it says less, and nothing that means something else now.

/// The words of one version: those that wasmtime makes of its `types` and `index`.
macro_rules! words {
    ($version:ident, $rule:path, [$($reason:ident),*]) => {
        pub(crate) mod $version {
            use $rule as theirs;
            use linkmend_core::interface::{
                About, Action, Attribute, Deferral, DropReason, Edit, Explanation, IndexError,
                MessageKey, Note, NoteKind, Plan, Producer, Recalled, Selector, SpanContext,
                SpanKinds, Tasks, Text, ValueKind, Verdict,
            };
            use theirs::{index, types};

            pub(crate) fn about(about: types::About) -> About {
                About {
                    name: about.name,
                    version: about.version,
                    summary: about.summary,
                }
            }

            pub(crate) fn plan(plan: types::Plan) -> Plan {
                let selector = plan.selector;
                Plan {
                    selector: Selector {
                        kinds: kinds(selector.kinds),
                        attribute_keys: selector.attribute_keys,
                        attribute_prefixes: selector.attribute_prefixes,
                        with_links: selector.with_links,
                    },
                    uses_index: plan.uses_index,
                    type_attribute: plan.type_attribute,
                    count_all_drops: plan.count_all_drops,
                    reads: plan.reads,
                }
            }

            fn kinds(theirs: types::SpanKinds) -> SpanKinds {
                let pairs = [
                    (types::SpanKinds::UNSPECIFIED, SpanKinds::UNSPECIFIED),
                    (types::SpanKinds::INTERNAL, SpanKinds::INTERNAL),
                    (types::SpanKinds::SERVER, SpanKinds::SERVER),
                    (types::SpanKinds::CLIENT, SpanKinds::CLIENT),
                    (types::SpanKinds::PRODUCER, SpanKinds::PRODUCER),
                    (types::SpanKinds::CONSUMER, SpanKinds::CONSUMER),
                ];
                let wanted = pairs.into_iter().filter(|(kind, _)| theirs.contains(*kind));
                wanted.map(|(_, ours)| ours).collect()
            }

            pub(crate) fn tasks(tasks: Tasks) -> types::Tasks {
                let pairs = [
                    (Tasks::REMEMBER, types::Tasks::REMEMBER),
                    (Tasks::MEND, types::Tasks::MEND),
                    (Tasks::DEFER, types::Tasks::DEFER),
                    (Tasks::EXPLAIN, types::Tasks::EXPLAIN),
                ];
                let wanted = pairs.into_iter().filter(|(ours, _)| tasks.contains(*ours));
                wanted.fold(types::Tasks::empty(), |all, (_, theirs)| all | theirs)
            }

            /// The lists are as long as they were, and their items as large: none is
            /// allocated anew.
            pub(crate) fn verdict(verdict: types::Verdict) -> Verdict {
                Verdict {
                    edits: verdict.edits.into_iter().map(edit).collect(),
                    attributes: verdict.attributes.into_iter().map(attribute).collect(),
                    notes: verdict.notes.into_iter().map(note).collect(),
                    deferrals: verdict.deferrals.into_iter().map(deferral).collect(),
                    keys: verdict.keys.into_iter().map(key).collect(),
                    texts: verdict.texts,
                    explanations: verdict.explanations.into_iter().map(explanation).collect(),
                }
            }

            fn edit(edit: types::Edit) -> Edit {
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
                        $(types::DropReason::$reason => DropReason::$reason,)*
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

            fn attribute(attribute: types::Attribute) -> Attribute {
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

            fn note(note: types::Note) -> Note {
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

            fn deferral(deferral: types::Deferral) -> Deferral {
                Deferral {
                    span: deferral.span,
                    first_key: deferral.first_key,
                    key_count: deferral.key_count,
                }
            }

            fn explanation(explanation: types::Explanation) -> Explanation {
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

            pub(crate) fn key(key: types::MessageKey) -> MessageKey {
                MessageKey {
                    high: key.high,
                    low: key.low,
                }
            }

            pub(crate) fn producer(producer: index::Producer) -> Producer {
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

            pub(crate) fn recalled(recalled: Recalled) -> index::Recalled {
                index::Recalled {
                    counts: recalled.counts,
                    producers: recalled.producers.into_iter().map(their_producer).collect(),
                    texts: recalled.texts,
                }
            }

            fn their_producer(producer: Producer) -> index::Producer {
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

            pub(crate) fn index_error(error: IndexError) -> index::IndexError {
                match error {
                    IndexError::Malformed => index::IndexError::Malformed,
                    IndexError::TooMany => index::IndexError::TooMany,
                    IndexError::Unavailable => index::IndexError::Unavailable,
                }
            }
        }
    };
}

words!(
    v0_2,
    crate::bindings::linkmend::rule,
    [Invalid, Duplicate, OverLimit, Unwanted]
);
words!(
    v0_1,
    crate::bindings::v0_1::linkmend::rule,
    [Invalid, Duplicate, OverLimit]
);
