//! Requests of HTTP: TLS by rustls with the authorities of the system, and through the
//! proxy that the environment names. Everything has its time and its size.

use std::error::Error as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::reference::is_local;

/// What is not connected by then is away.
const CONNECT: Duration = Duration::from_secs(10);
/// As is what says nothing for so long.
const PATIENCE: Duration = Duration::from_secs(30);

type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// Sends requests.
pub(crate) struct Connection {
    client: Client<HttpsConnector<Way>, Full<Bytes>>,
}

/// An answer, as a whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is none.
pub(crate) enum Unanswered {
    /// With what happened.
    Away(String),
    /// It has more bytes than this.
    TooLarge(usize),
}

impl Connection {
    pub(crate) fn new() -> Result<Self, String> {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let mut authorities = rustls::RootCertStore::empty();
        // Without any, a registry on this machine can be asked all the same.
        for authority in rustls_native_certs::load_native_certs().certs {
            let _ = authorities.add(authority);
        }
        let tls = tls
            .with_root_certificates(authorities)
            .with_no_client_auth();
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT));
        let way = Way {
            http,
            proxies: std::sync::Arc::new(Matcher::from_env()),
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(way);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// Sends a request, and reads an answer of at most so many bytes. What is sent has
    /// as much time as `sending` says.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        sending: Option<Duration>,
        most: usize,
    ) -> Result<Answer, Unanswered> {
        let is_head = request.method() == Method::HEAD;
        let limit = sending.unwrap_or(PATIENCE);
        let answer = timeout(limit, self.client.request(request)).await;
        let answer = answer
            .map_err(|_| Unanswered::Away(format!("no answer within {limit:?}")))?
            .map_err(|error| Unanswered::Away(whole(&error)))?;
        let (head, body) = answer.into_parts();
        let body = if is_head {
            Vec::new()
        } else {
            read(body, most).await?
        };
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

async fn read(mut body: Incoming, most: usize) -> Result<Vec<u8>, Unanswered> {
    let mut bytes = Vec::new();
    loop {
        let frame = timeout(PATIENCE, body.frame()).await.map_err(|_| {
            Unanswered::Away(format!("nothing came of its answer for {PATIENCE:?}"))
        })?;
        let Some(frame) = frame else {
            return Ok(bytes);
        };
        let frame = frame.map_err(|error| Unanswered::Away(whole(&error)))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > most {
                return Err(Unanswered::TooLarge(most));
            }
            bytes.extend_from_slice(&data);
        }
    }
}

/// An error with its causes; the outermost one of hyper says nothing by itself.
fn whole(error: &dyn std::error::Error) -> String {
    let mut cause = error.source();
    let mut text = match cause {
        Some(inner) => {
            cause = inner.source();
            inner.to_string()
        }
        None => error.to_string(),
    };
    while let Some(inner) = cause {
        let next = inner.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = inner.source();
    }
    if text.contains("InvalidCertificate(UnknownIssuer)") || text.contains("UnknownIssuer") {
        text += "; the authority of its certificate is unknown here: put it with those of the \
                 system, or into the file that SSL_CERT_FILE names";
    } else if text.contains("InvalidContentType") || text.contains("corrupt message") {
        text +=
            "; it seems to speak HTTP without TLS, which is for registries on this machine only";
    }
    text
}

/// Opens connections: to the registry, or to it through a proxy.
#[derive(Clone)]
struct Way {
    http: HttpConnector,
    proxies: std::sync::Arc<Matcher>,
}

impl tower_service::Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = Boxed;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Boxed>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Boxed>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let here = to.authority().is_some_and(|host| is_local(host.as_str()));
        let proxy = self.proxies.intercept(&to).filter(|_| !here);
        let Some(proxy) = proxy else {
            let connecting = self.http.call(to);
            return Box::pin(async move { Ok(connecting.await?) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.http.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let host = proxy.uri().authority().map(ToString::to_string);
        let opening = tunnel.call(to);
        Box::pin(async move {
            opening.await.map_err(|error| {
                let cause = error.source().map(|cause| format!(": {cause}"));
                let (host, cause) = (host.unwrap_or_default(), cause.unwrap_or_default());
                format!("the proxy {host}: {error}{cause}").into()
            })
        })
    }
}
