//! What no client can do, however it tries: hold on to memory, or to time.

use std::time::Duration;

use linkmend_pipeline::receivers::otlp::Limits;
use linkmend_pipeline::traces::Accepted;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tonic::Code;

use super::support::{
    Next, PROTOBUF, answer, both, client, encoded, is_ended, post, request, send, start, start_with,
};
use crate::support::{faults, with};

const QUICK: Limits = Limits {
    connections: None,
    handshake: Duration::from_millis(300),
    head: Duration::from_millis(300),
    body_part: Duration::from_millis(300),
    body: Duration::from_millis(900),
    write: Duration::from_millis(300),
    stop: Duration::from_millis(300),
    client_ca: Duration::from_millis(50),
};

/// Many that send a part each cannot take more than the budget.
#[tokio::test]
async fn the_budget_bounds_all_requests_together() {
    let next = Next::new();
    let lines = both("", "") + "\nadmission: {request_limit_mib: 32}";
    let running = start(&lines, &next).await;
    let address = running.address("http");
    let body = vec![0; 10 << 20];
    let bytes = post("/v1/traces", &[PROTOBUF], &body);
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&bytes[..bytes.len() - 1]).await.unwrap();
        waiting.push(stream);
    }
    sleep(Duration::from_millis(200)).await;
    let given = send(address, &[&bytes[..], b"x"].concat()).await;
    assert_eq!(given.status, 503, "{given:?}");
    assert_eq!(given.header("retry-after"), Some("1"));
    assert!(given.text().contains("admission.request_limit_mib"));
    drop(waiting);
    // All of it comes back.
    let all = async {
        loop {
            if send(address, &post("/v1/traces", &[PROTOBUF], &encoded(1)))
                .await
                .status
                == 200
                && send(address, &bytes).await.status == 400
            {
                break;
            }
        }
    };
    timeout(Duration::from_secs(10), all).await.unwrap();
    let refused = "otelcol_receiver_requests_total";
    assert!(running.metric(refused, &["http", "refused"]) >= 1);
    running.tasks.end().await;
}

/// What is behind the receiver decides how long memory is taken.
#[tokio::test]
async fn what_is_not_answered_stays_in_the_budget() {
    let next = Next::closed(Ok(Accepted::default()));
    let lines = both("", "") + "\nadmission: {request_limit_mib: 20}";
    let running = start(&lines, &next).await;
    let address = running.address("grpc");
    let mut callers = Vec::new();
    for _ in 0..5 {
        let mut client = client(address).await;
        callers.push(tokio::spawn(async move {
            client.export(request(1, 4_100_000)).await
        }));
        next.wait_for_one().await;
    }
    let mut sixth = client(address).await;
    let status = sixth.export(request(1, 4_100_000)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!status.details().is_empty(), "there is no RetryInfo");
    next.gate.add_permits(10);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    sixth.export(request(1, 4_100_000)).await.unwrap();
    running.tasks.end().await;
}

#[tokio::test]
async fn a_budget_that_lets_nothing_in_is_a_fault() {
    let lines =
        "protocols: {http: {max_request_body_size: 64MiB}}\nadmission: {request_limit_mib: 32}";
    let told = faults(&[&with("receivers", "otlp", lines)]);
    assert!(
        told.contains("receivers.otlp.admission.request_limit_mib: "),
        "{told}"
    );
    assert!(told.contains("would never be let in"), "{told}");
}

#[tokio::test]
async fn slow_heads_and_silent_clients_are_ended() {
    let next = Next::new();
    let running = start_with(&both("", ""), QUICK, &next).await;
    for protocol in ["grpc", "http"] {
        let address = running.address(protocol);
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        let dripping = async {
            for byte in b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-long: abcdefghijklmnopqrstuvwxyz"
            {
                if slow.write_all(&[*byte]).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let _ = timeout(Duration::from_secs(2), dripping).await;
        assert!(
            is_ended(&mut slow, Duration::from_secs(1)).await,
            "{protocol}"
        );
        assert!(
            is_ended(&mut silent, Duration::from_secs(1)).await,
            "{protocol}"
        );
    }
    running.tasks.end().await;
}

/// A connection that waits for its next request is not one with slow headers.
#[tokio::test]
async fn idle_connections_stay_unless_it_is_configured() {
    let next = Next::new();
    for (http, stays) in [("", true), ("idle_timeout: 200ms", false)] {
        let running = start_with(&both("", http), QUICK, &next).await;
        let mut stream = TcpStream::connect(running.address("http")).await.unwrap();
        let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(answer(&mut stream).await.status, 200);
        sleep(Duration::from_millis(800)).await;
        if stays {
            stream.write_all(&bytes).await.unwrap();
            assert_eq!(answer(&mut stream).await.status, 200);
        }
        assert_eq!(
            is_ended(&mut stream, Duration::from_millis(100)).await,
            !stays
        );
        running.tasks.end().await;
    }
}

#[tokio::test]
async fn slow_bodies_are_not_waited_for() {
    let next = Next::new();
    let body = encoded(100);
    let bytes = post("/v1/traces", &[PROTOBUF], &body);
    let head = bytes.len() - body.len();
    for (http, pause, text) in [
        // Nothing comes any more.
        ("", 10_000, "nothing of it came"),
        // It comes, but too slowly.
        ("", 100, "took too long"),
        ("read_timeout: 200ms", 50, "took too long"),
    ] {
        let running = start_with(&both("", http), QUICK, &next).await;
        let mut stream = TcpStream::connect(running.address("http")).await.unwrap();
        let (mut reading, mut writing) = stream.split();
        writing.write_all(&bytes[..head]).await.unwrap();
        let dripping = async {
            for byte in &body {
                if writing.write_all(&[*byte]).await.is_err() {
                    break;
                }
                sleep(Duration::from_millis(pause)).await;
            }
            std::future::pending::<()>().await;
        };
        let given = tokio::select! {
            given = answer(&mut reading) => given,
            () = dripping => unreachable!(),
        };
        // Senders of OTLP do not try again after 408.
        assert_eq!(given.status, 503);
        assert!(given.text().contains(text), "{given:?}");
        running.tasks.end().await;
    }
    assert_eq!(next.spans(), 0);
}

#[tokio::test]
async fn floods_of_headers_are_refused() {
    let next = Next::new();
    let running = start(&both("", ""), &next).await;
    let address = running.address("http");
    let long = "x".repeat(100_000);
    let bytes = post("/v1/traces", &[PROTOBUF, ("x-long", &long)], &encoded(1));
    assert_eq!(send(address, &bytes).await.status, 431);
    let many: Vec<_> = (0..500).map(|number| format!("x-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "y")).collect();
    let bytes = post("/v1/traces", &many, &encoded(1));
    assert_eq!(send(address, &bytes).await.status, 431);
    running.tasks.end().await;
}

/// Half of the preface of HTTP/2 kept a connection for ever.
#[tokio::test]
async fn half_a_preface_is_not_waited_for() {
    let next = Next::new();
    let running = start_with(&both("", ""), QUICK, &next).await;
    for protocol in ["grpc", "http"] {
        let mut stream = TcpStream::connect(running.address(protocol)).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
        assert!(
            is_ended(&mut stream, Duration::from_secs(2)).await,
            "{protocol}"
        );
    }
    running.tasks.end().await;
}

/// A batch whose sender left while it waited was counted nowhere.
#[tokio::test]
async fn senders_that_leave_are_counted() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", ""), &next).await;
    let mut stream = TcpStream::connect(running.address("http")).await.unwrap();
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(3));
    stream.write_all(&bytes).await.unwrap();
    next.wait_for_one().await;
    drop(stream);
    let mut client = client(running.address("grpc")).await;
    let waiting = client.export(request(4, 10));
    assert!(
        timeout(Duration::from_millis(200), waiting).await.is_err(),
        "it was answered"
    );
    let counted = async {
        for (transport, spans) in [("http", 3), ("grpc", 4)] {
            while running.metric("otelcol_receiver_refused_spans_total", &[transport]) < spans {
                sleep(Duration::from_millis(10)).await;
            }
            let labels = [transport, "refused"];
            assert_eq!(
                running.metric("otelcol_receiver_requests_total", &labels),
                1
            );
        }
    };
    timeout(Duration::from_secs(10), counted).await.unwrap();
    running.tasks.end().await;
}

/// Headers take memory, too: with many requests at once on one connection they
/// take more than the requests.
#[tokio::test]
async fn headers_are_in_the_budget() {
    let next = Next::closed(Ok(Accepted::default()));
    let grpc = "max_recv_msg_size_mib: 1";
    let lines = both(grpc, "max_request_body_size: 64KiB") + "\nadmission: {request_limit_mib: 2}";
    let running = start(&lines, &next).await;
    let address = running.address("http");
    let long = "x".repeat(30_000);
    let bytes = post("/v1/traces", &[PROTOBUF, ("x-long", &long)], &encoded(1));
    let mut waiting = Vec::new();
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let let_in = timeout(Duration::from_millis(500), next.wait_for_one());
        if let_in.await.is_err() {
            assert_eq!(answer(&mut stream).await.status, 503);
            break;
        }
        waiting.push(stream);
    }
    // 44 KiB and the headers each.
    assert!((24..=28).contains(&waiting.len()), "{}", waiting.len());
    drop(waiting);
    running.tasks.end().await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let next = Next::closed(Ok(Accepted::default()));
    let running = start(&both("", "write_timeout: 200ms"), &next).await;
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    let given = send(running.address("http"), &bytes).await;
    assert_eq!(given.status, 504);
    running.tasks.end().await;
}
