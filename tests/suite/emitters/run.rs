//! Mending the batches of a world.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use linkmend::Processor;
use linkmend_emitters::{Score, SpanContext, World};
use linkmend_tests::arms::{Arm, Order};
use linkmend_tests::otlp::spans_of;
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

/// The spans that are not as they should be, for a failed test to show.
pub fn wrong(world: &World, mended: &[Span]) -> String {
    let mut text = String::new();
    for span in mended {
        let context = SpanContext::of(span);
        let emitted = world
            .spans
            .iter()
            .find(|emitted| emitted.context() == context);
        let emitted = emitted.unwrap();
        let score = Score::of_span(emitted, span);
        if !(score.is_perfect()) {
            let links = |span: &Span| {
                span.links
                    .iter()
                    .map(SpanContext::linked)
                    .collect::<Vec<_>>()
            };
            let (came, now) = (links(&emitted.span), links(span));
            let deliveries = &emitted.deliveries;
            writeln!(
                text,
                "{score:?}\n{span:#?}\ncame {came:#?}\nnow {now:#?}\n{deliveries:#?}"
            )
            .unwrap();
            for delivery in deliveries {
                let creation = world
                    .spans
                    .iter()
                    .find(|one| one.context() == delivery.creation);
                writeln!(text, "creation {creation:#?}").unwrap();
            }
            break;
        }
    }
    text
}
