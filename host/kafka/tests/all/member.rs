//! Groups: what is taken is committed, and nothing else.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use linkmend_kafka::Event;
use tokio::time::sleep;

use crate::kafka::Kafka;
use crate::support::{Runs, Taken, Taker, connection, member, producer, send};

const TOPIC: &str = "numbers";

/// Three members, one of which is killed in the middle and comes back: every message is
/// taken at least once. The broker goes and comes back, too.
#[tokio::test(flavor = "multi_thread")]
async fn members_and_the_broker_go_and_nothing_is_lost() {
    let Some(mut kafka) = Kafka::start("members go, and the broker", 12) else {
        return;
    };
    let connection = connection(kafka.broker());
    let sending = producer(connection.clone());
    send(&sending, TOPIC, 0..1000).await;
    let taken = Arc::new(Taken::default());
    let start = || {
        let taker = Taker {
            slow: Duration::from_millis(5),
            ..Taker::new(&taken)
        };
        Runs::start(member(connection.clone(), TOPIC), taker)
    };
    let (one, two, three) = (start(), start(), start());
    for runs in [&one, &two, &three] {
        runs.wait_for_partitions(|count| count == 4).await;
    }
    send(&sending, TOPIC, 1000..3000).await;
    // In the middle of its work.
    two.taker.holds.store(true, Ordering::Relaxed);
    send(&sending, TOPIC, 3000..4000).await;
    sleep(Duration::from_millis(500)).await;
    two.kill();
    taken.wait(4000).await;
    one.wait_for_partitions(|count| count == 6).await;
    let two = start();
    two.wait_for_partitions(|count| count == 4).await;
    kafka.kill();
    sleep(Duration::from_secs(2)).await;
    kafka.restart();
    send(&sending, TOPIC, 4000..6000).await;
    taken.wait(6000).await;
    for runs in [one, two, three] {
        runs.end().await;
    }
    sending.close().await;
}

/// One after the other, as in a deployment: each ends as it should, and nothing comes
/// twice.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_not_read_again() {
    let Some(kafka) = Kafka::start("what was committed", 4) else {
        return;
    };
    let connection = connection(kafka.broker());
    let sending = producer(connection.clone());
    let taken = Arc::new(Taken::default());
    for round in 0..3 {
        send(&sending, TOPIC, round * 500..(round + 1) * 500).await;
        let runs = Runs::start(member(connection.clone(), TOPIC), Taker::new(&taken));
        taken.wait((round as usize + 1) * 500).await;
        runs.end().await;
    }
    assert_eq!((taken.len(), taken.most_often()), (1500, 1));
}

/// A member takes no more than it has room for, and goes on when there is room; nothing is
/// committed meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_is_bounded_and_not_committed() {
    let Some(kafka) = Kafka::start("bounds", 4) else {
        return;
    };
    let connection = connection(kafka.broker());
    let sending = producer(connection.clone());
    send(&sending, TOPIC, 10_000..20_000).await;
    let nothing = Arc::new(Taken::default());
    let mut options = member(connection.clone(), TOPIC);
    // Of five bytes each: two thousand messages.
    options.in_flight = 10_000;
    let taker = Taker::new(&nothing);
    taker.holds.store(true, Ordering::Relaxed);
    let full = Runs::start(options.clone(), taker);
    full.wait_for_partitions(|count| count == 4).await;
    sleep(Duration::from_secs(3)).await;
    let on_their_way = Arc::strong_count(&full.taker) - 2;
    assert!((2000..6000).contains(&on_their_way), "{on_their_way}");
    full.taker.holds.store(false, Ordering::Relaxed);
    nothing.wait(10_000).await;
    full.end().await;
    // Another group member that starts now has nothing to do.
    let again = Arc::new(Taken::default());
    let runs = Runs::start(options, Taker::new(&again));
    runs.wait_for_partitions(|count| count == 4).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(again.len(), 0);
    runs.end().await;
}

/// A message that stays keeps its partition from going on, and no other; who has the
/// partition next reads it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_stays_is_read_again() {
    let Some(kafka) = Kafka::start("a message that stays", 3) else {
        return;
    };
    let connection = connection(kafka.broker());
    let sending = producer(connection.clone());
    send(&sending, TOPIC, 0..300).await;
    let taken = Arc::new(Taken::default());
    let taker = Taker {
        refuses: Some(150),
        ..Taker::new(&taken)
    };
    let runs = Runs::start(member(connection.clone(), TOPIC), taker);
    taken.wait(200).await;
    sleep(Duration::from_secs(1)).await;
    let before = taken.len();
    assert!((200..300).contains(&before), "{before}");
    let troubles: Vec<_> = runs
        .taker
        .events
        .lock()
        .iter()
        .filter(|event| matches!(event, Event::Trouble(_)))
        .cloned()
        .collect();
    runs.end().await;
    let runs = Runs::start(member(connection, TOPIC), Taker::new(&taken));
    taken.wait(300).await;
    runs.end().await;
    assert_eq!(troubles, []);
}

/// A topic that is made after a member began to wait for it is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_may_come_later() {
    let Some(kafka) = Kafka::start("a topic that comes later", 3) else {
        return;
    };
    let connection = connection(kafka.broker());
    let taken = Arc::new(Taken::default());
    let runs = Runs::start(member(connection.clone(), TOPIC), Taker::new(&taken));
    sleep(Duration::from_secs(3)).await;
    let sending = producer(connection);
    send(&sending, TOPIC, 0..100).await;
    taken.wait(100).await;
    runs.end().await;
}
