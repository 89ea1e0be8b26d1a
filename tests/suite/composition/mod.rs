//! Several rules behind each other, as docs/rules.md ("Several rules") says:
//! each is shown what those before it have left.

mod conflicts;
mod faults;
mod index;
mod numbers;
mod worlds;

use bytes::Bytes;
use linkmend::interface::Verdict;
use linkmend::{Counts, Mended, Processor, Rule};
use linkmend_tests::arms::Order;
use linkmend_tests::otlp::{batch, kind, link, span, spans_of};
use linkmend_tests::rules::{all_spans, nothing, push_text, rule};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::Link;

use crate::behaviour::processor;

const ORDERS: [Order; 2] = [Order::Ascending, Order::Descending];

/// A rule that always answers the same, and counts links by `link.type`.
fn answering(name: &str, verdict: Verdict) -> Rule {
    let mut plan = all_spans();
    plan.type_attribute = "link.type".into();
    rule(name, plan, move |_, _| Ok(verdict.clone()))
}

/// A verdict whose attribute 0 is this text.
fn with_text(key: &str, value: &str) -> Verdict {
    let mut verdict = nothing();
    push_text(&mut verdict, key, value);
    verdict
}

/// A span with links to these.
fn linked(to: &[u64]) -> Bytes {
    let mut span = span(10, kind::CONSUMER, "linked", Vec::new());
    span.links = to.iter().map(|number| link(*number)).collect();
    batch(vec![span])
}

/// What a processor makes of a batch in one call. The figures add up.
fn mend(processor: &Processor, batch: &Bytes) -> Mended {
    let mended = processor.process(batch.clone()).unwrap();
    assert_adds_up(&mended.counts);
    mended
}

/// The same, and no rule fails.
fn mend_well(rules: impl IntoIterator<Item = Rule>, batch: &Bytes) -> Mended {
    let mended = mend(&processor(rules), batch);
    assert_eq!(mended.faults, []);
    mended
}

/// The links of the first span.
fn links_of(mended: &Mended) -> Vec<Link> {
    let spans = spans_of(mended.traces.as_ref().unwrap());
    spans[0].links.clone()
}

/// The numbers of the spans that links point at.
fn targets(links: &[Link]) -> Vec<u64> {
    let number = |link: &Link| u64::from_be_bytes(link.span_id[..].try_into().unwrap());
    links.iter().map(number).collect()
}

/// The attributes of a link, whose values are texts.
fn texts(link: &Link) -> Vec<(&str, &str)> {
    let attributes = link.attributes.iter().map(|attribute| {
        match attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref())
        {
            Some(Value::StringValue(text)) => (attribute.key.as_str(), text.as_str()),
            other => panic!("{other:?}"),
        }
    });
    attributes.collect()
}

/// Whatever several rules do, each link is somewhere.
fn assert_adds_up(counts: &Counts) {
    let gone = counts.links_dropped_invalid
        + counts.links_dropped_duplicate
        + counts.links_dropped_unwanted
        + counts.links_cut;
    assert_eq!(
        counts.links_in + counts.links_added + counts.links_released,
        counts.links_out + gone + counts.links_held,
        "{counts:?}"
    );
}
