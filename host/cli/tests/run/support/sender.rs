//! Clients of our own: they see what is said on the wire, and try nothing
//! again.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};

/// A client for tests that do one thing after the other.
pub struct Sender(Runtime);

/// What HTTP answered.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Sender {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        Self({ runtime }.worker_threads(1).enable_all().build().unwrap())
    }

    pub fn grpc(
        &self,
        address: SocketAddr,
        request: ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceResponse, tonic::Status> {
        self.0
            .block_on(async { grpc(&channel(address), request).await })
    }

    /// Below a span of the sender's own.
    pub fn grpc_below(
        &self,
        traceparent: &str,
        address: SocketAddr,
        request: ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceResponse, tonic::Status> {
        self.grpc_with(Some(("traceparent", traceparent)), address, request)
    }

    /// As a tenant, which stands in the metadata of the call.
    pub fn grpc_as(
        &self,
        tenant: Option<&str>,
        address: SocketAddr,
        request: ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceResponse, tonic::Status> {
        let tenant = tenant.map(|tenant| ("x-scope-orgid", tenant));
        self.grpc_with(tenant, address, request)
    }

    fn grpc_with(
        &self,
        metadata: Option<(&'static str, &str)>,
        address: SocketAddr,
        request: ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceResponse, tonic::Status> {
        let mut request = tonic::Request::new(request);
        if let Some((key, value)) = metadata {
            request.metadata_mut().insert(key, value.parse().unwrap());
        }
        self.0
            .block_on(async { export(&channel(address), request).await })
    }

    /// As a tenant, which stands in a header.
    pub fn http_as(
        &self,
        tenant: Option<&str>,
        address: SocketAddr,
        request: &ExportTraceServiceRequest,
    ) -> StatusCode {
        let mut post = Request::post(format!("http://{address}/v1/traces"))
            .header(CONTENT_TYPE, "application/x-protobuf");
        if let Some(tenant) = tenant {
            post = post.header("X-Scope-OrgID", tenant);
        }
        let body = Full::new(Bytes::from(request.encode_to_vec()));
        let answered = client().request(post.body(body).unwrap());
        self.0.block_on(answered).unwrap().status()
    }

    /// In the background; the answer comes later.
    pub fn begin_grpc(
        &self,
        address: SocketAddr,
        request: ExportTraceServiceRequest,
    ) -> tokio::task::JoinHandle<Result<ExportTraceServiceResponse, tonic::Status>> {
        self.0
            .spawn(async move { grpc(&channel(address), request).await })
    }

    /// Sends any bytes as the message of gRPC; returns the status.
    pub fn grpc_bytes(&self, address: SocketAddr, message: &[u8]) -> String {
        let mut frame = vec![0];
        frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend(message);
        self.grpc_frame(address, "identity", frame)
    }

    /// Sends any bytes as the body of a call; returns the status.
    pub fn grpc_frame(&self, address: SocketAddr, encoding: &str, frame: Vec<u8>) -> String {
        let service = "opentelemetry.proto.collector.trace.v1.TraceService";
        self.call(address, service, encoding, frame)
    }

    /// Sends any bytes as the message of an export to a service.
    pub fn export(&self, address: SocketAddr, service: &str, message: &[u8]) -> String {
        let mut frame = vec![0];
        frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend(message);
        self.call(address, service, "identity", frame)
    }

    fn call(&self, address: SocketAddr, service: &str, encoding: &str, frame: Vec<u8>) -> String {
        let path = format!("/{service}/Export");
        let request = Request::post(format!("http://{address}{path}"))
            .header(CONTENT_TYPE, "application/grpc")
            .header("te", "trailers")
            .header("grpc-encoding", encoding)
            .body(Full::<Bytes>::from(frame))
            .unwrap();
        let client = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        self.0.block_on(async {
            let (head, body) = client.request(request).await.unwrap().into_parts();
            let body: http_body_util::Collected<Bytes> = body.collect().await.unwrap();
            let status = head.headers.get("grpc-status");
            let status = status.or_else(|| body.trailers()?.get("grpc-status"));
            status.expect("a status").to_str().unwrap().to_owned()
        })
    }

    pub fn wait<T>(&self, task: tokio::task::JoinHandle<T>) -> T {
        self.0.block_on(task).unwrap()
    }

    /// `POST /v1/traces`.
    pub fn http(&self, address: SocketAddr, kind: &str, body: impl Into<Bytes>) -> Answered {
        self.post(address, "/v1/traces", kind, body)
    }

    /// `POST` to any path.
    pub fn post(
        &self,
        address: SocketAddr,
        path: &str,
        kind: &str,
        body: impl Into<Bytes>,
    ) -> Answered {
        let (client, body) = (client(), body.into());
        let posting = post(&client, address, path, kind, body);
        self.0.block_on(posting).unwrap()
    }
}

/// A connection for gRPC, made when it is needed.
pub fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::try_from(format!("http://{address}")).unwrap();
    endpoint
        .connect_timeout(Duration::from_secs(5))
        .connect_lazy()
}

/// Connections for HTTP.
pub type HttpClient = Client<HttpConnector, Full<Bytes>>;

pub fn client() -> HttpClient {
    Client::builder(TokioExecutor::new()).build_http()
}

pub async fn grpc(
    channel: &Channel,
    request: ExportTraceServiceRequest,
) -> Result<ExportTraceServiceResponse, tonic::Status> {
    export(channel, tonic::Request::new(request)).await
}

async fn export(
    channel: &Channel,
    request: tonic::Request<ExportTraceServiceRequest>,
) -> Result<ExportTraceServiceResponse, tonic::Status> {
    let mut client = TraceServiceClient::new(channel.clone());
    client
        .export(request)
        .await
        .map(tonic::Response::into_inner)
}

pub async fn http(
    client: &HttpClient,
    address: SocketAddr,
    kind: &str,
    body: Bytes,
) -> Result<Answered, hyper_util::client::legacy::Error> {
    post(client, address, "/v1/traces", kind, body).await
}

async fn post(
    client: &HttpClient,
    address: SocketAddr,
    path: &str,
    kind: &str,
    body: Bytes,
) -> Result<Answered, hyper_util::client::legacy::Error> {
    let request = Request::post(format!("http://{address}{path}"));
    let request = request
        .header(CONTENT_TYPE, kind)
        .body(Full::new(body))
        .unwrap();
    let (head, body) = client.request(request).await?.into_parts();
    Ok(Answered {
        status: head.status,
        headers: head.headers,
        body: body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default(),
    })
}

pub async fn http_protobuf(
    client: &HttpClient,
    address: SocketAddr,
    request: &ExportTraceServiceRequest,
) -> Result<Answered, hyper_util::client::legacy::Error> {
    let body = request.encode_to_vec().into();
    http(client, address, "application/x-protobuf", body).await
}

/// The body that a path has, by the plainest HTTP.
pub fn get(address: SocketAddr, path: &str) -> String {
    let (status, body) = ask(address, path);
    assert_eq!(status, 200, "{body}");
    body
}

/// The same, whatever the status is.
pub fn ask(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    (status.parse().unwrap(), body.to_owned())
}
