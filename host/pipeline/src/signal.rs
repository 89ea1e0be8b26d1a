//! The kinds of telemetry that OTLP has.

use std::fmt;

/// A kind of telemetry. Each has a service of gRPC and a path of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Points of metrics.
    Metrics,
    /// Records of logs.
    Logs,
    /// Samples of profiles.
    Profiles,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Traces, Self::Metrics, Self::Logs, Self::Profiles];

    /// As pipelines are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Profiles => "profiles",
        }
    }

    /// What it is counted in, for people.
    pub fn items(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Metrics => "points of metrics",
            Self::Logs => "log records",
            Self::Profiles => "samples of profiles",
        }
    }

    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }

    /// The service of gRPC; its method is `Export`.
    pub fn service(self) -> &'static str {
        match self {
            Self::Traces => "opentelemetry.proto.collector.trace.v1.TraceService",
            Self::Metrics => "opentelemetry.proto.collector.metrics.v1.MetricsService",
            Self::Logs => "opentelemetry.proto.collector.logs.v1.LogsService",
            Self::Profiles => {
                "opentelemetry.proto.collector.profiles.v1development.ProfilesService"
            }
        }
    }

    /// The path of HTTP, where none is configured.
    pub fn url_path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
            Self::Logs => "/v1/logs",
            Self::Profiles => "/v1development/profiles",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
