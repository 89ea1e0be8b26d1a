//! Senders apart: what one of them says of its messages does not reach another.

mod full;
mod held;
mod many;
mod pieces;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use linkmend::index::{IndexOptions, ScopedIndex, Scopes};
use linkmend::{HoldOptions, Mended, ProcessOptions, Processor, Rule, Scope, Scoping};
use linkmend_tests::otlp::{consumer, kind, producer, span, spans_of, text, traces};
use linkmend_tests::rule_test;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, TracesData};
use prost::Message as _;

const SECOND: Duration = Duration::from_secs(1);

/// What tells tenants apart in most of these.
const TENANT: &str = "tenant.id";

/// Without a hold.
fn answering(rule: Rule, options: IndexOptions, most: usize) -> Processor {
    let builder = Processor::builder().rule(rule);
    builder.scopes(scoping(options, most)).build().unwrap()
}

fn holding(rule: Rule, options: HoldOptions) -> Processor {
    let builder = Processor::builder().rule(rule).hold(options);
    let scoping = scoping(IndexOptions::default(), 100);
    builder.scopes(scoping).build().unwrap()
}

fn scoping(options: IndexOptions, most: usize) -> Scoping {
    Scoping {
        resource_attributes: vec![TENANT.into()],
        index: ScopedIndex::new(options, most),
    }
}

/// Spans of a tenant, or of one that does not say who it is.
fn of(tenant: Option<&str>, spans: Vec<Span>) -> ResourceSpans {
    let mut resource = traces(spans).resource_spans.remove(0);
    if let Some(tenant) = tenant {
        let attributes = &mut resource.resource.get_or_insert_default().attributes;
        attributes.push(text(TENANT, tenant));
    }
    resource
}

fn batch(resource_spans: Vec<ResourceSpans>) -> Bytes {
    TracesData { resource_spans }.encode_to_vec().into()
}

fn from(scope: Scope) -> ProcessOptions {
    ProcessOptions {
        scope,
        ..ProcessOptions::default()
    }
}

fn process(processor: &Processor, batch: Bytes) -> Mended {
    let mended = processor.process(batch).unwrap();
    assert_eq!(mended.faults, []);
    mended
}

/// The spans that went on.
fn spans_out<'m>(mended: impl IntoIterator<Item = &'m Mended>) -> Vec<Span> {
    let traces = mended.into_iter().filter_map(|one| one.traces.as_ref());
    traces.flat_map(|traces| spans_of(traces)).collect()
}

/// The number of a span, and of those that it is linked to.
fn linked(span: &Span) -> (u64, Vec<u64>) {
    let number = |id: &[u8]| u64::from_be_bytes(id.try_into().unwrap());
    let links = span.links.iter().map(|link| number(&link.span_id));
    (number(&span.span_id), links.collect())
}

fn all_linked<'m>(mended: impl IntoIterator<Item = &'m Mended>) -> Vec<(u64, Vec<u64>)> {
    let mut all: Vec<_> = spans_out(mended).iter().map(linked).collect();
    all.sort();
    all
}

rule_test! {
    fn equal_ids_of_two_tenants_do_not_link(arm, order) {
        let processor = answering(arm.rule("{}"), IndexOptions::default(), 100);
        let sent = batch(vec![of(Some("a"), vec![producer(1, "4711")])]);
        process(&processor, order.of(&sent));
        for (tenant, links) in [
            (Some("b"), vec![]),
            // Who does not say who it is is none of them.
            (None, vec![]),
            (Some(""), vec![]),
            (Some("a"), vec![1]),
        ] {
            let received = batch(vec![of(tenant, vec![consumer(2, "4711")])]);
            let mended = process(&processor, order.of(&received));
            assert_eq!(all_linked([&mended]), [(2, links)], "{tenant:?}");
        }
    }
}

rule_test! {
    fn so_it_is_when_they_are_in_one_batch(arm, order) {
        let processor = answering(arm.rule("{}"), IndexOptions::default(), 100);
        let both = batch(vec![
            of(Some("a"), vec![producer(1, "4711"), consumer(2, "4712")]),
            of(None, vec![consumer(3, "4711")]),
            of(Some("b"), vec![consumer(4, "4711"), producer(5, "4712")]),
            of(Some("a"), vec![consumer(6, "4711")]),
            of(None, vec![producer(7, "4711")]),
        ]);
        let mended = process(&processor, order.of(&both));
        let expected = [(1, vec![]), (2, vec![]), (3, vec![7]), (4, vec![]), (5, vec![]), (6, vec![1]), (7, vec![])];
        assert_eq!(all_linked([&mended]), expected);
        assert_eq!((mended.counts.batches, mended.counts.spans, mended.counts.links_added), (1, 7, 2));
    }
}

rule_test! {
    fn what_a_request_says_tells_them_apart_beside_what_resources_say(arm, order) {
        let processor = answering(arm.rule("{}"), IndexOptions::default(), 100);
        let scope = |tenant: &str| Scope::of([&[tenant][..]]);
        let send = |batch: Bytes, scope| {
            let mended = processor.process_with(order.of(&batch), &from(scope)).unwrap();
            all_linked([&mended])
        };
        send(batch(vec![of(None, vec![producer(1, "4711")])]), scope("a"));
        send(batch(vec![of(Some("x"), vec![producer(2, "4711")])]), scope("a"));
        let received = |tenant| batch(vec![of(tenant, vec![consumer(9, "4711")])]);
        assert_eq!(send(received(None), scope("a")), [(9, vec![1])]);
        assert_eq!(send(received(Some("x")), scope("a")), [(9, vec![2])]);
        assert_eq!(send(received(None), scope("b")), [(9, vec![])]);
        assert_eq!(send(received(None), Scope::NONE), [(9, vec![])]);
    }
}

/// Two lists of values never read the same, nor does one that is not there read
/// as one that is empty.
#[test]
fn scopes_differ_when_what_was_said_differs() {
    let lists: [&[&[&str]]; 9] = [
        &[&[]],
        &[&[""]],
        &[&["", ""]],
        &[&["ab"]],
        &[&["a", "b"]],
        &[&["a"], &["b"]],
        &[&["b"], &["a"]],
        &[&[], &["a"]],
        &[&["a"], &[]],
    ];
    let scopes: Vec<_> = lists
        .iter()
        .map(|list| Scope::of(list.iter().copied()))
        .collect();
    for (place, scope) in scopes.iter().enumerate() {
        let other = scopes.iter().position(|other| other == scope);
        assert_eq!(other, Some(place));
        assert_ne!(*scope, Scope::NONE);
        assert_eq!(Scope::from_bytes(scope.to_bytes()), *scope);
    }
}

fn held_options() -> HoldOptions {
    HoldOptions {
        time: 6 * SECOND,
        ..HoldOptions::default()
    }
}

fn now() -> Instant {
    Instant::now()
}

fn shared(scoping: &Scoping) -> Arc<dyn Scopes> {
    Arc::clone(&scoping.index)
}
