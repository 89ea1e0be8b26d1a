//! The health service of gRPC, with frames by hand; `tests/peers` has a real
//! client for it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use linkmend_pipeline::traces::Accepted;
use tokio::time::timeout;

use super::connections;
use super::support::{Next, Running, both, start};

const TRACES: &str = "opentelemetry.proto.collector.trace.v1.TraceService";

async fn ask(running: &Running, method: &str, service: &str) -> Response<Incoming> {
    let (mut sender, _) = connections::connect(running.address("grpc")).await;
    // HealthCheckRequest: field 1 is the service.
    let mut message = vec![];
    if !service.is_empty() {
        message.extend([0x0a, u8::try_from(service.len()).unwrap()]);
        message.extend(service.bytes());
    }
    let mut framed = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
    framed.extend(message);
    let request = Request::post(format!("http://x/grpc.health.v1.Health/{method}"))
        .header("content-type", "application/grpc")
        .body(Full::<Bytes>::from(framed))
        .unwrap();
    sender.send_request(request).await.unwrap()
}

/// `HealthCheckResponse`: field 1 is the status.
fn framed(status: u8) -> Bytes {
    Bytes::from(vec![0, 0, 0, 0, 2, 0x08, status])
}

const SERVING: u8 = 1;
const NOT_SERVING: u8 = 2;
const SERVICE_UNKNOWN: u8 = 3;

#[tokio::test]
async fn who_asks_is_told_that_it_serves() {
    // Nothing is handed on.
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    for service in ["", TRACES, "grpc.health.v1.Health"] {
        let answer = ask(&running, "Check", service).await;
        assert_eq!(answer.headers()["content-type"], "application/grpc");
        let body = answer.into_body().collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(body.to_bytes(), framed(SERVING));
    }
    let answer = ask(&running, "Check", "other.Service").await;
    assert_eq!(answer.headers()["grpc-status"], "5");
    let message = answer.headers()["grpc-message"].to_str().unwrap();
    assert!(message.contains("other.Service"), "{message}");
    let answer = ask(&running, "List", "").await;
    assert_eq!(answer.headers()["grpc-status"], "12");
    let requests = "otelcol_receiver_requests_total";
    for outcome in ["success", "failure", "refused"] {
        assert_eq!(running.metric(requests, &["grpc", outcome]), 0);
    }
    running.tasks.end().await;
}

#[tokio::test]
async fn who_watches_is_told_of_the_end() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let mut watching = ask(&running, "Watch", TRACES).await.into_body();
    let first = watching.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), framed(SERVING));
    let mut unknown = ask(&running, "Watch", "other.Service").await.into_body();
    let first = unknown.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), framed(SERVICE_UNKNOWN));
    let later = timeout(Duration::from_millis(100), watching.frame()).await;
    assert!(later.is_err(), "nothing has changed");
    let ending = tokio::spawn(async move { running.tasks.end().await });
    let end = watching.collect().await.unwrap();
    assert_eq!(end.trailers().unwrap()["grpc-status"], "14");
    assert_eq!(end.to_bytes(), framed(NOT_SERVING));
    drop(unknown);
    timeout(Duration::from_secs(5), ending)
        .await
        .unwrap()
        .unwrap();
}
