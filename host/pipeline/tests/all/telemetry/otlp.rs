//! The metrics as OTLP: the same figures as those of `/metrics`.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, HistogramDataPoint, Metric, MetricsData, NumberDataPoint, metric::Data,
    number_data_point,
};
use prost::Message as _;

/// By name and labels, as Prometheus writes them.
type Samples = BTreeMap<String, f64>;

fn scraped(text: &str) -> Samples {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (
            name.replace(",le=\"+Inf\"", "")
                .replace("{le=\"+Inf\"}", ""),
            value.parse().unwrap(),
        )
    });
    samples.collect()
}

/// What Prometheus makes of them, by OpenTelemetry's rules for it.
fn received(data: &MetricsData) -> Samples {
    let mut samples = Samples::new();
    for metric in &data.resource_metrics[0].scope_metrics[0].metrics {
        match metric.data.as_ref().unwrap() {
            Data::Sum(sum) => {
                assert!(sum.is_monotonic);
                assert_eq!(
                    sum.aggregation_temporality(),
                    AggregationTemporality::Cumulative
                );
                let name = metric.name.trim_end_matches("_total");
                add(&mut samples, &format!("{name}_total"), &sum.data_points);
            }
            Data::Gauge(gauge) => add(&mut samples, &metric.name, &gauge.data_points),
            Data::Histogram(histogram) => {
                for point in &histogram.data_points {
                    add_histogram(&mut samples, metric, point);
                }
            }
            other => panic!("{other:?}"),
        }
    }
    samples
}

fn add(samples: &mut Samples, name: &str, points: &[NumberDataPoint]) {
    for point in points {
        assert!(point.start_time_unix_nano <= point.time_unix_nano);
        let Some(number_data_point::Value::AsDouble(value)) = point.value else {
            panic!("{point:?}");
        };
        samples.insert(format!("{name}{}", labels(&point.attributes, None)), value);
    }
}

#[allow(clippy::cast_precision_loss, reason = "they are few")]
fn add_histogram(samples: &mut Samples, metric: &Metric, point: &HistogramDataPoint) {
    let name = &metric.name;
    let plain = labels(&point.attributes, None);
    samples.insert(format!("{name}_sum{plain}"), point.sum.unwrap());
    samples.insert(format!("{name}_count{plain}"), point.count as f64);
    samples.insert(format!("{name}_bucket{plain}"), point.count as f64);
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
    let mut before = 0;
    for (bound, count) in point.explicit_bounds.iter().zip(&point.bucket_counts) {
        before += count;
        let labels = labels(&point.attributes, Some(*bound));
        samples.insert(format!("{name}_bucket{labels}"), before as f64);
    }
}

fn labels(attributes: &[KeyValue], bound: Option<f64>) -> String {
    let mut all: Vec<String> = attributes
        .iter()
        .map(|one| format!("{}=\"{}\"", one.key, text(one).replace('"', "\\\"")))
        .collect();
    all.extend(bound.map(|bound| format!("le=\"{bound}\"")));
    if all.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", all.join(","))
    }
}

fn text(attribute: &KeyValue) -> String {
    match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn sent(metrics: &linkmend_pipeline::telemetry::metrics::Metrics) -> MetricsData {
    MetricsData::decode(&*metrics.otlp()).unwrap()
}

/// Time passes between the two, and nothing else.
fn is_of_time(name: &str) -> bool {
    name.starts_with("otelcol_process_")
}

#[test]
fn what_is_sent_is_what_is_scraped() {
    let metrics = super::metrics::all("{}");
    let (data, text) = (sent(&metrics), metrics.text());
    let (mut received, mut scraped) = (received(&data), scraped(&text));
    assert!(received.keys().any(|name| is_of_time(name)));
    received.retain(|name, _| !is_of_time(name));
    scraped.retain(|name, _| !is_of_time(name) && !name.starts_with("target_info"));
    assert!(scraped.len() > 50, "{}", scraped.len());
    assert!(scraped.keys().any(|name| name.contains("_bucket")));
    assert_eq!(received, scraped);
}

#[test]
fn names_and_units_are_those_of_the_collector() {
    // Shorter names on the page change nothing here.
    let short =
        "{metrics: {readers: [{pull: {exporter: {prometheus: {without_type_suffix: true}}}}]}}";
    for telemetry in ["{}", short] {
        let data = sent(&super::metrics::all(telemetry));
        let metrics = &data.resource_metrics[0].scope_metrics[0].metrics;
        let named = |name: &str| metrics.iter().find(|metric| metric.name == name);
        assert!(named("otelcol_receiver_accepted_spans").is_some());
        assert!(named("otelcol_process_cpu_seconds").is_none_or(|metric| metric.unit == "s"));
        assert!(named("target_info").is_none());
        assert!(
            metrics
                .iter()
                .all(|metric| !metric.name.ends_with("_total"))
        );
    }
}

#[test]
fn the_resource_is_that_of_the_configuration() {
    let data = sent(&super::metrics::all(
        "{resource: {service.name: edge, team: a}}",
    ));
    let resource = data.resource_metrics[0].resource.as_ref().unwrap();
    let told: BTreeMap<&str, String> = resource
        .attributes
        .iter()
        .map(|one| (one.key.as_str(), text(one)))
        .collect();
    assert_eq!(told["service.name"], "edge");
    assert_eq!(told["team"], "a");
    assert_eq!(told["service.instance.id"].len(), 36);
}
