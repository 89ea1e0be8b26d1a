//! OTLP/gRPC, with tonic as the client.

use std::time::{Duration, Instant};

use linkmend_pipeline::traces::{Accepted, Refusal};
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};

use super::connections;
use super::support::{Next, PROTOBUF, both, client, post, request, send, start};

const GRPC_ALONE: &str = "protocols: {grpc: {endpoint: '127.0.0.1:0'}}";

#[tokio::test]
async fn batches_come_through_whatever_their_compression() {
    let next = Next::new();
    let running = start(&both("max_recv_msg_size_mib: 8", ""), &next).await;
    let plain = client(running.address("grpc")).await;
    let clients = [
        plain.clone(),
        plain.clone().send_compressed(CompressionEncoding::Gzip),
        plain.send_compressed(CompressionEncoding::Zstd),
    ];
    for mut client in clients {
        for bytes in [0, 1, 300_000, 6 << 20] {
            let sent = request(3, bytes);
            let answered = client.export(sent.clone()).await.unwrap();
            assert_eq!(answered.into_inner().partial_success, None);
            let taken = next.taken.lock().unwrap().pop().unwrap();
            assert_eq!(taken.items(), 3);
            assert!(sent.encode_to_vec() == *taken.bytes(), "{bytes}");
        }
        client.export(request(0, 0)).await.unwrap();
    }
    let accepted = "otelcol_receiver_accepted_spans_total";
    assert_eq!(running.metric(accepted, &["otlp", "grpc"]), 36);
    let requests = "otelcol_receiver_requests_total";
    assert_eq!(running.metric(requests, &["grpc", "success"]), 15);
    running.tasks.end().await;
}

#[tokio::test]
async fn what_is_behind_it_is_what_the_sender_is_told() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let mut client = client(running.address("grpc")).await;
    let pause = Duration::from_millis(1500);
    for (refusal, code, delay) in [
        (Refusal::retry("not n\u{f6}w"), Code::Unavailable, None),
        (
            Refusal::retry_after(pause, "later, 5 %\nof it"),
            Code::Unavailable,
            Some(pause),
        ),
        (Refusal::malformed("bad"), Code::InvalidArgument, None),
        (Refusal::permanent("never"), Code::Internal, None),
    ] {
        next.answer(Err(refusal.clone()));
        let status = client.export(request(1, 1)).await.unwrap_err();
        assert_eq!(status.code(), code);
        assert_eq!(status.message(), refusal.message);
        assert_eq!(status.details().is_empty(), delay.is_none());
        if delay.is_some() {
            // google.rpc.Status: code 14, and RetryInfo of 1.5 s within.
            let details = String::from_utf8_lossy(status.details()).into_owned();
            assert!(details.contains("google.rpc.RetryInfo"), "{details}");
            let retry = [0x0a, 7, 0x08, 1, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01];
            let mut windows = status.details().windows(4);
            assert!(windows.any(|window| window == &retry[6..]), "{details}");
        }
    }
    next.answer(Ok(Accepted {
        rejected: 2,
        message: "two are too old".into(),
    }));
    let answered = client.export(request(5, 1)).await.unwrap().into_inner();
    let partial = answered.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 2);
    assert_eq!(partial.error_message, "two are too old");
    let refused = "otelcol_receiver_refused_spans_total";
    assert_eq!(running.metric(refused, &["grpc"]), 3);
    running.tasks.end().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_for_good() {
    let next = Next::new();
    let running = start(&both("max_recv_msg_size_mib: 1", ""), &next).await;
    let plain = client(running.address("grpc")).await;
    for mut client in [
        plain.clone(),
        plain.clone().send_compressed(CompressionEncoding::Gzip),
        plain.send_compressed(CompressionEncoding::Zstd),
    ] {
        let status = client.export(request(1, 32 << 20)).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert!(status.message().contains("max_recv_msg_size_mib"));
        assert!(
            status.details().is_empty(),
            "RetryInfo would have it sent again"
        );
        // The connection goes on.
        client.export(request(1, 1)).await.unwrap();
    }
    assert_eq!(next.spans(), 3);
    running.tasks.end().await;
}

#[tokio::test]
async fn other_services_are_told_apart() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let service = "/opentelemetry.proto.collector";
    for (path, text) in [
        (
            "metrics.v1.MetricsService/Export",
            "service.pipelines.metrics",
        ),
        ("logs.v1.LogsService/Export", "service.pipelines.logs"),
        ("trace.v1.TraceService/Import", "the method Export alone"),
        ("trace.v2.TraceService/Export", "the services of OTLP"),
    ] {
        let (mut sender, _) = connections::connect(running.address("grpc")).await;
        let sent = http::Request::post(format!("http://x{service}.{path}"))
            .header("content-type", "application/grpc")
            .body(http_body_util::Full::default())
            .unwrap();
        let given = sender.send_request(sent).await.unwrap();
        assert_eq!(given.headers()["grpc-status"], "12");
        let message = given.headers()["grpc-message"].to_str().unwrap();
        assert!(message.contains(text), "{path}: {message}");
    }
    let bytes = post("/v1/traces", &[("content-type", "application/grpc")], b"");
    let answer = send(running.address("grpc"), &bytes).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("OTLP/HTTP has its own port"));
    running.tasks.end().await;
}

/// One address is all that many applications are given, whatever their SDKs speak.
#[tokio::test]
async fn either_port_takes_both_protocols() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    for port in ["grpc", "http"] {
        let mut client = client(running.address(port)).await;
        client.export(request(2, 1)).await.unwrap();
        let body = request(3, 1).encode_to_vec();
        let bytes = post("/v1/traces", &[PROTOBUF], &body);
        let answer = send(running.address(port), &bytes).await;
        assert_eq!(answer.status, 200, "{port}");
    }
    assert_eq!(next.spans(), 10);
    running.tasks.end().await;
}

#[tokio::test]
async fn a_receiver_of_one_protocol_names_the_other() {
    let next = Next::new();
    let running = start(GRPC_ALONE, &next).await;
    let bytes = post("/v1/traces", &[PROTOBUF], b"");
    let answer = send(running.address("grpc"), &bytes).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("OTLP/HTTP has its own port"));
    running.tasks.end().await;
    let http = "protocols: {http: {endpoint: '127.0.0.1:0'}}";
    let running = start(http, &next).await;
    let mut lost = client(running.address("http")).await;
    let status = lost.export(request(1, 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("speaks OTLP/HTTP"), "{status:?}");
    running.tasks.end().await;
}

#[tokio::test]
async fn a_deadline_is_handed_on_and_kept() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    let mut client = client(running.address("grpc")).await;
    let mut sent = Request::new(request(2, 1));
    sent.set_timeout(Duration::from_millis(300));
    // tonic would give up by itself; the header alone is what is tried.
    let begun = Instant::now();
    let status = client.export(sent).await.unwrap_err();
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
    next.gate.add_permits(2);
    let mut sent = Request::new(request(2, 1));
    sent.set_timeout(Duration::from_mins(1));
    client.export(sent).await.unwrap();
    let taken = next.taken.lock().unwrap().pop().unwrap();
    let left = taken.deadline.unwrap() - Instant::now();
    assert!(left > Duration::from_secs(50) && left <= Duration::from_mins(1));
    running.tasks.end().await;
}

/// Frames by hand: what no client should send.
#[tokio::test]
async fn what_is_not_grpc_is_refused_in_its_words() {
    let next = Next::new();
    let running = start(GRPC_ALONE, &next).await;
    let address = running.address("grpc");
    let message = request(1, 1).encode_to_vec();
    let framed = |flag: u8, length: usize| {
        let length = u32::try_from(length).unwrap().to_be_bytes();
        [&[flag][..], &length, &message].concat()
    };
    let whole = framed(0, message.len());
    let two = [whole.clone(), whole.clone()].concat();
    let grpc = "application/grpc";
    for (headers, body, status, text) in [
        (vec![], whole.clone(), "0", ""),
        (vec![("grpc-timeout", "5S")], whole.clone(), "0", ""),
        (
            vec![("grpc-timeout", "5 s")],
            whole.clone(),
            "13",
            "grpc-timeout",
        ),
        (vec![("grpc-timeout", "1n")], whole.clone(), "4", "deadline"),
        (
            vec![("grpc-encoding", "snappy")],
            whole.clone(),
            "12",
            "identity,gzip,zstd",
        ),
        (
            vec![("grpc-encoding", "gzip")],
            framed(1, message.len()),
            "13",
            "decompressed",
        ),
        (vec![], framed(1, message.len()), "13", "grpc-encoding"),
        (vec![], framed(7, message.len()), "13", "flag"),
        (vec![], framed(0, message.len() + 1), "13", "cut off"),
        (vec![], framed(0, 1 << 31), "8", "larger than"),
        (vec![], two, "12", "more than one message"),
        (vec![], Vec::new(), "12", "no message"),
        (vec![], b"\0\0\0\0\x02\x0a\x09".to_vec(), "3", "no OTLP"),
    ] {
        let given = connections::http2(address, grpc, &headers, body).await;
        assert_eq!(given.status, 200);
        assert_eq!(given.grpc_status, status, "{headers:?} {text}: {given:?}");
        assert!(given.grpc_message.contains(text), "{text}: {given:?}");
    }
    let given = connections::http2(address, "application/x-protobuf", &[], vec![]).await;
    assert_eq!(given.status, 415);
    running.tasks.end().await;
}
