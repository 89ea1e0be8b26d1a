//! A receiver, what is behind it, and clients of both protocols.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use linkmend_pipeline::component::{Receiver as _, SetupError, Tasks};
use linkmend_pipeline::config::Receiver;
use linkmend_pipeline::receivers::otlp::{Limits, Otlp};
use linkmend_pipeline::telemetry::metrics::Metrics;
use linkmend_pipeline::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Traces};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};

use crate::support::{consumers, read, receiver, with};

/// What is behind the receiver: keeps what it takes, and answers as it is told.
pub struct Next {
    answer: Mutex<ConsumeResult>,
    pub taken: Mutex<Vec<Traces>>,
    /// Batches wait for a permit.
    pub gate: Semaphore,
    /// Batches that came, whether they were answered or not.
    pub came: Semaphore,
}

impl Next {
    pub fn new() -> Arc<Self> {
        Self::answering(Ok(Accepted::default()))
    }

    pub fn answering(answer: ConsumeResult) -> Arc<Self> {
        let next = Self::closed(answer);
        next.gate.add_permits(Semaphore::MAX_PERMITS / 2);
        next
    }

    pub fn closed(answer: ConsumeResult) -> Arc<Self> {
        Arc::new(Self {
            answer: Mutex::new(answer),
            taken: Mutex::default(),
            gate: Semaphore::new(0),
            came: Semaphore::new(0),
        })
    }

    pub fn answer(&self, answer: ConsumeResult) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn spans(&self) -> usize {
        self.taken.lock().unwrap().iter().map(Traces::items).sum()
    }

    pub async fn wait_for_one(&self) {
        self.came.acquire().await.unwrap().forget();
    }
}

impl Consumer for Next {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        Box::pin(async move {
            self.came.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
            self.taken.lock().unwrap().push(traces);
            self.answer.lock().unwrap().clone()
        })
    }
}

/// A receiver that runs.
pub struct Running {
    pub tasks: Tasks,
    pub metrics: Metrics,
}

impl Running {
    pub fn address(&self, protocol: &str) -> SocketAddr {
        let bound = &self.tasks.bound;
        bound
            .iter()
            .find(|bound| bound.protocol == protocol)
            .unwrap()
            .address
    }

    /// A metric of the receiver by its name and its labels.
    pub fn metric(&self, name: &str, labels: &[&str]) -> u64 {
        let families = self.metrics.registry().gather();
        let family = families.iter().find(|family| family.name() == name);
        let of_labels = family.unwrap().get_metric().iter().filter(|metric| {
            let values: Vec<_> = metric
                .get_label()
                .iter()
                .map(prometheus::proto::LabelPair::value)
                .collect();
            labels.iter().all(|label| values.contains(label))
        });
        let sum: f64 = of_labels
            .map(|metric| metric.get_counter().get_value())
            .sum();
        #[allow(clippy::cast_sign_loss, reason = "counters are not below zero")]
        let sum = sum as u64;
        sum
    }
}

/// Both protocols at any port; `grpc`, `http` are what is configured besides.
pub fn both(grpc: &str, http: &str) -> String {
    format!(
        "protocols: {{grpc: {{endpoint: '127.0.0.1:0', {grpc}}}, http: {{endpoint: \
         '127.0.0.1:0', {http}}}}}"
    )
}

pub async fn try_start(
    lines: &str,
    limits: Limits,
    next: Arc<dyn Consumer>,
) -> Result<Running, SetupError> {
    let config = read(&[&with("receivers", "otlp", lines)]);
    let Receiver::Otlp(config) = receiver(&config, "otlp") else {
        panic!()
    };
    let metrics = Metrics::new(true);
    let otlp = Otlp::new(&"otlp".parse().unwrap(), config, &metrics)?.with_limits(limits);
    let tasks = Box::new(otlp).start(consumers(next)).await?;
    Ok(Running { tasks, metrics })
}

pub async fn start(lines: &str, next: &Arc<Next>) -> Running {
    start_with(lines, Limits::default(), next).await
}

pub async fn start_with(lines: &str, limits: Limits, next: &Arc<Next>) -> Running {
    let next: Arc<dyn Consumer> = Arc::<Next>::clone(next);
    try_start(lines, limits, next).await.unwrap()
}

/// A request with so many spans, of so many bytes at least.
pub fn request(spans: usize, bytes: usize) -> ExportTraceServiceRequest {
    let span = |number: usize| Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: if number == 0 {
            "x".repeat(bytes)
        } else {
            "y".into()
        },
        ..Span::default()
    };
    let scope = ScopeSpans {
        spans: (0..spans).map(span).collect(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![resource],
    }
}

pub fn encoded(spans: usize) -> Vec<u8> {
    request(spans, 1).encode_to_vec()
}

pub async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

pub async fn client(address: SocketAddr) -> TraceServiceClient<Channel> {
    TraceServiceClient::new(channel(address).await).max_encoding_message_size(usize::MAX)
}

/// An answer of HTTP/1.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Reads one answer.
pub async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> Answer {
    timeout(Duration::from_secs(10), read_answer(stream))
        .await
        .unwrap()
}

async fn read_answer(stream: &mut (impl AsyncReadExt + Unpin)) -> Answer {
    let mut bytes = Vec::new();
    let head = loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let body = bytes.split_off(end + 4);
            let head = String::from_utf8(std::mem::replace(&mut bytes, body)).unwrap();
            // Not the answer yet.
            if head.starts_with("HTTP/1.1 100") {
                continue;
            }
            break head;
        }
        let read = stream.read_buf(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "no answer: {}", String::from_utf8_lossy(&bytes));
    };
    let status = head[9..12].parse().unwrap();
    let mut answer = Answer {
        status,
        head,
        body: bytes,
    };
    let length = answer
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    while answer.body.len() < length {
        assert_ne!(stream.read_buf(&mut answer.body).await.unwrap(), 0);
    }
    answer
}

/// A request of HTTP/1, as bytes.
pub fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
    [head.as_bytes(), body].concat()
}

/// Sends bytes and reads the answer.
pub async fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The answer may come before all is sent.
    let _ = stream.write_all(bytes).await;
    answer(&mut stream).await
}

pub const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
pub const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

/// Whether the other side ends a connection in time.
pub async fn is_ended(stream: &mut (impl AsyncReadExt + Unpin), within: Duration) -> bool {
    let mut rest = Vec::new();
    timeout(within, stream.read_to_end(&mut rest)).await.is_ok()
}
