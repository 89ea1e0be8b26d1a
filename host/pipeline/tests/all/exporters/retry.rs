//! `retry_on_failure`, without a queue: the sender waits.

use std::time::{Duration, Instant};

use linkmend_pipeline::traces::RefusalKind;

use super::bench::{batch, data, grpc, http};
use super::intake::{Intake, grpc as answer, http as http_answer};

#[tokio::test]
async fn batch_is_sent_again_until_it_is_taken() {
    let intake = Intake::open().await;
    let lines =
        "retry_on_failure: {initial_interval: 20ms, multiplier: 2, randomization_factor: 0}";
    let bench = grpc(intake.address, lines).await;
    intake.then([
        answer(14, &[], b""),
        answer(4, &[], b""),
        answer(14, &[], b""),
    ]);
    let begun = Instant::now();
    bench.send(2).await.unwrap();
    // 20 + 40 + 80 ms
    assert!(
        begun.elapsed() >= Duration::from_millis(140),
        "{:?}",
        begun.elapsed()
    );
    let received = intake.received();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|one| one.data() == data("span", 2)));
    assert_eq!(
        (
            bench.metric("sent_spans"),
            bench.metric("send_failed_spans")
        ),
        (2, 0)
    );
}

#[tokio::test]
async fn it_is_given_up_after_max_elapsed_time_and_the_sender_still_has_it() {
    let intake = Intake::open().await;
    intake.always(answer(14, &[], b""));
    let lines =
        "retry_on_failure: {initial_interval: 20ms, max_interval: 30ms, max_elapsed_time: 200ms}";
    let bench = grpc(intake.address, lines).await;
    let begun = Instant::now();
    let refusal = bench.send(2).await.unwrap_err();
    assert!(refusal.is_retryable());
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(intake.received().len() >= 4, "{}", intake.received().len());
    assert_eq!(bench.metric("send_failed_spans"), 2);
}

#[tokio::test]
async fn what_never_helps_is_not_done_twice() {
    let intake = Intake::open().await;
    intake.always(answer(3, &[], b""));
    let bench = grpc(intake.address, "").await;
    assert_eq!(
        bench.send(1).await.unwrap_err().kind,
        RefusalKind::Permanent
    );
    assert_eq!(intake.received().len(), 1);
}

#[tokio::test]
async fn other_side_says_the_least_wait() {
    let intake = Intake::open().await;
    let bench = http(intake.address, "retry_on_failure: {initial_interval: 1ms}").await;
    intake.then([http_answer(503, &[("retry-after", "1")], "")]);
    let begun = Instant::now();
    bench.send(1).await.unwrap();
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn wait_beyond_the_deadline_is_left_to_the_sender() {
    let intake = Intake::open().await;
    intake.always(http_answer(503, &[("retry-after", "60")], ""));
    let bench = http(intake.address, "").await;
    let begun = Instant::now();
    let deadline = Some(begun + Duration::from_secs(10));
    let refusal = bench
        .take(batch("span", 1).with_deadline(deadline))
        .await
        .unwrap_err();
    assert_eq!(
        refusal.kind,
        RefusalKind::Retry(Some(Duration::from_mins(1)))
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(intake.received().len(), 1);
}

#[tokio::test]
async fn sender_that_has_gone_stops_the_tries() {
    let intake = Intake::open().await;
    intake.always(answer(14, &[], b""));
    let bench = grpc(intake.address, "retry_on_failure: {initial_interval: 50ms}").await;
    let taking = tokio::time::timeout(Duration::from_millis(20), bench.send(1));
    assert!(taking.await.is_err());
    let before = intake.received().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(intake.received().len() <= before.max(1));
}

#[tokio::test]
async fn stop_ends_the_waits() {
    let intake = Intake::open().await;
    intake.always(answer(14, &[], b""));
    let bench = grpc(intake.address, "retry_on_failure: {initial_interval: 30s}").await;
    let begun = Instant::now();
    let (refusal, ()) = tokio::join!(bench.send(1), async {
        intake.until(1).await;
        bench.exporter.stop().await;
    });
    assert!(refusal.unwrap_err().is_retryable());
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(intake.received().len(), 2);
}
