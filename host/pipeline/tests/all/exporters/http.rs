//! `otlp_http`: what is sent, and what answers mean.

use std::time::{Duration, SystemTime};

use http::Version;
use linkmend_pipeline::traces::{Accepted, RefusalKind};
use opentelemetry_proto::tonic::trace::v1::TracesData;

use super::bench::{data, http, start};
use super::intake::{Answer, Intake, compressed, expanded, http as answer, http_bytes};

const ONCE: &str = "retry_on_failure: {enabled: false}";

#[tokio::test]
async fn request_is_that_of_the_protocol() {
    let intake = Intake::open().await;
    let bench = http(intake.address, "headers: {authorization: Bearer x}").await;
    assert_eq!(bench.send(3).await, Ok(Accepted::default()));
    let [request] = &intake.received()[..] else {
        panic!()
    };
    assert_eq!(request.version, Version::HTTP_11);
    assert_eq!(request.uri, "/v1/traces");
    assert_eq!(request.header("host"), intake.address.to_string());
    assert_eq!(request.header("content-type"), "application/x-protobuf");
    assert_eq!(request.header("content-encoding"), "gzip");
    assert_eq!(
        request.header("content-length"),
        request.body.len().to_string()
    );
    assert_eq!(request.header("authorization"), "Bearer x");
    assert!(request.header("user-agent").starts_with("linkmend/0."));
    assert_eq!(request.data(), data("span", 3));
    assert_eq!(bench.metric("sent_spans"), 3);
}

#[tokio::test]
async fn encodings_compressions_and_urls_are_as_configured() {
    for (compression, level) in [
        ("none", ""),
        ("gzip", "9"),
        ("zstd", "19"),
        ("zlib", "1"),
        ("deflate", ""),
    ] {
        let intake = Intake::open().await;
        let level = match level {
            "" => String::new(),
            level => format!("compression_params: {{level: {level}}}\n"),
        };
        let lines = format!(
            "traces_endpoint: http://{}/in/?key=1\ncompression: {compression}\nencoding: json\n{level}",
            intake.address
        );
        let bench = start("otlp_http", &lines).await;
        bench.send(300).await.unwrap();
        let [request] = &intake.received()[..] else {
            panic!()
        };
        assert_eq!(request.uri, "/in/?key=1");
        assert_eq!(request.header("content-type"), "application/json");
        let encoding = request.header("content-encoding");
        assert_eq!(encoding, compression.trim_start_matches("none"));
        let read: TracesData = serde_json::from_slice(&expanded(encoding, &request.body)).unwrap();
        assert_eq!(read, data("span", 300));
    }
}

#[tokio::test]
async fn statuses_are_tried_again_or_not() {
    let intake = Intake::open().await;
    let bench = http(intake.address, ONCE).await;
    let status = b"\x08\x0d\x12\x07no room";
    for code in [
        400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 501, 502, 503, 504, 505,
    ] {
        let kinds: [(&str, &[u8]); 3] = [
            ("application/x-protobuf", status),
            (
                "application/json; charset=utf-8",
                br#"{"code":13,"message":"no room"}"#,
            ),
            ("text/plain", b" no room\n"),
        ];
        for (kind, body) in kinds {
            intake.then([http_bytes(code, &[("content-type", kind)], body)]);
            let refusal = bench.send(1).await.unwrap_err();
            let may_help = [429, 502, 503, 504].contains(&code);
            assert_eq!(refusal.is_retryable(), may_help, "{code}: {refusal}");
            let begin = format!("http://{}/v1/traces: {code} ", intake.address);
            assert!(refusal.message.starts_with(&begin), "{refusal}");
            assert!(refusal.message.contains(": no room"), "{kind}: {refusal}");
        }
    }
    assert_eq!(intake.connections(), 1);
}

#[tokio::test]
async fn retry_after_is_seconds_or_a_date() {
    let intake = Intake::open().await;
    let bench = http(intake.address, ONCE).await;
    intake.then([answer(503, &[("retry-after", "7")], "")]);
    let refusal = bench.send(1).await.unwrap_err();
    assert_eq!(
        refusal.kind,
        RefusalKind::Retry(Some(Duration::from_secs(7)))
    );
    let then = jiff::Timestamp::try_from(SystemTime::now() + Duration::from_secs(100)).unwrap();
    let date = then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    intake.then([answer(429, &[("retry-after", &date)], "")]);
    let RefusalKind::Retry(Some(wait)) = bench.send(1).await.unwrap_err().kind else {
        panic!()
    };
    assert!((95..=100).contains(&wait.as_secs()), "{date}: {wait:?}");
    intake.then([answer(
        429,
        &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")],
        "",
    )]);
    let refusal = bench.send(1).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Retry(Some(Duration::ZERO)));
    intake.then([answer(503, &[("retry-after", "later")], "")]);
    assert_eq!(
        bench.send(1).await.unwrap_err().kind,
        RefusalKind::Retry(None)
    );
}

#[tokio::test]
async fn redirects_are_told_and_not_followed() {
    let intake = Intake::open().await;
    let bench = http(intake.address, "").await;
    intake.then([answer(
        307,
        &[("location", "https://other/v1/traces?key=1")],
        "",
    )]);
    let refusal = bench.send(1).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Permanent);
    assert!(
        refusal
            .message
            .contains("to https://other/v1/traces; redirects are not"),
        "{refusal}"
    );
    assert_eq!(intake.received().len(), 1);
}

#[tokio::test]
async fn partial_success_is_read_in_both_encodings() {
    let intake = Intake::open().await;
    let bench = http(intake.address, "").await;
    let proto = b"\x0a\x0b\x08\x02\x12\x07too old";
    let json = br#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#;
    intake.then([
        http_bytes(200, &[("content-type", "application/x-protobuf")], proto),
        http_bytes(200, &[("content-type", "application/json")], json),
        http_bytes(202, &[("content-type", "text/plain")], b"thanks"),
    ]);
    for _ in 0..2 {
        let accepted = bench.send(5).await.unwrap();
        assert_eq!(
            (accepted.rejected, accepted.message.as_str()),
            (2, "too old")
        );
    }
    assert_eq!(bench.send(5).await, Ok(Accepted::default()));
    assert_eq!(bench.metric("sent_spans"), 11);
}

/// An endless answer must not fill the memory.
#[tokio::test]
async fn large_answers_are_read_in_part() {
    let intake = Intake::open().await;
    let bench = http(intake.address, ONCE).await;
    let large = "x".repeat(8 << 20);
    intake.then([answer(500, &[("content-type", "text/plain")], &large)]);
    let refusal = bench.send(1).await.unwrap_err();
    assert!(refusal.message.len() < 1000, "{}", refusal.message.len());
    bench.send(1).await.unwrap();
}

#[tokio::test]
async fn silence_and_lost_connections_are_tried_again_by_the_sender() {
    let intake = Intake::open().await;
    let bench = http(intake.address, &format!("{ONCE}\ntimeout: 100ms")).await;
    intake.then([Answer::Drop, Answer::Hang]);
    assert!(bench.send(1).await.unwrap_err().is_retryable());
    let silent = bench.send(1).await.unwrap_err();
    assert!(
        silent.is_retryable() && silent.message.ends_with("no answer in time"),
        "{silent}"
    );
    bench.send(1).await.unwrap();
}

/// A connection that the other side has closed meanwhile is no reason to refuse.
#[tokio::test]
async fn connections_end_when_they_are_idle() {
    let intake = Intake::open().await;
    let bench = http(intake.address, "idle_conn_timeout: 50ms").await;
    bench.send(1).await.unwrap();
    bench.send(1).await.unwrap();
    assert_eq!(intake.connections(), 1);
    tokio::time::sleep(Duration::from_millis(150)).await;
    bench.send(1).await.unwrap();
    assert_eq!(intake.connections(), 2);
}

/// Some proxies compress whatever is asked for; and what cannot be read is not
/// for the sender.
#[tokio::test]
async fn answers_are_read_in_every_compression() {
    let intake = Intake::open().await;
    let bench = http(intake.address, ONCE).await;
    let partial = br#"{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}"#;
    let json = ("content-type", "application/json");
    for encoding in ["gzip", "zstd", "identity"] {
        let headers = [json, ("content-encoding", encoding)];
        intake.then([http_bytes(200, &headers, &compressed(encoding, partial))]);
        let accepted = bench.send(5).await.unwrap();
        assert_eq!((accepted.rejected, &*accepted.message), (2, "too old"));
        intake.then([http_bytes(
            400,
            &headers,
            &compressed(encoding, br#"{"message": "no such tenant"}"#),
        )]);
        let refusal = bench.send(1).await.unwrap_err();
        assert!(refusal.message.ends_with("no such tenant"), "{refusal}");
    }
    assert_eq!(bench.metric(UNREADABLE), 0);
    let answers = [
        answer(200, &[json], "{"),
        answer(200, &[json, ("content-encoding", "br")], "{}"),
        answer(200, &[json, ("content-encoding", "gzip")], "{}"),
        answer(200, &[("content-type", "application/x-protobuf")], "\n\t"),
    ];
    for (number, answer) in (1..).zip(answers) {
        intake.then([answer]);
        assert_eq!(bench.send(1).await, Ok(Accepted::default()), "{number}");
        assert_eq!(bench.metric(UNREADABLE), number);
    }
}

const UNREADABLE: &str = "linkmend_exporter_unreadable_answers";
