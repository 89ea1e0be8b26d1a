//! Flows of messages: as metrics, as spans in the traces of producers, and on a
//! page. What passes stays as it is.

mod agree;
mod hosts;
mod sent;

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;

use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::sender::{self, Sender};
use crate::support::spans::{Role, number, request, span, text};
use crate::support::wait;

const SECONDS: Duration = Duration::from_secs(20);

const ALL: &str = "
processors:
  linkmend:
    flows: {metrics: true, project: true, dimensions: [messaging.destination.name], max_projected_per_trace: 2}
extensions: {flows: {endpoint: '127.0.0.1:0'}}
service: {extensions: [flows]}
";

/// Three messages, of which the first is received by two services, and a consumer
/// that has a trace in common with its producer.
fn requests() -> Vec<ExportTraceServiceRequest> {
    let named = |service: &str, spans: Vec<Span>| {
        let mut request = request(spans);
        let resource = request.resource_spans[0].resource.as_mut().unwrap();
        resource.attributes = vec![text("service.name", service)];
        request
    };
    let child = Span {
        trace_id: span(3, Role::Plain).trace_id,
        parent_span_id: span(3, Role::Plain).span_id,
        flags: 0x300,
        ..span(14, Role::Receives(3))
    };
    let sends = (1..=3).map(|one| span(one, Role::Sends(one))).collect();
    vec![
        named("api", sends),
        named(
            "worker",
            vec![span(11, Role::Receives(1)), span(12, Role::Receives(2))],
        ),
        named("invoices", vec![span(13, Role::Receives(1)), child]),
    ]
}

fn send(linkmend: &Linkmend, requests: Vec<ExportTraceServiceRequest>) {
    let sender = Sender::new();
    for request in requests {
        sender.grpc(linkmend.addresses.grpc, request).unwrap();
    }
}

fn is_projected(span: &Span) -> bool {
    let mut attributes = span.attributes.iter();
    attributes.any(|attribute| attribute.key == "linkmend.projected")
}

/// What reached the intake, without what linkmend added.
fn originals(intake: &Intake) -> BTreeMap<u64, Vec<u8>> {
    let spans = intake.spans_where(|span| !is_projected(span));
    let spans = spans.iter();
    spans
        .map(|span| (number(span), span.encode_to_vec()))
        .collect()
}

/// Clients and servers, and how many messages went from one to the other.
type Edges = BTreeMap<(String, String), f64>;

fn edge(labels: &BTreeMap<String, String>) -> (String, String) {
    assert_eq!(labels["connection_type"], "messaging_system");
    edge_of(&labels["client"], &labels["server"])
}

fn edge_of(client: &str, server: &str) -> (String, String) {
    (client.to_owned(), server.to_owned())
}

/// What a scrape says.
fn scraped(linkmend: &Linkmend) -> Edges {
    let text = sender::get(linkmend.addresses.metrics, "/metrics");
    let lines = text.lines();
    let lines = lines.filter_map(|line| line.strip_prefix("traces_service_graph_request_total{"));
    let mut edges = Edges::new();
    for line in lines {
        let (labels, count) = line.rsplit_once("} ").unwrap();
        let labels = labels.split(',').map(|label| {
            let (name, value) = label.split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('"').to_owned())
        });
        *edges.entry(edge(&labels.collect())).or_default() += count.parse::<f64>().unwrap();
    }
    edges
}

#[test]
fn flows_are_counted_shown_and_projected_and_what_passes_stays_as_it_is() {
    let (with, without) = (Intake::start(), Intake::start());
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&with, ""), ALL]);
    send(&linkmend, requests());
    // Sent again by a client that had no answer: nothing is counted twice.
    send(&linkmend, requests());
    let spans = with.spans_at_least(14 + 3, SECONDS);

    let projected: Vec<&Span> = spans.iter().filter(|span| is_projected(span)).collect();
    let mut ways: Vec<_> = projected
        .iter()
        .map(|span| {
            assert_eq!(span.kind(), SpanKind::Consumer);
            let link = &span.links[0];
            let to = u64::from_be_bytes(link.span_id.as_slice().try_into().unwrap());
            let parent = u64::from_be_bytes(span.parent_span_id.as_slice().try_into().unwrap());
            assert_eq!(span.trace_id, self::span(parent, Role::Plain).trace_id);
            assert_eq!(link.trace_id, self::span(to, Role::Plain).trace_id);
            assert_eq!(span.name, "orders receive");
            (parent, to)
        })
        .collect();
    ways.sort_unstable();
    assert_eq!(ways, [(1, 11), (1, 13), (2, 12)]);

    let text = sender::get(linkmend.addresses.metrics, "/metrics");
    let count = |server: &str| {
        let start = format!(
            "traces_service_graph_request_total{{client=\"api\",connection_type=\"messaging_system\",messaging_destination_name=\"orders\",messaging_system=\"\",server=\"{server}\"}} "
        );
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(&start));
        value
            .unwrap_or_else(|| panic!("{server}: {text}"))
            .to_owned()
    };
    assert_eq!(
        (count("worker"), count("invoices")),
        ("2".into(), "2".into())
    );
    let is = |name: &str, labels: &[&str], count: f64| {
        let told = linkmend.metric(name, labels);
        assert!((told - count).abs() < 0.5, "{name} {labels:?}: {told}");
    };
    is("linkmend_flows_total", &["joined=\"mended\""], 3.0);
    is("linkmend_flows_total", &["joined=\"parent\""], 1.0);
    is("linkmend_flow_deliveries_total", &[], 4.0);
    is("linkmend_flow_messages_total", &[], 3.0);
    is("linkmend_flow_waited_count", &[], 4.0);
    is("linkmend_projected_spans_total", &["result=\"sent\""], 3.0);

    let page = linkmend.address_of("flows listens").unwrap();
    let page = sender::get(page, "/");
    assert!(
        page.contains("<strong>4</strong> deliveries of <strong>3</strong> messages"),
        "{page}"
    );

    let plain = Linkmend::start(&[&linkmend::by_grpc(&without, "")]);
    send(&plain, requests());
    without.spans_at_least(7, SECONDS);
    assert_eq!(originals(&with), originals(&without));
    let text = sender::get(plain.addresses.metrics, "/metrics");
    assert!(
        !text.contains("linkmend_flow") && !text.contains("service_graph"),
        "{text}"
    );
}

/// One message to three services: there is room for two of them in its trace.
#[test]
fn a_trace_is_given_so_many_spans_and_no_more() {
    let intake = Intake::start();
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), ALL]);
    let mut spans = vec![span(1, Role::Sends(1))];
    spans.extend((2..=4).map(|number| span(number, Role::Receives(1))));
    send(&linkmend, vec![request(spans)]);
    let spans = intake.spans_at_least(6, SECONDS);
    assert_eq!(spans.iter().filter(|span| is_projected(span)).count(), 2);
    let without_room = linkmend.metric("linkmend_projected_spans_total", &["result=\"no_room\""]);
    assert!((without_room - 1.0).abs() < 0.5, "{without_room}");
}

/// As the page of files does, and by what was seen of producers here.
#[test]
fn the_live_page_says_why_a_message_has_no_link_and_what_to_do() {
    let intake = Intake::start();
    let hold = "processors: {linkmend: {hold: {time: 200ms}}}";
    let linkmend = Linkmend::start(&[&linkmend::by_grpc(&intake, ""), ALL, hold]);
    let address = linkmend.address_of("flows listens").unwrap();
    let page = || sender::get(address, "/");
    assert!(page().contains("No message is without a link that needs one."));
    let says = |text: &str| {
        wait::until_true(text, wait::LONG, || page().contains(text));
    };
    send(&linkmend, vec![request(vec![span(11, Role::Receives(1))])]);
    says("One message has no link");
    says("its producer was not found <span class=\"word\">(unresolved)</span>");
    says("Have the producer send its spans here too: none of this system was seen.");
    send(&linkmend, vec![request(vec![span(2, Role::Sends(2))])]);
    says("those that were seen name other messages.");
    let page = page();
    assert!(
        !page.contains("file too") && !page.contains("the inputs"),
        "{page}"
    );
}
