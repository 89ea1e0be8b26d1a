//! Where spans of linkmend's own go: exporters like all others.

use std::sync::Arc;

use crate::component::SetupError;
use crate::config::{
    self, GrpcClient, Headers, HttpClient, Id, OtlpGrpcExporter, OtlpHttpExporter, Retry, Target,
    TraceExporter, TraceProtocol, Url,
};
use crate::exporters;
use crate::extensions::file_storage::Storages;
use crate::signal::Signal;
use crate::telemetry::metrics::Metrics;
use crate::traces::Consumer;

/// The exporter for spans of linkmend's own.
pub(super) fn exporter(config: &TraceExporter) -> Result<Arc<dyn Consumer>, SetupError> {
    let exporter = match config.protocol {
        TraceProtocol::Grpc => config::Exporter::OtlpGrpc(Box::new(grpc(config))),
        TraceProtocol::HttpProtobuf => config::Exporter::OtlpHttp(Box::new(http(config))),
    };
    let id = Id {
        kind: "otlp".into(),
        name: "own".into(),
    };
    // They are not part of what passes, so they are not counted.
    let metrics = Metrics::new(true);
    let built = exporters::build(
        &id,
        &exporter,
        &[Signal::Traces],
        &metrics,
        &Storages::default(),
    );
    let built = built.map_err(|error| SetupError::new("service.telemetry.traces", error.text))?;
    Ok(built)
}

/// Spans that cannot be sent are dropped: they are not worth a wait.
fn once() -> Retry {
    Retry {
        enabled: false,
        ..Retry::default()
    }
}

fn grpc(config: &TraceExporter) -> OtlpGrpcExporter {
    let url = config.endpoint.clone().unwrap_or_else(|| here(4317));
    let client = GrpcClient {
        endpoint: Target::Host {
            host: url.host,
            port: url.port,
            tls: Some(url.https),
        },
        headers: headers(config),
        ..GrpcClient::default()
    };
    OtlpGrpcExporter {
        client,
        timeout: Some(config.timeout),
        retry: once(),
        queue: None,
    }
}

fn http(config: &TraceExporter) -> OtlpHttpExporter {
    let client = HttpClient {
        timeout: Some(config.timeout),
        headers: headers(config),
        ..HttpClient::default()
    };
    OtlpHttpExporter {
        client,
        traces_endpoint: Some(url(config)),
        retry: once(),
        queue: None,
        ..OtlpHttpExporter::default()
    }
}

/// An endpoint without a path is one of OTLP/HTTP.
fn url(config: &TraceExporter) -> Url {
    let mut url = config.endpoint.clone().unwrap_or_else(|| here(4318));
    if url.path.trim_end_matches('/').is_empty() {
        url.path = "/v1/traces".into();
    }
    url
}

/// Who takes these spans is told that the sending of them is not recorded
/// (W3C Trace Context). Where spans come back here, by however many hops, there
/// would be spans about them otherwise, and about these, for ever.
fn headers(config: &TraceExporter) -> Headers {
    let (trace, span) = (fastrand::u128(1..), fastrand::u64(1..));
    let not_sampled = format!("00-{trace:032x}-{span:016x}-00");
    let mut headers = config.headers.clone();
    headers.push(("traceparent".into(), not_sampled.into()));
    headers
}

fn here(port: u16) -> Url {
    Url {
        https: false,
        host: "localhost".into(),
        port,
        path: String::new(),
    }
}
