//! Producers pass one host, their consumers another; both share an index.

use std::time::Duration;

use linkmend_tests::stores::Store;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;

use super::{ALL, Edges, SECONDS, edge_of, is_projected, requests, scraped, send};
use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::Sender;
use crate::support::spans::{Role, request, span, text};
use crate::support::wait;

/// A host in front of an intake, with what stands under `linkmend`.
fn host(store: &Store, intake: &Intake, more: &str) -> Linkmend {
    let redis = format!("redis: {{endpoint: '{}', timeout: 500ms}}", store.url());
    let index = format!("processors: {{linkmend: {{index: {{{redis}}}, {more}}}}}");
    Linkmend::start(&[&linkmend::by_grpc(intake, ""), ALL, &index])
}

fn has(linkmend: &Linkmend, name: &str, result: &str, count: f64) {
    let label = format!("result=\"{result}\"");
    wait::until_true(&format!("{name} {result}"), wait::LONG, || {
        (linkmend.metric(name, &[&label]) - count).abs() < 0.5
    });
}

fn written(linkmend: &Linkmend, count: f64) {
    has(
        linkmend,
        "linkmend_flow_ends_writes_total",
        "written",
        count,
    );
}

fn projected(intake: &Intake) -> Vec<Span> {
    intake.spans_where(is_projected)
}

fn edges(of: &[(&str, f64)]) -> Edges {
    of.iter()
        .map(|(server, count)| (edge_of("api", server), *count))
        .collect()
}

/// Scenario: producers pass one host, and their consumers another, which gets them twice.
/// Guarantees: the other host counts each flow once, with its waiting time, and projects
/// it; that of the producers has none, and nothing else is sent.
#[test]
fn a_flow_is_told_by_the_host_that_its_consumer_passes() {
    let Some(store) = Store::start("flows of two hosts", &[]) else {
        return;
    };
    let (at_a, at_b) = (Intake::start(), Intake::start());
    let (a, b) = (
        host(&store, &at_a, "hold: {time: 0s}"),
        host(&store, &at_b, "hold: {time: 0s}"),
    );
    let mut requests = requests();
    let consumers = requests.split_off(1);
    send(&a, requests);
    written(&a, 3.0);
    send(&b, consumers.clone());
    let wanted = edges(&[("worker", 2.0), ("invoices", 2.0)]);
    wait::until_true("edges", wait::LONG, || scraped(&b) == wanted);
    send(&b, consumers);
    at_b.spans_at_least(8 + 3, SECONDS);
    has(&b, "linkmend_projected_spans_total", "sent", 3.0);
    assert_eq!(projected(&at_b).len(), 3);
    for span in projected(&at_b) {
        let service = span.links.first().map(|link| link.span_id.clone());
        assert!(service.is_some_and(|id| id != span.span_id));
    }
    let is = |name: &str, labels: &[&str], count: f64| {
        let told = b.metric(name, labels);
        assert!((told - count).abs() < 0.5, "{name} {labels:?}: {told}");
    };
    is("linkmend_flow_waited_count", &[], 4.0);
    is("linkmend_flow_messages_total", &[], 3.0);
    is("linkmend_flows_total", &["joined=\"mended\""], 3.0);
    is("linkmend_flows_total", &["joined=\"parent\""], 1.0);
    assert_eq!(scraped(&a), Edges::new());
    assert_eq!(
        (projected(&at_a).len(), at_a.spans_where(|_| true).len()),
        (0, 3)
    );
}

/// Consumers wait in the hold of one host until their producers have passed the other.
#[test]
fn consumers_may_come_first() {
    let Some(store) = Store::start("flows of two hosts, consumers first", &[]) else {
        return;
    };
    let (at_a, at_b) = (Intake::start(), Intake::start());
    let (a, b) = (
        host(&store, &at_a, "hold: {time: 60s}"),
        host(&store, &at_b, "hold: {time: 60s}"),
    );
    let mut requests = requests();
    let consumers = requests.split_off(1);
    send(&b, consumers);
    send(&a, requests);
    let wanted = edges(&[("worker", 2.0), ("invoices", 2.0)]);
    wait::until_true("edges", wait::LONG, || scraped(&b) == wanted);
    has(&b, "linkmend_projected_spans_total", "sent", 3.0);
    assert_eq!(scraped(&a), Edges::new());
}

/// Scenario: a tenant names, by a link of its own, a producer of another one that passed
/// another host.
/// Guarantees: nobody is told of it; the tenant whose it is finds it, whether or not its
/// consumer was held.
#[test]
fn tenants_are_told_of_their_own_producers_alone() {
    const SCOPE: &str = "hold: {time: 60s}, scope: {metadata_keys: [X-Scope-OrgID], \
                         resource_attributes: [tenant.id]}";
    let Some(store) = Store::start("flows of tenants", &[]) else {
        return;
    };
    let (at_a, at_b) = (Intake::start(), Intake::start());
    let metadata = "receivers: {otlp: {protocols: {grpc: {include_metadata: true}}}}";
    let start = |intake: &Intake| {
        let redis = format!("redis: {{endpoint: '{}', timeout: 500ms}}", store.url());
        let index = format!("processors: {{linkmend: {{index: {{{redis}}}, {SCOPE}}}}}");
        Linkmend::start(&[&linkmend::by_grpc(intake, ""), ALL, &index, metadata])
    };
    let (a, b) = (start(&at_a), start(&at_b));
    let sender = Sender::new();
    let send = |to: &Linkmend, service: &str, tenant: &str, part: &str, span: Span| {
        let mut request = request(vec![span]);
        let resource = request.resource_spans[0].resource.as_mut().unwrap();
        resource.attributes = vec![text("service.name", service), text("tenant.id", part)];
        drop(
            sender
                .grpc_as(Some(tenant), to.addresses.grpc, request)
                .unwrap(),
        );
    };
    let naming = |number: u64| {
        let producer = span(1, Role::Plain);
        let link = Link {
            trace_id: producer.trace_id,
            span_id: producer.span_id,
            ..Link::default()
        };
        let mut consumer = span(number, Role::Receives(number));
        consumer
            .attributes
            .retain(|one| one.key != "messaging.message.id");
        consumer.links = vec![link];
        consumer
    };
    // Held; of another tenant; of another part of the same; its own again, with a link.
    send(&b, "worker", "red", "one", span(11, Role::Receives(1)));
    send(&b, "blue", "blue", "one", naming(12));
    send(&b, "two", "red", "two", naming(13));
    send(&a, "api", "red", "one", span(1, Role::Sends(1)));
    written(&a, 1.0);
    send(&b, "later", "red", "one", naming(14));
    let wanted = edges(&[("worker", 1.0), ("later", 1.0)]);
    wait::until_true("edges", wait::LONG, || scraped(&b) == wanted);
    has(&b, "linkmend_flow_ends_lookups_total", "nowhere", 2.0);
    assert_eq!(scraped(&b), wanted);
}

/// Scenario: the store goes, spans come, and the store is back.
/// Guarantees: all spans go on, what passed here is joined here, and what passed while the
/// store was away is known elsewhere afterwards.
#[test]
fn without_the_store_everything_goes_on() {
    let Some(mut store) = Store::start("flows without a store", &[]) else {
        return;
    };
    let (at_a, at_b) = (Intake::start(), Intake::start());
    let (a, b) = (
        host(&store, &at_a, "hold: {time: 0s}"),
        host(&store, &at_b, "hold: {time: 0s}"),
    );
    store.kill();
    let mut requests = requests();
    let consumers = requests.split_off(1);
    send(&a, requests.clone());
    send(&a, consumers.clone());
    at_a.spans_at_least(7 + 3, SECONDS);
    let wanted = edges(&[("worker", 2.0), ("invoices", 2.0)]);
    wait::until_true("edges", wait::LONG, || scraped(&a) == wanted);
    send(&b, consumers.clone());
    at_b.spans_at_least(4, SECONDS);
    store.restart();
    written(&a, 3.0);
    std::thread::sleep(Duration::from_millis(100));
    // By its parent alone: the links could not be made.
    has(&b, "linkmend_flow_ends_lookups_total", "found", 1.0);
    assert_eq!(scraped(&b), edges(&[("invoices", 1.0)]));
}
