//! `sending_queue` in memory.

use std::time::{Duration, Instant};

use linkmend_pipeline::traces::{Accepted, RefusalKind};

use super::bench::{batch, grpc};
use super::intake::{Answer, Intake, grpc as answer};

const SOON: &str =
    "retry_on_failure: {initial_interval: 20ms, max_elapsed_time: 100ms, max_interval: 20ms}\n";

#[tokio::test]
async fn sender_is_answered_before_the_next_hop() {
    let intake = Intake::open().await;
    intake.always(answer(0, &[], b"").after(Duration::from_millis(300)));
    let bench = grpc(intake.address, "sending_queue: {queue_size: 7}").await;
    let begun = Instant::now();
    assert_eq!(bench.send(3).await, Ok(Accepted::default()));
    assert!(begun.elapsed() < Duration::from_millis(250));
    assert_eq!(bench.metric("queue_capacity"), 7);
    assert_eq!(bench.metric("queue_size"), 1);
    bench.until("sent_spans", 3).await;
    bench.until("queue_size", 0).await;
}

#[tokio::test]
async fn consumers_bound_what_is_sent_at_once() {
    let intake = Intake::open().await;
    intake.always(Answer::Hang);
    let bench = grpc(
        intake.address,
        "sending_queue: {num_consumers: 2}\ntimeout: 0s",
    )
    .await;
    for _ in 0..5 {
        bench.send(1).await.unwrap();
    }
    intake.until(2).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(intake.received().len(), 2);
    assert_eq!(bench.metric("queue_size"), 5);
}

#[tokio::test]
async fn full_queue_refuses_for_a_while() {
    for (sizer, size) in [
        ("requests", 2),
        ("items", 6),
        ("bytes", 2 * batch("span", 3).bytes().len()),
    ] {
        let intake = Intake::open().await;
        intake.then([answer(0, &[], b"").after(Duration::from_millis(200))]);
        let lines =
            format!("sending_queue: {{queue_size: {size}, sizer: {sizer}, num_consumers: 1}}");
        let bench = grpc(intake.address, &lines).await;
        bench.send(3).await.unwrap();
        bench.send(3).await.unwrap();
        assert_eq!(bench.metric("queue_size"), size as u64);
        let refusal = bench.send(3).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Retry(None), "{sizer}");
        assert!(
            refusal.message.contains("the queue of otlp_grpc is full"),
            "{refusal}"
        );
        assert_eq!(bench.metric("enqueue_failed_spans"), 3);
        bench.until("queue_size", 0).await;
        bench.send(3).await.unwrap();
        bench.until("sent_spans", 9).await;
    }
}

/// It would be refused for ever.
#[tokio::test]
async fn batch_larger_than_the_queue_is_refused_for_good() {
    let intake = Intake::open().await;
    let bench = grpc(
        intake.address,
        "sending_queue: {queue_size: 5, sizer: items, block_on_overflow: true}",
    )
    .await;
    let refusal = bench.send(6).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Permanent);
    assert!(refusal.message.contains("queue_size"), "{refusal}");
    bench.send(5).await.unwrap();
}

#[tokio::test]
async fn full_queue_makes_the_sender_wait() {
    let intake = Intake::open().await;
    intake.always(answer(0, &[], b"").after(Duration::from_millis(150)));
    let lines = "sending_queue: {queue_size: 1, num_consumers: 1, block_on_overflow: true}";
    let bench = grpc(intake.address, lines).await;
    bench.send(1).await.unwrap();
    let begun = Instant::now();
    // One that goes away while it waits leaves no gap.
    let impatient = tokio::time::timeout(Duration::from_millis(20), bench.send(1));
    let (impatient, patient) = tokio::join!(impatient, bench.send(2));
    assert!(impatient.is_err());
    patient.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(100));
    // The deadline of the sender holds here, too.
    let soon = Some(Instant::now() + Duration::from_millis(30));
    let refusal = bench
        .take(batch("late", 1).with_deadline(soon))
        .await
        .unwrap_err();
    assert!(refusal.is_retryable());
    bench.until("sent_spans", 3).await;
    bench.until("queue_size", 0).await;
}

#[tokio::test]
async fn sender_waits_for_the_result_when_it_is_told_to() {
    let intake = Intake::open().await;
    let lines = format!("{SOON}sending_queue: {{wait_for_result: true}}");
    let bench = grpc(intake.address, &lines).await;
    intake.then([answer(14, &[], b""), answer(0, &[], b"\x0a\x02\x08\x01")]);
    assert_eq!(bench.send(4).await.unwrap().rejected, 1);
    intake.then([answer(3, &[("grpc-message", "bad")], b"")]);
    let refusal = bench.send(4).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Permanent);
    assert!(refusal.message.contains("bad"));
    intake.always(answer(14, &[], b""));
    assert!(bench.send(4).await.unwrap_err().is_retryable());
    let soon = Some(Instant::now() + Duration::from_millis(10));
    let begun = Instant::now();
    assert!(
        bench
            .take(batch("late", 1).with_deadline(soon))
            .await
            .unwrap_err()
            .is_retryable()
    );
    assert!(begun.elapsed() < Duration::from_secs(1));
    bench.until("queue_size", 0).await;
}

#[tokio::test]
async fn what_is_given_up_is_counted_and_leaves_the_queue() {
    let intake = Intake::open().await;
    intake.always(answer(14, &[], b""));
    let bench = grpc(intake.address, &format!("{SOON}sending_queue: {{}}")).await;
    bench.send(5).await.unwrap();
    bench.until("send_failed_spans", 5).await;
    bench.until("queue_size", 0).await;
}

#[tokio::test]
async fn stop_sends_what_is_queued() {
    let intake = Intake::open().await;
    intake.always(answer(0, &[], b"").after(Duration::from_millis(20)));
    let bench = grpc(intake.address, "sending_queue: {num_consumers: 1}").await;
    for number in 0..10 {
        bench.take(batch(&format!("{number}."), 1)).await.unwrap();
    }
    bench.exporter.stop().await;
    let names: Vec<_> = (0..10).map(|number| format!("{number}.0")).collect();
    assert_eq!(intake.names(), names);
    assert_eq!(bench.metric("queue_size"), 0);
    assert!(bench.send(1).await.unwrap_err().is_retryable());
}

/// A next hop that is down does not hold up the end for as long as it is down.
#[tokio::test]
async fn stop_tries_once_more_and_ends() {
    let intake = Intake::open().await;
    intake.always(answer(14, &[], b""));
    let bench = grpc(intake.address, "sending_queue: {num_consumers: 1}").await;
    bench.send(1).await.unwrap();
    bench.send(1).await.unwrap();
    intake.until(1).await;
    let begun = Instant::now();
    bench.exporter.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(intake.received().len(), 3);
    assert_eq!(bench.metric("send_failed_spans"), 2);
}
