//! The join by message id, over bytes: the counterpart of
//! `linkmend-boundary-records`, for measuring what either world costs.
//!
//! A consumer is linked to the producer of its `messaging.message.id`, unless it
//! has that link. Nothing else: no other id, no repair, no deferral. Both rules
//! are written as lean as can be, and answer the same.

mod read;

use linkmend_rule::{
    About, AttributeKey, AttributeValue, Attributes, BatchRule, Context, Index, IndexError,
    KeyBuilder, MessageKey, Plan, Producer, Recalled, Tasks, Text, Verdict, VerdictBuilder,
};
use linkmend_wire::otlp::span_kind;

use read::{MESSAGE_ID, Span};

/// Links a span may have.
const MAX_LINKS: usize = 128;
/// A link's context is remote, and this is known.
const IS_REMOTE: u32 = 0x300;

/// The rule.
#[derive(Debug, Default)]
pub struct Join {
    keys: KeyBuilder,
}

/// What a batch has for the index.
#[derive(Default)]
struct Batch<'a> {
    producers: Vec<Producer>,
    texts: Vec<u8>,
    consumers: Vec<Span<'a>>,
    wanted: Vec<MessageKey>,
}

impl BatchRule for Join {
    fn describe() -> About {
        About::new(
            "boundary-bytes",
            env!("CARGO_PKG_VERSION"),
            "Joins consumers and producers by messaging.message.id, over bytes.",
        )
    }

    fn configure(_: &str) -> Result<(Self, Plan), String> {
        let mut selector = linkmend_rule::nothing_selected();
        selector.attribute_keys.push(MESSAGE_ID.into());
        let plan = Plan {
            uses_index: true,
            type_attribute: "link.type".into(),
            ..linkmend_rule::plan(selector)
        };
        Ok((Self::default(), plan))
    }

    fn process(
        &mut self,
        tasks: Tasks,
        traces: &[u8],
        index: &mut dyn Index,
    ) -> Result<Verdict, String> {
        let mut batch = Batch::default();
        read::for_each_span(traces, |span| self.add(tasks, span, &mut batch));
        batch
            .join(index)
            .map_err(|error| format!("the message index did not answer: {error:?}"))
    }
}

impl Join {
    #[inline]
    fn add<'a>(&mut self, tasks: Tasks, span: Span<'a>, batch: &mut Batch<'a>) {
        if span.message_id.is_empty() {
            return;
        }
        let key = |keys: &mut KeyBuilder| keys.start("message").part(span.message_id).finish();
        match span.kind {
            span_kind::PRODUCER if tasks.contains(Tasks::REMEMBER) => {
                let key = key(&mut self.keys);
                batch.add_producer(&span, key);
            }
            span_kind::CONSUMER if tasks.contains(Tasks::MEND) => {
                batch.wanted.push(key(&mut self.keys));
                batch.consumers.push(span);
            }
            _ => {}
        }
    }
}

impl Batch<'_> {
    fn add_producer(&mut self, span: &Span<'_>, key: MessageKey) {
        let Some((trace_id, span_id)) = span.ids() else {
            return;
        };
        let trace_state = Text {
            offset: self.texts.len() as u32,
            length: span.trace_state.len() as u32,
        };
        self.texts.extend_from_slice(span.trace_state);
        self.producers.push(Producer {
            key,
            trace_id_high: (trace_id >> 64) as u64,
            trace_id_low: trace_id as u64,
            span_id,
            start: span.start,
            end: span.end,
            trace_state,
            flags: span.flags,
            hint: 0,
            rank: 0,
        });
    }

    fn join(&self, index: &mut dyn Index) -> Result<Verdict, IndexError> {
        if !self.producers.is_empty() {
            index.remember(&self.producers, &self.texts)?;
        }
        if self.wanted.is_empty() {
            return Ok(Verdict::empty());
        }
        let recalled = index.recall(&self.wanted)?;
        Ok(self.link(&recalled))
    }

    fn link(&self, recalled: &Recalled) -> Verdict {
        let mut verdict = VerdictBuilder::new();
        let attributes = verdict.attributes(&[(
            AttributeKey::Text("link.type"),
            AttributeValue::Text("triggered_by"),
        )]);
        let mut producers = recalled.producers.as_slice();
        for (span, count) in self.consumers.iter().zip(&recalled.counts) {
            let count = usize::from(*count).min(4);
            let (of_key, rest) = producers.split_at_checked(count).unwrap_or_default();
            producers = rest;
            if let Some(producer) = of_key.first() {
                link(span, producer, &recalled.texts, attributes, &mut verdict);
            }
        }
        verdict.build()
    }
}

#[inline]
fn link(
    span: &Span<'_>,
    producer: &Producer,
    texts: &[u8],
    attributes: Attributes,
    verdict: &mut VerdictBuilder,
) {
    let trace_id = u128::from(producer.trace_id_high) << 64 | u128::from(producer.trace_id_low);
    if span.links >= MAX_LINKS || span.is_linked_to(trace_id, producer.span_id) {
        return;
    }
    let start = producer.trace_state.offset as usize;
    let trace_state = texts.get(start..start + producer.trace_state.length as usize);
    let context = Context {
        trace_id,
        span_id: producer.span_id,
        trace_state: trace_state.unwrap_or_default(),
        flags: producer.flags & 0xff | IS_REMOTE,
    };
    verdict.add_link(span.number, context, attributes);
}

linkmend_rule::export!(Join);

#[cfg(test)]
mod tests {
    use super::*;
    use linkmend_rule::testing::{SpanBuilder, TestHost, TracesBuilder};

    /// Scenario: two consumers of a message, one of which has its link, and one
    /// of a message that nobody sent.
    /// Guarantees: the missing link comes, and no other.
    #[test]
    fn the_missing_link_is_added() {
        let consumer = |number, id| SpanBuilder::consumer(number).attribute(MESSAGE_ID, id);
        let batch = TracesBuilder::new()
            .span(consumer(2, "m"))
            .span(consumer(3, "m").link_to(1))
            .span(consumer(4, "other"))
            .span(SpanBuilder::producer(1).attribute(MESSAGE_ID, "m"))
            .build();
        let mended = TestHost::<Join>::new("{}").mend(&batch);
        assert_eq!(mended.links(2), ["1 link.type=triggered_by"]);
        assert_eq!(mended.links(3), ["1"]);
        assert_eq!(mended.links(4), [] as [&str; 0]);
    }
}
