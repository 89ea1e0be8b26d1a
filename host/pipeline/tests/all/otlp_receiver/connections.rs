//! Connections: how many there are, how long they last, how they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use linkmend_pipeline::receivers::otlp::Limits;
use linkmend_pipeline::traces::Accepted;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::support::{
    Next, PROTOBUF, answer, both, client, encoded, is_ended, post, request, send, start,
    start_with, try_start,
};

pub const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// An answer of gRPC as it is on the wire.
#[derive(Debug)]
pub struct Given {
    pub status: u16,
    pub grpc_status: String,
    pub grpc_message: String,
}

/// A connection of HTTP/2 without a client of gRPC; the task ends with it.
pub async fn connect(address: SocketAddr) -> (SendRequest<Full<Bytes>>, JoinHandle<()>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(async move {
        let _ = connection.await;
    });
    (sender, connection)
}

pub async fn call(
    sender: &mut SendRequest<Full<Bytes>>,
    kind: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> hyper::Result<Response<hyper::body::Incoming>> {
    let mut request = Request::post(format!("http://x{EXPORT}")).header("content-type", kind);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    sender.ready().await?;
    sender
        .send_request(request.body(Full::from(body)).unwrap())
        .await
}

pub async fn http2(
    address: SocketAddr,
    kind: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Given {
    let (mut sender, _) = connect(address).await;
    let (head, body) = call(&mut sender, kind, headers, body)
        .await
        .unwrap()
        .into_parts();
    let trailers = body.collect().await.unwrap().trailers().cloned();
    let trailers = trailers.unwrap_or_default();
    let of = |name: &str| {
        let value = head.headers.get(name).or_else(|| trailers.get(name));
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    Given {
        status: head.status.as_u16(),
        grpc_status: of("grpc-status"),
        grpc_message: of("grpc-message"),
    }
}

fn framed(spans: usize) -> Vec<u8> {
    let message = encoded(spans);
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, &message].concat()
}

#[tokio::test]
async fn the_end_answers_what_is_on_its_way() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    let (grpc, http) = (running.address("grpc"), running.address("http"));
    let mut of_grpc = client(grpc).await;
    let by_grpc = tokio::spawn(async move { of_grpc.export(request(1, 1)).await });
    let by_http =
        tokio::spawn(
            async move { send(http, &post("/v1/traces", &[PROTOBUF], &encoded(1))).await },
        );
    // One that is idle, and one whose client does not speak any more.
    let mut idle = TcpStream::connect(http).await.unwrap();
    let (_sender, idle_http2) = connect(grpc).await;
    next.wait_for_one().await;
    next.wait_for_one().await;
    let tasks = running.tasks.clone();
    let ending = tokio::spawn(async move { tasks.end().await });
    assert!(is_ended(&mut idle, Duration::from_secs(5)).await);
    timeout(Duration::from_secs(5), idle_http2)
        .await
        .unwrap()
        .unwrap();
    assert!(!ending.is_finished());
    assert!(
        TcpStream::connect(http).await.is_err(),
        "it takes connections"
    );
    next.gate.add_permits(2);
    by_grpc.await.unwrap().unwrap();
    assert_eq!(by_http.await.unwrap().status, 200);
    timeout(Duration::from_secs(5), ending)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(next.spans(), 2);
}

/// A request that never comes to its end does not keep the end from coming.
#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let next = Next::new();
    let limits = Limits {
        stop: Duration::from_millis(200),
        ..Limits::default()
    };
    let running = start_with(&both("", ""), limits, &next).await;
    let mut slow = TcpStream::connect(running.address("http")).await.unwrap();
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    slow.write_all(&bytes[..bytes.len() - 1]).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    timeout(Duration::from_secs(10), running.tasks.end())
        .await
        .unwrap();
    assert_eq!(answer(&mut slow).await.status, 503);
}

#[tokio::test]
async fn a_thousand_connections_are_served() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let address = running.address("http");
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(TcpStream::connect(address).await.unwrap());
    }
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    for stream in &mut streams {
        stream.write_all(&bytes).await.unwrap();
    }
    for stream in &mut streams {
        assert_eq!(answer(stream).await.status, 200);
    }
    assert_eq!(next.spans(), 1000);
    running.tasks.end().await;
}

#[tokio::test]
async fn surplus_connections_are_closed() {
    let next = Next::new();
    let limits = Limits {
        connections: Some(2),
        ..Limits::default()
    };
    let running = start_with(&both("", ""), limits, &next).await;
    let address = running.address("http");
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(answer(&mut stream).await.status, 200);
        open.push(stream);
    }
    let mut surplus = TcpStream::connect(address).await.unwrap();
    assert!(is_ended(&mut surplus, Duration::from_secs(5)).await);
    drop(open.pop());
    // There is room as soon as that was noticed.
    let served = async {
        loop {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let mut begin = [0];
            let _ = stream.write_all(&bytes).await;
            if matches!(stream.peek(&mut begin).await, Ok(1)) {
                break;
            }
        }
    };
    timeout(Duration::from_secs(5), served).await.unwrap();
    running.tasks.end().await;
}

#[tokio::test]
async fn connections_of_grpc_end_when_they_are_idle_or_old() {
    let next = Next::closed(Ok(Accepted::default()));
    for parameters in [
        "max_connection_idle: 300ms",
        "max_connection_age: 300ms",
        "max_connection_age: 300ms, max_connection_age_grace: 1h",
    ] {
        let keepalive = format!("keepalive: {{server_parameters: {{{parameters}}}}}");
        let running = start(&both(&keepalive, ""), &next).await;
        let (mut sender, mut connection) = connect(running.address("grpc")).await;
        // A request keeps it open, and is answered.
        let mut of_request = sender.clone();
        let calling =
            tokio::spawn(
                async move { call(&mut of_request, "application/grpc", &[], framed(1)).await },
            );
        next.wait_for_one().await;
        let early = timeout(Duration::from_millis(600), &mut connection).await;
        assert!(early.is_err(), "{parameters}: it ended");
        next.gate.add_permits(1);
        let answered = calling.await.unwrap().unwrap();
        answered.into_body().collect().await.unwrap();
        timeout(Duration::from_secs(3), connection)
            .await
            .unwrap()
            .unwrap();
        assert!(
            call(&mut sender, "application/grpc", &[], framed(1))
                .await
                .is_err()
        );
        running.tasks.end().await;
    }
    // What does not end in its grace is ended.
    let parameters = "max_connection_age: 100ms, max_connection_age_grace: 200ms";
    let keepalive = format!("keepalive: {{server_parameters: {{{parameters}}}}}");
    let running = start(&both(&keepalive, ""), &next).await;
    let (mut sender, connection) = connect(running.address("grpc")).await;
    let calling = call(&mut sender, "application/grpc", &[], framed(1));
    let answered = timeout(Duration::from_secs(3), calling).await.unwrap();
    assert!(answered.is_err());
    timeout(Duration::from_secs(3), connection)
        .await
        .unwrap()
        .unwrap();
    running.tasks.end().await;
}

/// A client that does not answer probes is gone.
#[tokio::test]
async fn dead_clients_of_grpc_are_found() {
    let next = Next::new();
    let keepalive = "keepalive: {server_parameters: {time: 100ms, timeout: 100ms}}";
    let running = start(&both(keepalive, ""), &next).await;
    let mut dead = TcpStream::connect(running.address("grpc")).await.unwrap();
    dead.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    assert!(is_ended(&mut dead, Duration::from_secs(3)).await);
    let (_sender, connection) = connect(running.address("grpc")).await;
    let alive = timeout(Duration::from_millis(600), connection).await;
    assert!(alive.is_err(), "a living one was ended");
    running.tasks.end().await;
}

#[tokio::test]
async fn one_connection_has_no_more_requests_than_it_may() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("max_concurrent_streams: 2", ""), &next).await;
    let (sender, _connection) = connect(running.address("grpc")).await;
    // The limit is known when the first answer is there.
    next.gate.add_permits(1);
    let mut first = sender.clone();
    let given = call(&mut first, "application/grpc", &[], framed(1))
        .await
        .unwrap();
    given.into_body().collect().await.unwrap();
    next.wait_for_one().await;
    for _ in 0..4 {
        let mut sender = sender.clone();
        tokio::spawn(async move { call(&mut sender, "application/grpc", &[], framed(1)).await });
    }
    next.wait_for_one().await;
    next.wait_for_one().await;
    let third = timeout(Duration::from_millis(200), next.wait_for_one()).await;
    assert!(third.is_err(), "a third request came");
    next.gate.add_permits(10);
    next.wait_for_one().await;
    running.tasks.end().await;
}

/// A sender that has gone does not keep its batch on the way.
#[tokio::test]
async fn whoever_has_gone_is_not_waited_for() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    let mut stream = TcpStream::connect(running.address("http")).await.unwrap();
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    stream.write_all(&bytes).await.unwrap();
    let (mut sender, connection) = connect(running.address("grpc")).await;
    let calling =
        tokio::spawn(async move { call(&mut sender, "application/grpc", &[], framed(1)).await });
    next.wait_for_one().await;
    next.wait_for_one().await;
    drop(stream);
    connection.abort();
    calling.abort();
    let ended = timeout(Duration::from_secs(10), running.tasks.end()).await;
    assert!(ended.is_ok());
    assert_eq!(next.spans(), 0);
}

#[tokio::test]
async fn unix_sockets_are_listened_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("otlp.sock");
    let lines = format!(
        "protocols: {{http: {{endpoint: 'unix://{}'}}}}",
        path.display()
    );
    let next = Next::new();
    // One that was left by a process that is gone.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let running = start(&lines, &next).await;
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    stream.write_all(&bytes).await.unwrap();
    assert_eq!(answer(&mut stream).await.status, 200);
    let second = try_start(&lines, Limits::default(), Arc::<Next>::clone(&next) as _).await;
    let told = second.err().unwrap().to_string();
    assert!(told.contains("another program listens there"), "{told}");
    drop(stream);
    running.tasks.end().await;
    assert!(!path.exists());
    // What is no socket is left alone.
    std::fs::write(&path, "mine").unwrap();
    let third = try_start(&lines, Limits::default(), next as _).await;
    let told = third.err().unwrap().to_string();
    assert!(told.contains("no socket"), "{told}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[tokio::test]
async fn ports_that_cannot_be_opened_are_told() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let taken = running.address("http");
    let lines =
        format!("protocols: {{grpc: {{endpoint: 'localhost:0'}}, http: {{endpoint: '{taken}'}}}}");
    let second = try_start(&lines, Limits::default(), Arc::<Next>::clone(&next) as _).await;
    let told = second.err().unwrap().to_string();
    assert!(
        told.starts_with(&format!(
            "receivers.otlp.protocols.http.endpoint: cannot listen at {taken}: "
        )),
        "{told}"
    );
    assert!(told.contains("another linkmend, a Collector"), "{told}");
    // All addresses, of both families.
    let lines = "protocols: {http: {endpoint: ':0'}}";
    let everywhere = start(lines, &next).await;
    let port = everywhere.address("http").port();
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    assert_eq!(
        send(([127, 0, 0, 1], port).into(), &bytes).await.status,
        200
    );
    everywhere.tasks.end().await;
    running.tasks.end().await;
}
