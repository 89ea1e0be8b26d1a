//! Where what linkmend tells of itself goes: exporters like all others.

use std::sync::Arc;

use crate::component::SetupError;
use crate::config::{
    self, GrpcClient, Headers, HttpClient, Id, OtlpGrpcExporter, OtlpHttpExporter, OtlpProtocol,
    OtlpSender, Retry, Target, Url,
};
use crate::exporters;
use crate::extensions::file_storage::Storages;
use crate::signal::Signal;
use crate::telemetry::metrics::Metrics;
use crate::traces::Consumer;

/// The exporter for spans or metrics of linkmend's own. It needs no start.
///
/// # Errors
///
/// It cannot be made, as this section of the configuration says.
pub(super) fn exporter(
    config: &OtlpSender,
    signal: Signal,
    section: &str,
) -> Result<Arc<dyn Consumer>, SetupError> {
    let exporter = match config.protocol {
        OtlpProtocol::Grpc => config::Exporter::OtlpGrpc(Box::new(grpc(config))),
        OtlpProtocol::HttpProtobuf => config::Exporter::OtlpHttp(Box::new(http(config, signal))),
    };
    let id = Id {
        kind: "otlp".into(),
        name: "own".into(),
    };
    // They are not part of what passes, so they are not counted.
    let metrics = Metrics::new(true);
    let built = exporters::build(&id, &exporter, &[signal], &metrics, &Storages::default());
    let built = built.map_err(|error| SetupError::new(section, error.text))?;
    Ok(built)
}

/// What cannot be sent is dropped: spans are not worth a wait, and metrics come again.
fn once() -> Retry {
    Retry {
        enabled: false,
        ..Retry::default()
    }
}

fn grpc(config: &OtlpSender) -> OtlpGrpcExporter {
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

fn http(config: &OtlpSender, signal: Signal) -> OtlpHttpExporter {
    let client = HttpClient {
        timeout: Some(config.timeout),
        headers: headers(config),
        ..HttpClient::default()
    };
    let url = url(config, signal);
    OtlpHttpExporter {
        client,
        traces_endpoint: Some(url.clone()),
        metrics_endpoint: Some(url),
        retry: once(),
        queue: None,
        ..OtlpHttpExporter::default()
    }
}

/// An endpoint without a path is one of OTLP/HTTP.
fn url(config: &OtlpSender, signal: Signal) -> Url {
    let mut url = config.endpoint.clone().unwrap_or_else(|| here(4318));
    if url.path.trim_end_matches('/').is_empty() {
        url.path = signal.url_path().into();
    }
    url
}

/// Who takes them is told that the sending of them is not recorded
/// (W3C Trace Context). Where spans come back here, by however many hops, there
/// would be spans about them otherwise, and about these, for ever.
fn headers(config: &OtlpSender) -> Headers {
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
