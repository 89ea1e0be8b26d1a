//! A backend that takes OTLP: gRPC and HTTP on one port, with TLS when it is
//! wanted. It keeps all that it was sent, and answers what the test wants.

mod answer;
mod read;
mod respond;
mod serve;
mod status;
pub mod tls;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::sync::watch;

pub use answer::Answer;
pub use read::Protocol;
pub use tls::{Peer, Tls};

use super::{ports, wait};

/// A backend.
pub struct Intake {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    tls: Option<Tls>,
    runtime: Runtime,
}

struct Shared {
    state: Mutex<State>,
    /// Which listener is the present one; those of earlier ones, and their
    /// connections, end.
    generation: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// What the next requests are answered, one after the other.
    next: VecDeque<Answer>,
    /// What all others are.
    always: Option<Answer>,
    requests: Vec<Request>,
    peers: Vec<Peer>,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    pub protocol: Protocol,
    pub path: String,
    pub headers: HeaderMap,
    /// What was sent, without compression: protobuf, or JSON.
    pub message: Vec<u8>,
    pub spans: Vec<ResourceSpans>,
    pub answer: Answer,
    pub at: Instant,
}

impl Intake {
    pub fn start() -> Self {
        Self::new(None)
    }

    pub fn with_tls(tls: Tls) -> Self {
        Self::new(Some(tls))
    }

    fn new(tls: Option<Tls>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            generation: watch::Sender::new(0),
        });
        // The same when it comes back.
        let address = ports::free();
        serve::listen(&runtime, address, tls.clone(), &shared);
        Self {
            address,
            shared,
            tls,
            runtime,
        }
    }

    /// `http://127.0.0.1:4318`.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// What all requests are answered from now on.
    pub fn answers(&self, answer: Answer) {
        self.shared.state.lock().always = Some(answer);
    }

    /// What the next requests are answered, one after the other.
    pub fn answers_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.state.lock().next.extend(answers);
    }

    /// Nobody is there any more: connections end, and new ones are refused.
    pub fn leave(&self) {
        self.shared
            .generation
            .send_modify(|generation| *generation += 1);
        wait::until_true("connections are refused", wait::LONG, || {
            std::net::TcpStream::connect(self.address).is_err()
        });
    }

    /// Back at the same address.
    pub fn come_back(&self) {
        serve::listen(&self.runtime, self.address, self.tls.clone(), &self.shared);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().requests.clone()
    }

    /// Who has connected, with TLS.
    pub fn peers(&self) -> Vec<Peer> {
        self.shared.state.lock().peers.clone()
    }

    /// All spans that were kept, as often as they came.
    pub fn spans(&self) -> Vec<Span> {
        let state = self.shared.state.lock();
        let kept = state
            .requests
            .iter()
            .filter(|request| request.answer.keeps());
        kept.flat_map(Request::spans).cloned().collect()
    }

    /// Those of the spans that were kept that are looked for, as often as they
    /// came.
    pub fn spans_where(&self, is_wanted: impl Fn(&Span) -> bool) -> Vec<Span> {
        let state = self.shared.state.lock();
        let kept = state.requests.iter();
        let kept = kept.filter(|request| request.answer.keeps());
        let wanted = kept.flat_map(Request::spans).filter(|span| is_wanted(span));
        wanted.cloned().collect()
    }

    /// Waits until so many were kept.
    pub fn spans_at_least(&self, count: usize, limit: Duration) -> Vec<Span> {
        wait::until(&format!("{count} spans arrive"), limit, || {
            Some(self.spans()).filter(|spans| spans.len() >= count)
        })
    }

    /// Waits until so many requests came.
    pub fn requests_at_least(&self, count: usize, limit: Duration) -> Vec<Request> {
        wait::until(&format!("{count} requests arrive"), limit, || {
            Some(self.requests()).filter(|requests| requests.len() >= count)
        })
    }
}

impl Request {
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        let scopes = self.spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| &scope.spans)
    }
}

impl Shared {
    /// Keeps a request, and says what it is answered.
    fn keep(&self, request: impl FnOnce(Answer) -> Request) -> Answer {
        let mut state = self.state.lock();
        let next = state.next.pop_front();
        let answer = next
            .or_else(|| state.always.clone())
            .unwrap_or(Answer::Take);
        state.requests.push(request(answer.clone()));
        answer
    }
}
