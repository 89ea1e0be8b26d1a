//! A next hop, by another implementation of gRPC.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

/// Takes spans, or does not.
pub(super) struct Sink {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Shared {
    spans: Mutex<Vec<Span>>,
    refusal: Mutex<Option<Code>>,
    rejects: Mutex<i64>,
}

impl Sink {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let server = TraceServiceServer::from_arc(Arc::clone(&shared))
            .accept_compressed(tonic::codec::CompressionEncoding::Gzip);
        let serving = Server::builder().add_service(server);
        let incoming = TcpIncoming::from(listener);
        tokio::spawn(serving.serve_with_incoming_shutdown(incoming, stopped));
        Self {
            address,
            shared,
            _stop: stop.drop_guard(),
        }
    }

    /// Refuses everything, or nothing any more.
    pub(super) fn refuse(&self, code: Option<Code>) {
        *self.shared.refusal.lock().unwrap() = code;
    }

    /// Says that it rejects so many spans of each request.
    pub(super) fn reject(&self, spans: i64) {
        *self.shared.rejects.lock().unwrap() = spans;
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        self.shared.spans.lock().unwrap().clone()
    }

    /// The numbers of the spans that have come, in their order.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.spans().iter().map(number).collect()
    }

    /// The spans, when there are so many.
    pub(super) async fn wait(&self, count: usize) -> Vec<Span> {
        self.wait_within(count, super::SOON).await
    }

    /// The spans, when there are so many; some may have waited to the end of their time.
    pub(super) async fn wait_within(&self, count: usize, within: Duration) -> Vec<Span> {
        let came = async {
            while self.spans().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(within, came).await;
        let here = self.spans().len();
        assert!(in_time.is_ok(), "{here} came, wanted {count}");
        self.spans()
    }
}

fn number(span: &Span) -> u64 {
    u64::from_be_bytes(span.span_id[..].try_into().unwrap())
}

#[tonic::async_trait]
impl TraceService for Shared {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        if let Some(code) = *self.refusal.lock().unwrap() {
            return Err(Status::new(code, "not now"));
        }
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        self.spans.lock().unwrap().extend(spans);
        let rejected_spans = *self.rejects.lock().unwrap();
        let partial = (rejected_spans > 0).then(|| ExportTracePartialSuccess {
            rejected_spans,
            error_message: "too old".into(),
        });
        Ok(Response::new(ExportTraceServiceResponse {
            partial_success: partial,
        }))
    }
}
