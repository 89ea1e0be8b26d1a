//! What holds for all spans together.

use std::collections::BTreeMap;

use bytes::Bytes;
use linkmend_emitters::Random;
use linkmend_tests::arms::{Arm, Order};
use linkmend_tests::otlp::{kind, link, span, spans_of, text, traces};
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};

use super::bench::{Bench, encoded, one_by_one};
use super::config::{CONFIGS, Config};

/// Mending what was mended changes no byte, with what is known from the first
/// time or without.
pub fn check_second_run(bench: &Bench, batches: &[TracesData], order: Order) {
    let [once, twice] = bench.mend_twice(&encoded(batches, order));
    assert_eq!(once, twice, "a second run changes something");
    let afresh: Vec<_> = bench
        .mend(&once)
        .into_iter()
        .map(|(batch, _)| batch)
        .collect();
    assert_eq!(
        once, afresh,
        "a second run with a new index changes something"
    );
}

/// The same spans in other batches, in another order, get the same links.
pub fn check_permutation(bench: &Bench, batches: &[TracesData], order: Order, random: &mut Random) {
    let first = mended(bench, batches, order);
    let mut single = one_by_one(batches);
    random.shuffle(&mut single);
    let mut joined: Vec<TracesData> = Vec::new();
    for mut batch in single {
        match joined.last_mut().filter(|_| random.chance(60)) {
            Some(last) => last.resource_spans.append(&mut batch.resource_spans),
            None => joined.push(batch),
        }
    }
    assert_eq!(first, mended(bench, &joined, order), "order matters");
}

/// Batches that come twice are mended twice, to the same.
pub fn check_duplicates(bench: &Bench, batches: &[TracesData], order: Order, random: &mut Random) {
    let mut doubled = Vec::new();
    let mut copies = Vec::new();
    for (number, batch) in encoded(batches, order).into_iter().enumerate() {
        for _ in 0..random.between(1, 3) {
            doubled.push(batch.clone());
            copies.push(number);
        }
    }
    let once = outputs(bench, &encoded(batches, order));
    for (copy, output) in copies.into_iter().zip(outputs(bench, &doubled)) {
        assert_eq!(output, once[copy], "a copy gets other links");
    }
}

/// Both arms answer with the same bytes, and count the same.
pub fn check_arms(config: usize, batches: &[TracesData], order: Order) {
    let batches = encoded(batches, order);
    let native = Bench::of(Arm::Native, config).mend(&batches);
    let sandbox = Bench::of(Arm::Sandbox, config).mend(&batches);
    assert_eq!(native, sandbox);
}

fn outputs(bench: &Bench, batches: &[Bytes]) -> Vec<Bytes> {
    let mended = bench.mend(batches).into_iter();
    mended.map(|(batch, _)| batch).collect()
}

/// The mended spans, in an order that does not depend on that of the batches.
fn mended(bench: &Bench, batches: &[TracesData], order: Order) -> Vec<(Vec<u8>, Vec<Span>)> {
    let mut by_id: BTreeMap<Vec<u8>, Vec<Span>> = BTreeMap::new();
    for output in outputs(bench, &encoded(batches, order)) {
        for span in spans_of(&output) {
            by_id.entry(span.span_id.clone()).or_default().push(span);
        }
    }
    for same in by_id.values_mut() {
        same.sort_by_cached_key(|span| format!("{span:?}"));
    }
    by_id.into_iter().collect()
}

/// Merging makes room: what is missing must be looked for with that in mind.
#[test]
fn merging_leaves_nothing_for_a_second_run() {
    let header = "00-00000000000000070000000000000007-0000000000000007-01";
    let mut consumer = span(
        9,
        kind::CONSUMER,
        "receive",
        vec![text("messaging.header.traceparent", header)],
    );
    consumer.links = vec![link(3), link(3), link(3), link(4)];
    for (number, link) in consumer.links.iter_mut().enumerate() {
        let id = format!("7e8a3f1c-0000-0000-0000-{number:012}");
        link.attributes = vec![text("messaging.message.id", &id)];
    }
    let merges = |config: &Config| config.text.contains("merge_links");
    let number = CONFIGS.iter().position(merges).unwrap();
    let batches = [traces(vec![consumer])];
    check_second_run(&Bench::of(Arm::Native, number), &batches, Order::Ascending);
}
