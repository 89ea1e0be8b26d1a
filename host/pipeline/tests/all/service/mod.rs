//! Whole pipelines: a configuration, real senders, and a real next hop.

mod held;
mod kept;
mod reload;
mod remembered;
mod shape;
mod shared;
mod sink;
mod stopping;

use std::env::VarError;
use std::time::Duration;

use linkmend_pipeline::config::{Config, Source};
use linkmend_pipeline::service::{Options, Running, Service};
use linkmend_tests::otlp::{consumer, kind, producer, span, traces};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::transport::Channel;
use tonic::{Request, Status};

use sink::Sink;

/// Long enough for what takes no time, on a machine that is busy.
const SOON: Duration = Duration::from_secs(10);

fn config(text: &str) -> Config {
    let source = Source {
        name: "linkmend.yaml".into(),
        text: text.into(),
    };
    match Config::read(&[source], &|_| Err(VarError::NotPresent)) {
        Ok(config) => config,
        Err(faults) => panic!("{faults}"),
    }
}

fn service(text: &str) -> Service {
    Service::new(config(text), &Options::default()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

async fn run(text: &str) -> Running {
    service(text).start().await.unwrap()
}

/// From one gRPC receiver through processors into sinks.
fn one_pipeline(processors: &str, names: &str, sinks: &[&Sink]) -> String {
    let exporters: Vec<_> = (0..)
        .zip(sinks)
        .map(|(number, sink)| exporter(number, sink))
        .collect();
    let ids: Vec<_> = (0..sinks.len())
        .map(|number| format!("otlp_grpc/{number}"))
        .collect();
    format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}}}
processors:
{processors}
exporters:
{}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], processors: [{names}], exporters: [{}]}}
",
        exporters.join("\n"),
        ids.join(", "),
    )
}

fn exporter(number: usize, sink: &Sink) -> String {
    format!(
        "  otlp_grpc/{number}: {{endpoint: '{}', tls: {{insecure: true}}, \
         retry_on_failure: {{enabled: false}}}}",
        sink.address
    )
}

/// A sender by gRPC.
#[derive(Clone)]
struct Sender(TraceServiceClient<Channel>);

impl Sender {
    async fn to(running: &Running) -> Self {
        let (_, address) = &running.addresses[0];
        let client = TraceServiceClient::connect(format!("http://{address}")).await;
        Self(client.unwrap())
    }

    async fn send(&self, spans: Vec<Span>) -> Result<ExportTraceServiceResponse, Status> {
        self.send_within(spans, None).await
    }

    async fn send_within(
        &self,
        spans: Vec<Span>,
        timeout: Option<Duration>,
    ) -> Result<ExportTraceServiceResponse, Status> {
        let mut request = Request::new(ExportTraceServiceRequest {
            resource_spans: traces(spans).resource_spans,
        });
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        let mut client = self.0.clone();
        client
            .export(request)
            .await
            .map(tonic::Response::into_inner)
    }
}

fn call(number: u64) -> Span {
    span(number, kind::SERVER, "call", Vec::new())
}
