//! Spans that wait, and senders that wait for them.

use std::time::{Duration, Instant};

use tonic::Code;

use super::{SOON, Sender, Sink, call, consumer, one_pipeline, producer, run};

/// One whose senders wait.
fn linkmend(hold: &str) -> String {
    format!("  linkmend: {{hold: {{{hold}, wait_for_result: true}}}}")
}

#[tokio::test]
async fn a_consumer_is_linked_to_a_producer_that_comes_later_and_its_sender_waits_for_it() {
    let sink = Sink::start().await;
    let running = run(&one_pipeline(&linkmend("time: 60s"), "linkmend", &[&sink])).await;
    let sender = Sender::to(&running).await;
    let early = sender.clone();
    let early = tokio::spawn(async move { early.send(vec![call(1), consumer(2, "a")]).await });
    // The rest of the batch does not wait.
    sink.wait(1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!early.is_finished());

    sender.send(vec![producer(3, "a")]).await.unwrap();
    early.await.unwrap().unwrap();
    let spans = sink.wait(3).await;
    let linked = spans
        .iter()
        .find(|span| span.name == "message" && span.kind == 5)
        .unwrap();
    assert_eq!(linked.links.len(), 1);
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn a_span_whose_time_is_up_goes_on() {
    let sink = Sink::start().await;
    let running = run(&one_pipeline(
        &linkmend("time: 200ms"),
        "linkmend",
        &[&sink],
    ))
    .await;
    let start = Instant::now();
    Sender::to(&running)
        .await
        .send(vec![consumer(2, "a")])
        .await
        .unwrap();
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(sink.numbers(), [2]);
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn a_sender_is_not_kept_waiting_longer_than_it_waits() {
    let sink = Sink::start().await;
    let running = run(&one_pipeline(&linkmend("time: 60s"), "linkmend", &[&sink])).await;
    let sender = Sender::to(&running).await;
    let timeout = Some(Duration::from_secs(2));
    sender
        .send_within(vec![consumer(2, "a")], timeout)
        .await
        .unwrap();
    assert_eq!(sink.numbers(), [2]);
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn without_waiting_a_sender_is_answered_at_once() {
    let sink = Sink::start().await;
    let hold = "  linkmend: {hold: {time: 60s}}";
    let running = run(&one_pipeline(hold, "linkmend", &[&sink])).await;
    Sender::to(&running)
        .await
        .send(vec![consumer(2, "a")])
        .await
        .unwrap();
    assert_eq!(sink.spans(), []);
    running.stop(SOON).await.unwrap();
    assert_eq!(sink.numbers(), [2]);
}

#[tokio::test]
async fn a_held_span_that_the_next_hop_does_not_take_is_its_senders_again() {
    let sink = Sink::start().await;
    let running = run(&one_pipeline(
        &linkmend("time: 300ms"),
        "linkmend",
        &[&sink],
    ))
    .await;
    let sender = Sender::to(&running).await;
    let sent = tokio::spawn(async move { sender.send(vec![call(1), consumer(2, "a")]).await });
    sink.wait(1).await;
    sink.refuse(Some(Code::Unavailable));
    let status = sent.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn what_has_to_leave_the_hold_goes_on_and_its_sender_is_told() {
    let sink = Sink::start().await;
    let hold = linkmend("time: 60s, max_spans: 2");
    let running = run(&one_pipeline(&hold, "linkmend", &[&sink])).await;
    let sender = Sender::to(&running).await;
    let mut sent = Vec::new();
    for number in 1..=4 {
        let sender = sender.clone();
        let span = consumer(number, &number.to_string());
        sent.push(tokio::spawn(async move { sender.send(vec![span]).await }));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sink.wait(2).await;
    assert_eq!(sink.numbers(), [1, 2]);
    for answer in sent.drain(..2) {
        answer.await.unwrap().unwrap();
    }
    assert!(sent.iter().all(|answer| !answer.is_finished()));
    running.stop(SOON).await.unwrap();
    for answer in sent {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(sink.numbers().len(), 4);
}

#[tokio::test]
async fn a_sender_that_goes_away_leaves_its_held_spans_behind() {
    let sink = Sink::start().await;
    let running = run(&one_pipeline(
        &linkmend("time: 400ms"),
        "linkmend",
        &[&sink],
    ))
    .await;
    let sender = Sender::to(&running).await;
    let sent = tokio::spawn(async move { sender.send(vec![call(1), consumer(2, "a")]).await });
    sink.wait(1).await;
    sent.abort();
    sink.wait(2).await;
    running.stop(SOON).await.unwrap();
}
