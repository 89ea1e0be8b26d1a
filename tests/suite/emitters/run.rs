//! Mending the batches of a world.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use linkmend::Processor;
use linkmend_emitters::{Score, SpanContext, World};
use linkmend_tests::arms::{Arm, Order};
use linkmend_tests::otlp::spans_of;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message as _;

use super::index::Fresh;

/// How often batches are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As they come.
    Once,
    /// As files are: first to remember, then to mend.
    Twice,
}

/// The built-in rule, compiled once.
pub struct Bench {
    processor: Processor,
    index: Arc<Fresh>,
}

impl Bench {
    pub fn new(arm: Arm) -> Self {
        let index = Arc::new(Fresh::new());
        let builder = Processor::builder().rule(arm.rule("{}"));
        let processor = builder.index(index.clone()).build().unwrap();
        Self { processor, index }
    }

    /// The mended spans of batches that nothing was known before.
    pub fn mend(&self, batches: &[TracesData], order: Order, reading: Reading) -> Vec<Span> {
        self.index.clear();
        let batches = batches
            .iter()
            .map(|batch| order.of(&Bytes::from(batch.encode_to_vec())));
        let batches: Vec<_> = batches.collect();
        if reading == Reading::Twice {
            for batch in &batches {
                self.processor.remember(batch.clone()).unwrap();
            }
        }
        let mut spans = Vec::new();
        for batch in batches {
            let mended = match reading {
                Reading::Once => self.processor.process(batch),
                Reading::Twice => self.processor.mend(batch),
            };
            let mended = mended.unwrap();
            assert_eq!(mended.faults, []);
            spans.extend(spans_of(&mended.traces.unwrap()));
        }
        spans
    }
}

/// The first span that is not as it should be, for a failed test to show.
pub fn wrong(world: &World, mended: &[Span]) -> String {
    let known = |context| world.spans.iter().find(|one| one.context() == context);
    let mut text = String::new();
    for span in mended {
        let emitted = known(SpanContext::of(span)).unwrap();
        let score = Score::of_span(emitted, span);
        if score.is_perfect() {
            continue;
        }
        writeln!(text, "{score:?}\nthe span {}", shown(span)).unwrap();
        for link in &emitted.span.links {
            writeln!(text, "came {:?}", SpanContext::linked(link)).unwrap();
        }
        for link in &span.links {
            writeln!(text, "now {:?}", SpanContext::linked(link)).unwrap();
        }
        for delivery in &emitted.deliveries {
            let creation = known(delivery.creation).unwrap();
            writeln!(text, "{delivery:?} of {}", shown(&creation.span)).unwrap();
        }
        break;
    }
    text
}

fn shown(span: &Span) -> String {
    let value = |value: &AnyValue| match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        other => format!("{other:?}"),
    };
    let attributes = span.attributes.iter().map(|attribute| {
        let value = attribute.value.as_ref().map_or_else(String::new, value);
        format!("{}={value}", attribute.key)
    });
    let attributes = attributes.collect::<Vec<_>>().join(" ");
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    let (name, kind, context) = (&span.name, span.kind, SpanContext::of(span));
    format!("{name}, kind {kind}, {context:?}, {start} to {end}: {attributes}")
}
