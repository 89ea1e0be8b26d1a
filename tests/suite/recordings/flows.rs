//! Every join of a recording is one flow, in files and in what passes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use linkmend_flows::{Flow, Gathered, Page, Passing, PassingOptions};
use linkmend_tests::otlp::spans_of;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::judge::Bench;
use super::recording::{Context, Recording};
use linkmend_tests::arms::Arm;

/// Consumer and producer.
type Pair = (Context, Context);

/// Their producers are spans that send nothing by what they say of themselves, and are
/// kept nowhere while spans pass.
const ONLY_IN_FILES: &[&str] = &[
    "jvm/advice-spring-integration",
    "jvm/advice-spring-integration-lost",
    "jvm/spring-integration",
];

#[test]
fn every_join_of_the_recordings_is_one_flow() {
    let mut bench = Bench::new(Arm::Native);
    let mut joins = 0;
    for recording in Recording::all() {
        let batches = bench.mended(&recording);
        let mut gathered = Gathered::new(1_000_000);
        let mut passing = Passing::new(PassingOptions::default(), Instant::now());
        let mut passed = Vec::new();
        for batch in &batches {
            gathered.take(batch);
            passing.take(batch, Instant::now(), |flow, _| passed.push(flow.to_flow()));
        }
        let found = gathered.find();
        let path = recording.path();
        let (in_files, passing) = (by_pair(&found.flows), by_pair(&passed));
        let spans: BTreeMap<Context, Span> = batches
            .iter()
            .flat_map(|batch| spans_of(batch))
            .map(|span| ((span.trace_id.clone(), span.span_id.clone()), span))
            .collect();
        for (consumer, producers) in recording.truth() {
            for producer in producers {
                let Some(messages) = joined(&spans, &consumer, &producer) else {
                    continue;
                };
                joins += 1;
                let pair = (consumer.clone(), producer);
                let told = |flows: &BTreeMap<Pair, usize>| flows.get(&pair).copied();
                assert_eq!(told(&in_files), Some(messages), "{path}: {pair:02x?}");
                if !ONLY_IN_FILES.contains(&&*path) {
                    assert_eq!(told(&passing), Some(messages), "{path}: {pair:02x?}");
                }
            }
        }
        sums_agree(&path, &Page::of(&found, Vec::new(), path.clone()));
    }
    assert!(joins > 5_000, "{joins}");
}

/// What page, JSON and metrics are made of is the same.
fn sums_agree(path: &str, page: &Page<'_>) {
    let counted = page.flows.iter().filter(|flow| !flow.is_again).count() as u64;
    let json = page.json();
    let of = |list: &str| -> u64 {
        let all = json[list].as_array().unwrap().iter();
        all.map(|one| one["sums"]["count"].as_u64().unwrap()).sum()
    };
    assert_eq!(page.sums.total().count, counted, "{path}");
    assert_eq!(json["total"]["count"].as_u64(), Some(counted), "{path}");
    assert_eq!(
        (of("edges"), of("destinations")),
        (counted, counted),
        "{path}"
    );
}

fn by_pair(flows: &[Flow]) -> BTreeMap<Pair, usize> {
    let mut pairs = BTreeMap::new();
    for flow in flows {
        let of = |end: &linkmend_flows::End| -> Context {
            (end.context.trace.to_vec(), end.context.span.to_vec())
        };
        *pairs
            .entry((of(&flow.consumer), of(&flow.producer)))
            .or_default() += 1;
    }
    pairs
}

/// How many messages the output joins, if it does: by its links, each of another
/// message, or by the parent.
fn joined(
    spans: &BTreeMap<Context, Span>,
    consumer: &Context,
    producer: &Context,
) -> Option<usize> {
    let span = spans.get(consumer)?;
    spans.get(producer)?;
    let links = span.links.iter();
    let links = links.filter(|link| link.trace_id == producer.0 && link.span_id == producer.1);
    let messages: BTreeSet<Option<String>> = links
        .map(|link| {
            let ids = ["messaging.message.id", "messaging.message_id"];
            let mut of = link.attributes.iter();
            of.find(|attribute| ids.contains(&&*attribute.key))
                .map(|id| format!("{:?}", id.value))
        })
        .collect();
    let is_parent = consumer.0 == producer.0 && span.parent_span_id == producer.1;
    match messages.len() {
        0 => is_parent.then_some(1),
        messages => Some(messages),
    }
}
