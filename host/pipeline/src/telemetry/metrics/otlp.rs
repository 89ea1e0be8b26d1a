//! Metrics as OTLP has them.
//!
//! Their names are those that a backend turns into the names of `/metrics`: a
//! counter of linkmend's own loses `_total`, as the Collector's do, which comes
//! back with its being a sum. Those of the service graph keep their names, as the
//! Collector's connector `servicegraph` has them: Grafana looks for just these.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, MetricsData,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource as OtlpResource;
use prometheus::proto::{LabelPair, MetricFamily, MetricType};

use super::flow_families::SERVICE_GRAPH_PREFIX;
use crate::telemetry::resource::Resource;

/// When what is told began, and until when it is, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) begun: u64,
    pub(super) now: u64,
}

/// All families, of this resource.
pub(super) fn data(families: &[MetricFamily], resource: &Resource, span: Span) -> MetricsData {
    // The resource is there without it.
    let families = families
        .iter()
        .filter(|family| family.name() != "target_info");
    let scope = InstrumentationScope {
        name: "linkmend".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..InstrumentationScope::default()
    };
    let scope_metrics = ScopeMetrics {
        scope: Some(scope),
        metrics: families.filter_map(|family| metric(family, span)).collect(),
        schema_url: String::new(),
    };
    let attributes = resource.0.iter();
    let resource = OtlpResource {
        attributes: attributes.map(|(key, value)| text(key, value)).collect(),
        ..OtlpResource::default()
    };
    MetricsData {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope_metrics],
            schema_url: String::new(),
        }],
    }
}

fn metric(family: &MetricFamily, span: Span) -> Option<Metric> {
    let name = name(family);
    let data = match family.get_field_type() {
        MetricType::COUNTER => Data::Sum(Sum {
            data_points: numbers(family, span, |one| one.get_counter().get_value()),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
        }),
        MetricType::GAUGE => Data::Gauge(Gauge {
            data_points: numbers(family, span, |one| one.get_gauge().get_value()),
        }),
        MetricType::HISTOGRAM => Data::Histogram(Histogram {
            data_points: histograms(family, span),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
        }),
        // There are no others.
        _ => return None,
    };
    Some(Metric {
        unit: unit(name).into(),
        name: name.into(),
        description: family.help().into(),
        metadata: Vec::new(),
        data: Some(data),
    })
}

fn name(family: &MetricFamily) -> &str {
    let name = family.name();
    let is_own = !name.starts_with(SERVICE_GRAPH_PREFIX);
    let short = name.strip_suffix("_total").filter(|_| is_own);
    short.unwrap_or(name)
}

/// The unit that the name ends in: a backend that adds units to names adds none then.
fn unit(name: &str) -> &'static str {
    match name.rsplit_once('_') {
        Some((_, "seconds")) => "s",
        Some((_, "bytes")) => "By",
        _ => "",
    }
}

fn numbers(
    family: &MetricFamily,
    span: Span,
    value: impl Fn(&prometheus::proto::Metric) -> f64,
) -> Vec<NumberDataPoint> {
    let all = family.get_metric().iter();
    let points = all.map(|one| NumberDataPoint {
        attributes: attributes(one.get_label()),
        start_time_unix_nano: span.begun,
        time_unix_nano: span.now,
        value: Some(number_data_point::Value::AsDouble(value(one))),
        ..NumberDataPoint::default()
    });
    points.collect()
}

fn histograms(family: &MetricFamily, span: Span) -> Vec<HistogramDataPoint> {
    let all = family.get_metric().iter();
    let points = all.map(|one| {
        let histogram = one.get_histogram();
        let (mut bounds, mut counts, mut before) = (Vec::new(), Vec::new(), 0);
        for bucket in histogram.get_bucket() {
            if bucket.upper_bound().is_finite() {
                bounds.push(bucket.upper_bound());
                counts.push(bucket.cumulative_count().saturating_sub(before));
                before = bucket.cumulative_count();
            }
        }
        counts.push(histogram.get_sample_count().saturating_sub(before));
        HistogramDataPoint {
            attributes: attributes(one.get_label()),
            start_time_unix_nano: span.begun,
            time_unix_nano: span.now,
            count: histogram.get_sample_count(),
            sum: Some(histogram.get_sample_sum()),
            bucket_counts: counts,
            explicit_bounds: bounds,
            ..HistogramDataPoint::default()
        }
    });
    points.collect()
}

/// An empty label is none, for Prometheus too.
fn attributes(labels: &[LabelPair]) -> Vec<KeyValue> {
    let given = labels.iter().filter(|label| !label.value().is_empty());
    given
        .map(|label| text(label.name(), label.value()))
        .collect()
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.into())),
        }),
        ..KeyValue::default()
    }
}
