//! A batch of each signal, made by the structs of opentelemetry-proto and with
//! what these do not know.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, MetricsData, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint,
};
use opentelemetry_proto::tonic::profiles::v1development::{
    Profile, ProfilesData, ProfilesDictionary, ResourceProfiles, Sample, ScopeProfiles,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

/// A signal, as tests see it.
pub struct Signal {
    pub name: &'static str,
    pub service: &'static str,
    pub path: &'static str,
    /// The metric of what a receiver has accepted, and how much the batch has.
    pub unit: &'static str,
    pub items: f64,
    pub batch: Vec<u8>,
}

/// Metrics, logs and profiles.
pub fn others() -> [Signal; 3] {
    [
        Signal {
            name: "metrics",
            service: "opentelemetry.proto.collector.metrics.v1.MetricsService",
            path: "/v1/metrics",
            unit: "metric_points",
            items: 8.0,
            batch: with_unknown(metrics().encode_to_vec()),
        },
        Signal {
            name: "logs",
            service: "opentelemetry.proto.collector.logs.v1.LogsService",
            path: "/v1/logs",
            unit: "log_records",
            items: 3.0,
            batch: with_unknown(logs().encode_to_vec()),
        },
        Signal {
            name: "profiles",
            service: "opentelemetry.proto.collector.profiles.v1development.ProfilesService",
            path: "/v1development/profiles",
            unit: "profile_samples",
            items: 2.0,
            batch: with_unknown(profiles().encode_to_vec()),
        },
    ]
}

/// A field that no version of OTLP has: it goes through, too.
fn with_unknown(mut batch: Vec<u8>) -> Vec<u8> {
    // Field 999, a text.
    batch.extend([0xba, 0x3e, 4]);
    batch.extend(b"more");
    batch
}

#[allow(clippy::unnecessary_wraps, reason = "fields of messages are optional")]
fn resource() -> Option<Resource> {
    Some(Resource {
        attributes: vec![text("service.name", "orders")],
        ..Resource::default()
    })
}

#[allow(clippy::unnecessary_wraps, reason = "fields of messages are optional")]
fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "tests".into(),
        ..InstrumentationScope::default()
    })
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

/// Two points of a gauge and of a sum each, one of which is no number; one of
/// each other kind; and a metric without points.
pub fn metrics() -> MetricsData {
    let point = |value| NumberDataPoint {
        attributes: vec![text("queue", "orders")],
        time_unix_nano: 1_700_000_000_000_000_000,
        value: Some(value),
        ..NumberDataPoint::default()
    };
    let metric = |name: &str, data| Metric {
        name: name.into(),
        unit: "1".into(),
        data: Some(data),
        ..Metric::default()
    };
    let numbers = || vec![point(Number::AsInt(-7)), point(Number::AsDouble(0.5))];
    let metrics = vec![
        metric(
            "gauge",
            Data::Gauge(Gauge {
                data_points: numbers(),
            }),
        ),
        metric(
            "sum",
            Data::Sum(Sum {
                data_points: numbers(),
                aggregation_temporality: 2,
                is_monotonic: true,
            }),
        ),
        metric(
            "histogram",
            Data::Histogram(Histogram {
                data_points: vec![HistogramDataPoint {
                    count: 3,
                    sum: Some(0.0),
                    bucket_counts: vec![1, 2],
                    explicit_bounds: vec![0.25],
                    ..HistogramDataPoint::default()
                }],
                aggregation_temporality: 1,
            }),
        ),
        metric(
            "exponential",
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points: vec![ExponentialHistogramDataPoint {
                    count: 1,
                    scale: -3,
                    positive: Some(Buckets {
                        offset: -2,
                        bucket_counts: vec![1, 300],
                    }),
                    // A Collector writes it though it is empty.
                    negative: Some(Buckets::default()),
                    ..ExponentialHistogramDataPoint::default()
                }],
                aggregation_temporality: 1,
            }),
        ),
        metric(
            "summary",
            Data::Summary(Summary {
                data_points: vec![SummaryDataPoint::default(); 2],
            }),
        ),
        metric("nothing", Data::Gauge(Gauge::default())),
    ];
    MetricsData {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(),
            scope_metrics: vec![ScopeMetrics {
                scope: scope(),
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

pub fn logs() -> LogsData {
    let record = |number: u8| LogRecord {
        time_unix_nano: 1_700_000_000_000_000_000 + u64::from(number),
        severity_number: 9,
        severity_text: "INFO".into(),
        body: Some(AnyValue {
            value: Some(Value::StringValue(format!("line {number}"))),
        }),
        trace_id: vec![number + 1; 16],
        span_id: vec![number + 1; 8],
        ..LogRecord::default()
    };
    LogsData {
        resource_logs: vec![ResourceLogs {
            resource: resource(),
            scope_logs: vec![ScopeLogs {
                scope: scope(),
                log_records: (0..3).map(record).collect(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn profiles() -> ProfilesData {
    let profile = Profile {
        profile_id: vec![7; 16],
        samples: vec![Sample::default(); 2],
        ..Profile::default()
    };
    ProfilesData {
        resource_profiles: vec![ResourceProfiles {
            resource: resource(),
            scope_profiles: vec![ScopeProfiles {
                scope: scope(),
                profiles: vec![profile],
                ..ScopeProfiles::default()
            }],
            ..ResourceProfiles::default()
        }],
        dictionary: Some(ProfilesDictionary {
            string_table: vec![String::new(), "main".into()],
            ..ProfilesDictionary::default()
        }),
    }
}
