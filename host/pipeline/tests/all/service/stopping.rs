//! The end of a service.

use std::time::Duration;

use super::{SOON, Sender, Sink, call, consumer, one_pipeline, run};

#[tokio::test]
async fn what_is_held_goes_on_at_the_end_and_its_sender_is_answered() {
    let sink = Sink::start().await;
    let text = one_pipeline("  linkmend: {hold: {time: 60s}}", "linkmend", &[&sink]);
    let running = run(&text).await;
    let sender = Sender::to(&running).await;
    let sent = tokio::spawn(async move { sender.send(vec![call(1), consumer(2, "a")]).await });
    sink.wait(1).await;
    running.stop(SOON).await.unwrap();
    sent.await.unwrap().unwrap();
    assert_eq!(sink.numbers(), [1, 2]);
}

#[tokio::test]
async fn nothing_is_taken_any_more_after_the_end() {
    let sink = Sink::start().await;
    let running = run(&one_pipeline("", "", &[&sink])).await;
    let sender = Sender::to(&running).await;
    sender.send(vec![call(1)]).await.unwrap();
    running.stop(SOON).await.unwrap();
    assert!(sender.send(vec![call(2)]).await.is_err());
    assert_eq!(sink.numbers(), [1]);
}

#[tokio::test]
async fn an_end_that_takes_too_long_says_what_did_not_end() {
    // Nobody answers there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let text = format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}}}
exporters: {{otlp_grpc: {{endpoint: '{address}', tls: {{insecure: true}}, timeout: 60s}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_grpc]}}}}
"
    );
    let running = run(&text).await;
    let sender = Sender::to(&running).await;
    let sent = tokio::spawn(async move { sender.send(vec![call(1)]).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let overdue = running.stop(Duration::from_millis(200)).await.unwrap_err();
    assert!(
        overdue.to_string().contains("the receivers did not end"),
        "{overdue}"
    );
    sent.abort();
}
