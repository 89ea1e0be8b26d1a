//! A small server for what is asked for seldom, such as metrics.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};

use super::serve::{Asked, Handler, Reply, Rules, Server, Unread};
use super::tls::server::ServerTls;
use crate::component::Tasks;
use crate::config::Listen;
use crate::traces::BoxFuture;

/// Requests are few.
const CONNECTIONS: usize = 256;

/// A page: its content type and its text.
pub(crate) type Page = (&'static str, Bytes);

/// Serves one page at a path by HTTP, until the tasks are told to end; `page`
/// is called for each request. What it answers are the addresses; what is wrong
/// is told with the way out.
pub(crate) async fn serve_page(
    name: &str,
    listen: &Listen,
    tls: Option<ServerTls>,
    path: &'static str,
    page: impl Fn() -> Page + Send + Sync + 'static,
    tasks: &Tasks,
) -> Result<Vec<SocketAddr>, String> {
    let server = Server {
        name: name.to_owned(),
        tls: tls.map(Arc::new),
        rules: Rules::small(CONNECTIONS),
        handler: Arc::new(OnePage { path, page }),
    };
    server.start(listen, tasks).await
}

struct OnePage<F> {
    path: &'static str,
    page: F,
}

impl<F: Fn() -> Page + Send + Sync + 'static> Handler for OnePage<F> {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<Reply>> {
        let method = asked.request.method();
        let (status, kind, text) = if asked.request.uri().path() != self.path {
            let text = format!("404 page not found: there is {} alone\n", self.path);
            (StatusCode::NOT_FOUND, "text/plain", text.into())
        } else if method != Method::GET && method != Method::HEAD {
            let text = Bytes::from_static(b"405 method not allowed, supported: [GET]\n");
            (StatusCode::METHOD_NOT_ALLOWED, "text/plain", text)
        } else {
            let (kind, text) = (self.page)();
            (StatusCode::OK, kind, text)
        };
        let mut response = Response::new(Reply::new(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET"));
        }
        response.extensions_mut().insert(Unread);
        Box::pin(async { response })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_page_is_served() {
        let tasks = Tasks::default();
        let listen = Listen::Tcp {
            host: "127.0.0.1".into(),
            port: 0,
        };
        let page = || ("text/plain", Bytes::from_static(b"up 1\n"));
        let serving = serve_page("metrics", &listen, None, "/metrics", page, &tasks);
        let addresses = serving.await.unwrap();
        for (asked, expected) in [
            ("GET /metrics", "HTTP/1.1 200"),
            ("GET /", "HTTP/1.1 404"),
            ("PUT /metrics", "HTTP/1.1 405"),
        ] {
            let mut stream = TcpStream::connect(addresses.first().unwrap())
                .await
                .unwrap();
            let request = format!("{asked} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with(expected), "{asked}: {answer}");
            assert_eq!(answer.ends_with("up 1\n"), expected.ends_with("200"));
        }
        tasks.end().await;
    }
}
