//! The service graph by OTLP: what is sent is what is scraped.

use opentelemetry_proto::tonic::metrics::v1::{
    MetricsData, NumberDataPoint, metric, number_data_point,
};
use prost::Message as _;

use super::{ALL, Edges, edge, requests, scraped, send};
use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::peers::{Collector, built};
use crate::support::{ports, wait};

/// What was sent last.
fn sent(intake: &Intake) -> Option<Edges> {
    let requests = intake.requests();
    let last = requests
        .iter()
        .rfind(|request| request.path.to_lowercase().contains("metrics"))?;
    let data = MetricsData::decode(last.message.as_slice()).unwrap();
    let resources = data.resource_metrics.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_metrics);
    let mut metrics = scopes.flat_map(|scope| scope.metrics);
    let total = metrics.find(|metric| metric.name == "traces_service_graph_request_total")?;
    let Some(metric::Data::Sum(sum)) = total.data else {
        panic!("it is a sum");
    };
    assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
    Some(sum.data_points.iter().map(sent_edge).collect())
}

fn sent_edge(point: &NumberDataPoint) -> ((String, String), f64) {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;

    let labels = point.attributes.iter().map(|attribute| {
        let value = attribute.value.as_ref().and_then(|any| any.value.as_ref());
        let Some(Value::StringValue(text)) = value else {
            panic!("{attribute:?}");
        };
        (attribute.key.clone(), text.clone())
    });
    let Some(number_data_point::Value::AsDouble(count)) = point.value else {
        panic!("{point:?}");
    };
    (edge(&labels.collect()), count)
}

/// Who sends how much to whom in [`requests`].
fn expected() -> Edges {
    let edge = |server: &str| (("api".to_owned(), server.to_owned()), 2.0);
    [edge("worker"), edge("invoices")].into()
}

fn periodic(protocol: &str, endpoint: &str, interval: u32) -> String {
    let otlp = format!("{{protocol: {protocol}, endpoint: '{endpoint}'}}");
    let periodic = format!("{{periodic: {{interval: {interval}, exporter: {{otlp: {otlp}}}}}}}");
    let pull = "{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}";
    format!("service: {{telemetry: {{metrics: {{readers: [{pull}, {periodic}]}}}}}}")
}

/// A Collector takes the metrics, by both ways of OTLP, and hands them on.
#[test]
fn a_collector_gets_the_edges_that_a_scrape_has() {
    if built().is_none() {
        return;
    }
    for protocol in ["grpc", "http/protobuf"] {
        let (backend, intake) = (Intake::start(), Intake::start());
        let (grpc, http) = (ports::free(), ports::free());
        let config = format!(
            "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '{grpc}'}}, http: {{endpoint: '{http}'}}}}}}}}
exporters: {{otlp_http: {{endpoint: '{}', sending_queue: {{enabled: false}}}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{metrics: {{receivers: [otlp], exporters: [otlp_http]}}}}
",
            intake.url()
        );
        let collector = Collector::of(grpc, &config);
        let address = if protocol == "grpc" { grpc } else { http };
        let reader = periodic(protocol, &format!("http://{address}"), 100);
        let linkmend = Linkmend::start(&[&linkmend::by_grpc(&backend, ""), ALL, &reader]);
        send(&linkmend, requests());
        wait::until_true(protocol, wait::LONG, || sent(&intake) == Some(expected()));
        assert_eq!(scraped(&linkmend), expected());
        assert!(!linkmend.log().contains("cannot send the metrics"));
        let log = collector.log();
        assert!(!log.contains("\terror\t"), "{log}");
    }
}

/// Once more at the end, so that the counts of a short run arrive too; and where
/// nobody takes them, the run ends all the same.
#[test]
fn metrics_are_sent_at_the_end() {
    let (backend, intake) = (Intake::start(), Intake::start());
    let backend = linkmend::by_grpc(&backend, "");
    let hour = 3_600_000;
    let mut linkmend = Linkmend::start(&[&backend, ALL, &periodic("grpc", &intake.url(), hour)]);
    send(&linkmend, requests());
    assert_eq!(sent(&intake), None);
    assert_eq!(linkmend.terminate().code(), Some(0));
    assert_eq!(sent(&intake), Some(expected()));

    intake.leave();
    let mut linkmend = Linkmend::start(&[&backend, ALL, &periodic("grpc", &intake.url(), hour)]);
    assert_eq!(linkmend.terminate().code(), Some(0));
    let log = linkmend.log();
    assert!(log.contains("cannot send the metrics"), "{log}");
}
