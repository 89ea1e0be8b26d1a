//! Recorded traces whose instrumentation set the links: taken away, they come
//! back, and no others.

use std::collections::{BTreeMap, BTreeSet};

use linkmend_tests::arms::Engine;
use linkmend_tests::arms::Order;
use linkmend_tests::engine_test;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

use super::{for_each_span, mend, read, spans, without_links};

/// A link, and the span that has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: (Vec<u8>, Vec<u8>),
    to: (Vec<u8>, Vec<u8>),
}

/// All links. No span of the captures has one twice, before or after.
fn edges(batches: &[TracesData]) -> BTreeSet<Edge> {
    let mut edges = BTreeSet::new();
    for span in spans(batches) {
        for link in &span.links {
            let edge = Edge {
                from: (span.trace_id.clone(), span.span_id.clone()),
                to: (link.trace_id.clone(), link.span_id.clone()),
            };
            assert!(edges.insert(edge), "{} has a link twice", span.name);
        }
    }
    edges
}

fn message_id(span: &Span) -> Option<&str> {
    let names = ["messaging.message.id", "messaging.message_id"];
    let attribute = span
        .attributes
        .iter()
        .find(|attribute| names.contains(&attribute.key.as_str()))?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(id) => Some(id),
        _ => None,
    }
}

/// The spans of kind `kind` that name a message, by that.
fn by_message(batches: &[TracesData], kind: i32) -> BTreeMap<&str, usize> {
    let mut messages = BTreeMap::new();
    for span in spans(batches).filter(|span| span.kind == kind) {
        if let Some(id) = message_id(span) {
            *messages.entry(id).or_default() += 1;
        }
    }
    messages
}

fn several(messages: &BTreeMap<&str, usize>) -> usize {
    messages.values().filter(|&&count| count > 1).count()
}

/// A capture is as its README says: so many links, so many messages that were
/// sent several times under one id, and received several times.
fn expect_shape(capture: &[TracesData], links: usize, sent_again: usize, received_again: usize) {
    let producers = by_message(capture, 4);
    let consumers = by_message(capture, 5);
    let shape = (
        edges(capture).len(),
        several(&producers),
        several(&consumers),
    );
    assert_eq!(shape, (links, sent_again, received_again));
}

/// Every link comes back, whether all or every second one was removed, and a
/// capture that has its links keeps them.
fn expect_restored(processor: &dyn Engine, order: Order, capture: &[TracesData]) {
    let original = edges(capture);

    let (mended, _) = mend(processor, order, &without_links(capture));
    assert_eq!(edges(&mended), original);

    let mut half = capture.to_vec();
    let mut count = 0;
    for_each_span(&mut half, |span| {
        span.links.retain(|_| {
            count += 1;
            count % 2 == 0
        });
    });
    let (mended, counts) = mend(processor, order, &half);
    assert_eq!(edges(&mended), original);
    let added: u64 = counts.iter().map(|counts| counts.links_added).sum();
    assert_eq!(added as usize, original.len().div_ceil(2));

    let (mended, counts) = mend(processor, order, capture);
    assert_eq!(edges(&mended), original);
    for counts in counts {
        assert_eq!((counts.links_added, counts.links_repaired), (0, 0));
        assert_eq!(counts.links_in, counts.links_out);
    }
}

engine_test! {
    fn celery_gets_back_every_link(arm, order) {
        let capture = read("celery", "capture.jsonl");
        expect_shape(&capture, 129, 10, 10);
        expect_restored(&*arm.engine("{}"), order, &capture);
    }
}

engine_test! {
    fn amqplib_gets_back_every_link(arm, order) {
        let capture = read("amqplib", "capture.jsonl");
        expect_shape(&capture, 175, 5, 80);
        expect_restored(&*arm.engine("{}"), order, &capture);
    }
}

engine_test! {
    fn bullmq_gets_back_every_link(arm, order) {
        let capture = read("bullmq", "capture.jsonl");
        expect_shape(&capture, 87, 0, 6);
        expect_restored(&*arm.engine("{}"), order, &capture);
    }
}

engine_test! {
    fn bullmq_without_headers_gets_back_those_links_whose_producer_names_its_job(arm, order) {
        let capture = read("bullmq", "capture.jsonl");
        let named: BTreeSet<_> = spans(&capture)
            .filter(|span| span.kind == 4 && message_id(span).is_some())
            .map(|span| (span.trace_id.clone(), span.span_id.clone()))
            .collect();
        let mut expected = edges(&capture);
        expected.retain(|edge| named.contains(&edge.to));
        assert_eq!(expected.len(), 63);
        let processor = arm.engine(r#"{"captured_headers": []}"#);
        let (mended, _) = mend(&*processor, order, &without_links(&capture));
        assert_eq!(edges(&mended), expected);
    }
}
