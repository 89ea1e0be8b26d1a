//! `otlp_grpc`: what is sent, and what answers mean.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::Version;
use linkmend_pipeline::traces::{Accepted, RefusalKind};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;

use super::bench::{batch, data, grpc, make};
use super::intake::{Answer, Intake, grpc as answer, grpc_compressed, http};

const ONCE: &str = "retry_on_failure: {enabled: false}";

/// `google.rpc.Status` with a `RetryInfo` of so many seconds.
fn details(seconds: u8) -> String {
    let name = b"type.googleapis.com/google.rpc.RetryInfo";
    let info = [0x0a, 2, 0x08, seconds];
    let mut any = vec![0x0a, u8::try_from(name.len()).unwrap()];
    any.extend(name);
    any.extend([0x12, 4]);
    any.extend(info);
    let mut status = vec![0x08, 14, 0x1a, u8::try_from(any.len()).unwrap()];
    status.extend(any);
    STANDARD_NO_PAD.encode(status)
}

#[tokio::test]
async fn request_is_that_of_the_protocol() {
    let intake = Intake::open().await;
    let lines = "headers: {X-Scope: tenant, trace-bin: raw}\ntimeout: 3s";
    let bench = grpc(intake.address, lines).await;
    assert_eq!(bench.send(3).await, Ok(Accepted::default()));
    let [request] = &intake.received()[..] else {
        panic!()
    };
    assert_eq!(request.version, Version::HTTP_2);
    assert_eq!(
        request.uri.path(),
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    );
    assert_eq!(
        request.uri.authority().unwrap().as_str(),
        intake.address.to_string()
    );
    assert_eq!(request.header("content-type"), "application/grpc");
    assert_eq!(request.header("te"), "trailers");
    assert_eq!(request.header("grpc-encoding"), "gzip");
    assert_eq!(request.header("x-scope"), "tenant");
    assert_eq!(request.header("trace-bin"), "cmF3");
    assert!(request.header("user-agent").starts_with("linkmend/0."));
    let timeout = request.header("grpc-timeout").strip_suffix('m').unwrap();
    assert!(
        (2000..=3000).contains(&timeout.parse().unwrap()),
        "{timeout}"
    );
    assert_eq!(request.data(), data("span", 3));
    assert_eq!(bench.metric("sent_spans"), 3);
    assert_eq!(bench.metric("send_failed_spans"), 0);
}

#[tokio::test]
async fn compression_authority_and_agent_are_as_configured() {
    for (compression, flag) in [("none", 0), ("zstd", 1), ("gzip", 1)] {
        let intake = Intake::open().await;
        let lines =
            format!("compression: {compression}\nuser_agent: me/1\nauthority: traces.example");
        let bench = grpc(intake.address, &lines).await;
        bench.send(500).await.unwrap();
        let [request] = &intake.received()[..] else {
            panic!()
        };
        assert_eq!(request.body[0], flag);
        assert_eq!(request.data(), data("span", 500));
        assert_eq!(request.uri.authority().unwrap(), "traces.example");
        assert_eq!(request.header("user-agent"), "me/1");
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let intake = Intake::open().await;
    intake.always(answer(0, &[], b"").after(Duration::from_millis(50)));
    let bench = grpc(intake.address, "").await;
    let (a, b, c) = tokio::join!(bench.send(1), bench.send(2), bench.send(3));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(intake.connections(), 1);
}

#[tokio::test]
async fn codes_are_tried_again_or_not() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, ONCE).await;
    for code in 1..=17 {
        intake.then([answer(
            code,
            &[("grpc-message", "no%20room %e2%82%ac 100%")],
            b"",
        )]);
        let refusal = bench.send(1).await.unwrap_err();
        let may_help = [1, 4, 10, 11, 14, 15].contains(&code);
        assert_eq!(refusal.is_retryable(), may_help, "{code}: {refusal}");
        assert!(refusal.message.ends_with("no room € 100%"), "{refusal}");
        assert!(
            refusal
                .message
                .starts_with(&format!("{}: ", intake.address)),
            "{refusal}"
        );
    }
    assert_eq!(bench.metric("send_failed_spans"), 17);
    assert_eq!(bench.metric("sent_spans"), 0);
}

#[tokio::test]
async fn codes_are_told_by_name() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, ONCE).await;
    intake.then([answer(14, &[], b""), answer(99, &[], b"")]);
    assert!(
        bench
            .send(1)
            .await
            .unwrap_err()
            .message
            .contains(": UNAVAILABLE: ")
    );
    assert!(
        bench
            .send(1)
            .await
            .unwrap_err()
            .message
            .contains(": code 99: ")
    );
}

#[tokio::test]
async fn retry_info_makes_exhaustion_passing_and_says_when() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, ONCE).await;
    for code in [8, 14] {
        intake.then([answer(
            code,
            &[("grpc-status-details-bin", &details(7))],
            b"",
        )]);
        let refusal = bench.send(1).await.unwrap_err();
        assert_eq!(
            refusal.kind,
            RefusalKind::Retry(Some(Duration::from_secs(7))),
            "{code}"
        );
    }
    // It does not make a bad batch good.
    intake.then([answer(3, &[("grpc-status-details-bin", &details(7))], b"")]);
    assert_eq!(
        bench.send(1).await.unwrap_err().kind,
        RefusalKind::Permanent
    );
}

#[tokio::test]
async fn answers_that_are_not_of_grpc_are_told() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, ONCE).await;
    for (status, may_help) in [
        (503, true),
        (429, true),
        (404, false),
        (200, false),
        (401, false),
    ] {
        intake.then([http(status, &[("content-type", "text/html")], "<p>no</p>")]);
        let refusal = bench.send(1).await.unwrap_err();
        assert_eq!(refusal.is_retryable(), may_help, "{status}: {refusal}");
        assert!(refusal.message.contains("not in gRPC"), "{refusal}");
    }
}

#[tokio::test]
async fn partial_success_is_passed_on_and_counted() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, "").await;
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 2,
            error_message: "too old".into(),
        }),
    };
    intake.then([answer(0, &[], &partial.encode_to_vec())]);
    let accepted = bench.send(5).await.unwrap();
    assert_eq!(
        (accepted.rejected, accepted.message.as_str()),
        (2, "too old")
    );
    assert_eq!(bench.metric("sent_spans"), 3);
    assert_eq!(bench.metric("send_failed_spans"), 2);
    assert_eq!(intake.received().len(), 1);
}

/// A server of grpc-go answers in the compression of the request: its partial
/// success was lost, and the sender was told that the answer cannot be read.
#[tokio::test]
async fn answers_are_read_in_every_compression_that_is_offered() {
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 2,
            error_message: "too old".into(),
        }),
    };
    let partial = partial.encode_to_vec();
    for compression in ["none", "gzip", "zstd"] {
        let intake = Intake::open().await;
        let bench = grpc(intake.address, &format!("compression: {compression}")).await;
        intake.then([
            grpc_compressed("gzip", 1, &partial),
            grpc_compressed("zstd", 1, &partial),
            grpc_compressed("identity", 0, &partial),
        ]);
        for _ in 0..3 {
            let accepted = bench.send(5).await.unwrap();
            assert_eq!((accepted.rejected, &*accepted.message), (2, "too old"));
        }
        assert_eq!(
            intake.received()[0].header("grpc-accept-encoding"),
            "gzip,zstd"
        );
        assert_eq!(bench.metric("sent_spans"), 9);
        assert_eq!(bench.metric("send_failed_spans"), 6);
        assert_eq!(bench.metric(UNREADABLE), 0);
    }
}

const UNREADABLE: &str = "linkmend_exporter_unreadable_answers";

/// The batch was taken: what is wrong with the answer is not for its sender.
#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_partial_success() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, "").await;
    let empty = |code| answer(code, &[], b"");
    let Answer::Say(wait, status, headers, _, trailers) = empty(0) else {
        panic!()
    };
    let bytes = |body: &'static [u8]| {
        let (headers, trailers) = (headers.clone(), trailers.clone());
        Answer::Say(wait, status, headers, body.into(), trailers)
    };
    let answers = [
        // Neither compressed nor said how, damaged, a bomb, not offered.
        grpc_compressed("identity", 1, b"x"),
        grpc_compressed("snappy", 1, b"x"),
        grpc_compressed("gzip", 7, b""),
        grpc_compressed("gzip", 1, &vec![0; 5 << 20]),
        bytes(b"\x01\0\0\0\x03\x1f\x8b\x08"),
        bytes(b"\0\0\0\0\x02\x0a"),
        bytes(b"\0\0\0\0\x02\x0a\x09"),
        bytes(b"\0\0"),
        bytes(b""),
    ];
    let count = answers.len() as u64;
    intake.then(answers);
    for number in 1..=count {
        assert_eq!(bench.send(1).await, Ok(Accepted::default()), "{number}");
        assert_eq!(bench.metric(UNREADABLE), number);
    }
    assert_eq!(bench.metric("sent_spans"), count);
    assert_eq!(bench.metric("send_failed_spans"), 0);
    assert_eq!(intake.received().len() as u64, count, "none was sent twice");
}

#[tokio::test]
async fn lost_connections_and_silence_are_tried_again_by_the_sender() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, &format!("{ONCE}\ntimeout: 100ms")).await;
    intake.then([Answer::Drop, Answer::Hang]);
    let lost = bench.send(1).await.unwrap_err();
    assert!(lost.is_retryable(), "{lost}");
    let silent = bench.send(1).await.unwrap_err();
    assert_eq!(
        silent.message,
        format!("{}: no answer in time", intake.address)
    );
    assert!(silent.is_retryable());
    // The other side may be gone: the next request is not sent after the last.
    bench.send(1).await.unwrap();
    assert_eq!(intake.connections(), 2);
    intake.close();
    let gone = bench.send(1).await.unwrap_err();
    assert!(gone.is_retryable());
    let gone = bench.send(1).await.unwrap_err();
    assert!(gone.message.contains("cannot connect"), "{gone}");
}

#[tokio::test]
async fn nothing_is_sent_after_the_deadline_of_the_sender() {
    let intake = Intake::open().await;
    let bench = grpc(intake.address, "").await;
    let past = batch("span", 1).with_deadline(Some(Instant::now()));
    assert!(bench.take(past).await.unwrap_err().is_retryable());
    assert!(intake.received().is_empty());
    intake.always(Answer::Hang);
    let soon = Instant::now() + Duration::from_millis(150);
    let begun = Instant::now();
    let refusal = bench
        .take(batch("span", 1).with_deadline(Some(soon)))
        .await
        .unwrap_err();
    assert!(refusal.is_retryable());
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "it waited on: {refusal}"
    );
    let timeout = intake.received()[0].header("grpc-timeout").to_owned();
    assert!(
        timeout.strip_suffix('m').unwrap().parse::<u64>().unwrap() <= 150,
        "{timeout}"
    );
}

#[tokio::test]
async fn unix_sockets_are_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("otlp.sock");
    let bench = super::bench::start(
        "otlp_grpc",
        &format!(
            "endpoint: unix://{}\ntls: {{insecure: true}}\n{ONCE}",
            path.display()
        ),
    )
    .await;
    let refusal = bench.send(1).await.unwrap_err();
    assert!(refusal.is_retryable());
    assert!(
        refusal.message.contains("otlp.sock: cannot connect"),
        "{refusal}"
    );
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let (result, authority) = tokio::join!(bench.send(1), super::tls::serve_once(listener));
    result.unwrap();
    assert_eq!(authority, "localhost");
}

#[tokio::test]
async fn names_that_do_not_resolve_are_told() {
    let bench = super::bench::start(
        "otlp_grpc",
        &format!("endpoint: http://nowhere.invalid:4317\n{ONCE}"),
    )
    .await;
    let refusal = bench.send(1).await.unwrap_err();
    assert!(refusal.is_retryable());
    assert!(
        refusal
            .message
            .contains("nowhere.invalid:4317: the name `nowhere.invalid`"),
        "{refusal}"
    );
}

#[test]
fn authority_that_cannot_be_sent_is_a_fault() {
    let lines = "endpoint: http://b:1\nauthority: 'a b'";
    let fault = make("otlp_grpc/x", lines, "{}").err().unwrap();
    assert_eq!(fault.path, "exporters.otlp_grpc/x.authority");
}
