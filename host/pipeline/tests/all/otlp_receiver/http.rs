//! OTLP/HTTP, by hand.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use linkmend_pipeline::traces::{Accepted, Refusal};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::support::{
    JSON, Next, PROTOBUF, answer, both, encoded, is_ended, post, request, send, start,
};

/// `google.rpc.Status`, as an oracle that knows nothing of linkmend.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

const TRACES: &str = "/v1/traces";

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn json_batch() -> Vec<u8> {
    let span = json!({"traceId": "01".repeat(16), "spanId": "02".repeat(8), "name": "s"});
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
        .to_string()
        .into_bytes()
}

#[tokio::test]
async fn batches_come_through_in_every_form() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let address = running.address("http");
    let sent = request(2, 400_000).encode_to_vec();
    for (encoding, body) in [
        ("identity", sent.clone()),
        ("gzip", gzip(&sent)),
        ("GZIP", gzip(&sent)),
        ("zstd", zstd::encode_all(&sent[..], 3).unwrap()),
        ("zlib", zlib(&sent)),
        ("deflate", zlib(&sent)),
    ] {
        let headers = [PROTOBUF, ("content-encoding", encoding)];
        let given = send(address, &post(TRACES, &headers, &body)).await;
        assert_eq!(given.status, 200, "{encoding}: {}", given.text());
        assert_eq!(given.header("content-type"), Some("application/x-protobuf"));
        assert!(given.body.is_empty());
        let taken = next.taken.lock().unwrap().pop().unwrap();
        assert!(sent == *taken.bytes(), "{encoding}");
    }
    let headers = [JSON, ("content-encoding", "gzip")];
    let given = send(address, &post(TRACES, &headers, &gzip(&json_batch()))).await;
    assert_eq!((given.status, given.text().as_str()), (200, "{}"));
    assert_eq!(given.header("content-type"), Some("application/json"));
    assert_eq!(next.spans(), 1);
    // In pieces of any size, behind each other.
    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        let head = "POST /v1/traces?x=y HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n\
                    transfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        for piece in encoded(5).chunks(7) {
            let size = format!("{:x}\r\n", piece.len());
            let chunk = [size.as_bytes(), piece, b"\r\n"].concat();
            stream.write_all(&chunk).await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        assert_eq!(answer(&mut stream).await.status, 200);
        assert_eq!(next.taken.lock().unwrap().pop().unwrap().items(), 5);
    }
    // Nothing is a batch, too.
    assert_eq!(
        send(address, &post(TRACES, &[PROTOBUF], b"")).await.status,
        200
    );
    running.tasks.end().await;
}

#[tokio::test]
async fn what_is_behind_it_is_what_the_sender_is_told() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let address = running.address("http");
    for (refusal, status, code, after) in [
        (Refusal::retry("later"), 503, 14, None),
        (
            Refusal::retry_after(Duration::from_millis(1200), "soon"),
            503,
            14,
            Some("2"),
        ),
        (
            Refusal::retry_after(Duration::ZERO, "now"),
            503,
            14,
            Some("1"),
        ),
        (Refusal::malformed("bad"), 400, 3, None),
        (Refusal::permanent("never"), 500, 13, None),
    ] {
        next.answer(Err(refusal.clone()));
        let given = send(address, &post(TRACES, &[PROTOBUF], &encoded(1))).await;
        assert_eq!(given.status, status);
        assert_eq!(given.header("retry-after"), after);
        assert_eq!(given.header("content-type"), Some("application/x-protobuf"));
        let told = Status::decode(&given.body[..]).unwrap();
        assert_eq!((told.code, &told.message), (code, &refusal.message));
        let given = send(address, &post(TRACES, &[JSON], &json_batch())).await;
        assert_eq!(given.status, status);
        assert_eq!(given.header("content-type"), Some("application/json"));
        let told: Value = serde_json::from_slice(&given.body).unwrap();
        assert_eq!(told, json!({"code": code, "message": refusal.message}));
    }
    next.answer(Ok(Accepted {
        rejected: 2,
        message: "too old".into(),
    }));
    let given = send(address, &post(TRACES, &[PROTOBUF], &encoded(3))).await;
    assert_eq!(given.status, 200);
    let told = ExportTraceServiceResponse::decode(&given.body[..]).unwrap();
    assert_eq!(told.partial_success.unwrap().rejected_spans, 2);
    let given = send(address, &post(TRACES, &[JSON], &json_batch())).await;
    let told: Value = serde_json::from_slice(&given.body).unwrap();
    let partial = json!({"rejectedSpans": "2", "errorMessage": "too old"});
    assert_eq!(told, json!({ "partialSuccess": partial }));
    running.tasks.end().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_with_its_place() {
    let next = Next::new();
    let http = "max_request_body_size: 1MiB, compression_algorithms: ['', gzip, zlib]";
    let running = start(&both("", http), &next).await;
    let address = running.address("http");
    let bomb = gzip(&vec![0; 32 << 20]);
    let gzipped = gzip(&encoded(1));
    for (headers, body, status, text) in [
        (
            vec![PROTOBUF],
            &b"\x0a\x09\x12"[..],
            400,
            "no OTLP traces: ",
        ),
        (
            vec![JSON],
            b"{\"resourceSpans\": [\n{]}",
            400,
            "line 2, column 2: ",
        ),
        (
            vec![JSON],
            b"{\"resourceMetrics\": []}",
            400,
            "no OTLP/JSON traces",
        ),
        (
            vec![("content-type", "text/plain")],
            b"x",
            415,
            "application/x-protobuf",
        ),
        (vec![], b"x", 415, "application/json"),
        (
            vec![PROTOBUF, ("content-encoding", "zstd")],
            b"x",
            415,
            "[identity, gzip, zlib]",
        ),
        (
            vec![PROTOBUF, ("content-encoding", "br")],
            b"x",
            415,
            "`br` is not taken",
        ),
        (
            vec![PROTOBUF, ("content-encoding", "gzip")],
            b"x",
            400,
            "decompressed",
        ),
        (
            vec![PROTOBUF, ("content-encoding", "gzip")],
            &gzipped[..gzipped.len() - 3],
            400,
            "decompressed",
        ),
        (
            vec![PROTOBUF, ("content-encoding", "gzip")],
            &bomb[..],
            413,
            "max_request_body_size",
        ),
    ] {
        let given = send(address, &post(TRACES, &headers, body)).await;
        assert_eq!(given.status, status, "{headers:?} {}", given.text());
        assert!(given.text().contains(text), "{text}: {}", given.text());
    }
    assert_eq!(next.spans(), 0);
    let failed = "otelcol_receiver_requests_total";
    assert_eq!(running.metric(failed, &["http", "failure"]), 10);
    running.tasks.end().await;
}

/// The client reads the answer although it sends on.
#[tokio::test]
async fn what_is_too_large_is_answered_before_it_comes() {
    let next = Next::new();
    let running = start(&both("", "max_request_body_size: 1MiB"), &next).await;
    let address = running.address("http");
    let body = vec![0; 3 << 20];
    let given = send(address, &post(TRACES, &[JSON], &body)).await;
    assert_eq!(given.status, 413);
    assert!(given.text().contains("max_request_body_size"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n"].concat();
    let _ = stream.write_all(&chunk).await;
    assert_eq!(answer(&mut stream).await.status, 413);
    // Whoever asks first sends nothing.
    let mut polite = TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                expect: 100-continue\r\ncontent-length: 3145728\r\n\r\n";
    polite.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(answer(&mut polite).await.status, 413);
    running.tasks.end().await;
}

#[tokio::test]
async fn other_paths_and_methods_are_told_apart() {
    let next = Next::new();
    let running = start(&both("", "traces_url_path: /in/traces"), &next).await;
    let address = running.address("http");
    let given = send(address, &post(TRACES, &[PROTOBUF], &encoded(1))).await;
    assert_eq!(given.status, 404);
    assert!(given.text().contains("/in/traces"));
    let given = send(address, &post("/v1/metrics", &[PROTOBUF], b"")).await;
    assert_eq!(given.status, 404);
    assert!(given.text().contains("service.pipelines.metrics"));
    for method in ["GET", "PUT", "OPTIONS"] {
        let bytes = format!("{method} /in/traces HTTP/1.1\r\nhost: x\r\n\r\n");
        let given = send(address, bytes.as_bytes()).await;
        assert_eq!(given.status, 405);
        assert_eq!(given.header("allow"), Some("POST"));
    }
    // None of these was an export.
    let requests = "otelcol_receiver_requests_total";
    assert_eq!(running.metric(requests, &["http", "failure"]), 0);
    let given = send(address, b"this is no HTTP at all\r\n\r\n").await;
    assert_eq!(given.status, 400);
    assert_eq!(
        send(address, &post("/in/traces", &[PROTOBUF], &encoded(1)))
            .await
            .status,
        200
    );
    running.tasks.end().await;
}

#[tokio::test]
async fn headers_and_connections_are_as_configured() {
    let next = Next::new();
    let http = "keep_alives_enabled: false, response_headers: {x-served-by: linkmend, \
                strict-transport-security: max-age=1}";
    let running = start(&both("", http), &next).await;
    let mut stream = TcpStream::connect(running.address("http")).await.unwrap();
    let bytes = post(TRACES, &[PROTOBUF], &encoded(1));
    stream.write_all(&bytes).await.unwrap();
    let given = answer(&mut stream).await;
    assert_eq!(given.header("x-served-by"), Some("linkmend"));
    assert_eq!(given.header("strict-transport-security"), Some("max-age=1"));
    assert_eq!(given.header("connection"), Some("close"));
    assert!(is_ended(&mut stream, Duration::from_secs(3)).await);
    let given = send(running.address("http"), &post("/other", &[], b"")).await;
    assert_eq!(given.header("x-served-by"), Some("linkmend"));
    running.tasks.end().await;
}

#[tokio::test]
async fn http2_is_spoken_without_tls_too() {
    let next = Next::new();
    let running = start(&both("", "traces_url_path: /x"), &next).await;
    let (mut sender, _connection) = super::connections::connect(running.address("http")).await;
    let body = http_body_util::Full::from(encoded(4));
    let request = http::Request::post("http://x/x")
        .header("content-type", "application/x-protobuf")
        .body(body)
        .unwrap();
    let given = sender.send_request(request).await.unwrap();
    assert_eq!(given.status(), 200);
    assert_eq!(next.spans(), 4);
    running.tasks.end().await;
}

/// An endpoint that ends in a slash, or has the path in it already.
#[tokio::test]
async fn slashes_too_many_are_no_other_path() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let address = running.address("http");
    for path in [
        "//v1/traces",
        "/v1/traces/",
        "/v1//traces",
        "/v1/traces?x=1",
    ] {
        let given = send(address, &post(path, &[PROTOBUF], &encoded(1))).await;
        assert_eq!(given.status, 200, "{path}");
    }
    let given = send(address, &post("/v1/traces/v1/traces", &[PROTOBUF], b"")).await;
    assert_eq!(given.status, 404);
    assert!(given.text().contains("at /v1/traces; senders add that"));
    assert_eq!(next.spans(), 4);
    running.tasks.end().await;
}

/// A probe, or a self-test of an SDK: answered at once, and it goes nowhere.
#[tokio::test]
async fn an_empty_export_goes_nowhere() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    let nothing = request(0, 0).encode_to_vec();
    for (kind, body) in [
        (PROTOBUF, &b""[..]),
        (PROTOBUF, &nothing),
        (JSON, b"{}"),
        (JSON, br#"{"resourceSpans": [{"scopeSpans": []}]}"#),
    ] {
        let given = send(running.address("http"), &post(TRACES, &[kind], body)).await;
        assert_eq!(given.status, 200, "{}", given.text());
    }
    let mut client = super::support::client(running.address("grpc")).await;
    client.export(request(0, 0)).await.unwrap();
    assert_eq!(next.came.available_permits(), 0);
    let requests = "otelcol_receiver_requests_total";
    assert_eq!(running.metric(requests, &["success"]), 5);
    assert_eq!(
        running.metric("otelcol_receiver_accepted_spans_total", &[]),
        0
    );
    running.tasks.end().await;
}

#[tokio::test]
async fn content_types_may_have_parameters_and_any_case() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    for kind in [
        "application/x-protobuf; v=1",
        "Application/X-Protobuf",
        "application/x-protobuf;charset=utf-8",
    ] {
        let bytes = post(TRACES, &[("content-type", kind)], &encoded(1));
        assert_eq!(send(running.address("http"), &bytes).await.status, 200);
    }
    running.tasks.end().await;
}

/// `nc -N`, and clients of old libraries: they close their side when they have
/// sent all, and wait.
#[tokio::test]
async fn a_client_that_half_closes_gets_its_answer() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    let mut stream = TcpStream::connect(running.address("http")).await.unwrap();
    stream
        .write_all(&post(TRACES, &[PROTOBUF], &encoded(1)))
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    next.wait_for_one().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    next.gate.add_permits(1);
    assert_eq!(answer(&mut stream).await.status, 200);
    assert!(is_ended(&mut stream, Duration::from_secs(6)).await);
    running.tasks.end().await;
}

/// It looks like one that has gone, which is not waited for.
#[tokio::test]
async fn a_client_that_half_closes_is_not_believed_for_ever() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    let mut stream = TcpStream::connect(running.address("http")).await.unwrap();
    stream
        .write_all(&post(TRACES, &[PROTOBUF], &encoded(1)))
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    next.wait_for_one().await;
    assert!(is_ended(&mut stream, Duration::from_secs(8)).await);
    let refused = "otelcol_receiver_refused_spans_total";
    assert_eq!(running.metric(refused, &["http"]), 1, "its sender has gone");
    running.tasks.end().await;
}
