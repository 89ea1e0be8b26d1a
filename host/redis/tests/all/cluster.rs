//! A cluster of six, of which one goes.

use std::time::{Duration, Instant};

use linkmend::index::SharedStore as _;
use linkmend_redis::{Address, Options};
use linkmend_tests::stores::Cluster;

use super::{LONG, TIMEOUT, connected, key, producer};

const MESSAGES: u64 = 10_000;

fn options(cluster: &Cluster) -> Options {
    let endpoints = cluster.stores.iter().take(2).map(|store| Address {
        host: "127.0.0.1".into(),
        port: store.port,
    });
    Options {
        endpoints: endpoints.collect(),
        cluster: true,
        timeout: TIMEOUT,
        ..Options::default()
    }
}

#[test]
fn a_cluster_is_asked_once_a_server() {
    let Some(cluster) = Cluster::start("a cluster") else {
        return;
    };
    let (one, other) = (connected(options(&cluster)), connected(options(&cluster)));
    let producers: Vec<_> = (0..MESSAGES)
        .map(|number| producer(number, number))
        .collect();
    one.remember(None, &producers, &[]);
    assert!(one.flush(LONG));
    let keys: Vec<_> = (0..MESSAGES).map(key).collect();
    assert_eq!(other.recall(None, &keys).len(), producers.len());
    assert_eq!(other.stats().round_trips, 3);
    for store in cluster.stores.iter().take(3) {
        let size = store.ask(&["DBSIZE"]);
        let size: u64 = size.trim().trim_start_matches(':').parse().unwrap();
        assert!(size > 3_000, "{size}");
    }
}

/// What was there before is there after, and what is remembered while nobody has a
/// third of the slots waits until somebody has.
#[test]
fn a_server_that_is_killed_is_replaced() {
    let Some(mut cluster) = Cluster::start("a server is killed") else {
        return;
    };
    let (one, other) = (connected(options(&cluster)), connected(options(&cluster)));
    let producers: Vec<_> = (0..MESSAGES)
        .map(|number| producer(number, number))
        .collect();
    let (before, after) = producers.split_at(5_000);
    one.remember(None, before, &[]);
    assert!(one.flush(LONG));
    // Followers are told of it later than we are.
    std::thread::sleep(Duration::from_millis(500));
    cluster.stores[0].kill();
    for some in after.chunks(100) {
        one.remember(None, some, &[]);
        std::thread::sleep(Duration::from_millis(20));
    }
    let keys: Vec<_> = (0..MESSAGES).map(key).collect();
    let found = other.recall(None, &keys).len();
    assert!(found < producers.len());
    assert!(one.flush(LONG), "{one:?}");
    let begun = Instant::now();
    while other.recall(None, &keys).len() < producers.len() {
        assert!(begun.elapsed() < LONG, "{other:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(one.stats().dropped, 0);
    assert_eq!(one.stats().refused, 0);
}
