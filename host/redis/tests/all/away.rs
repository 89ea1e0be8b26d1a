//! A store that is not there yet, hangs, is full, refuses, and comes back.

use std::time::{Duration, Instant};

use linkmend::index::SharedStore as _;
use linkmend_redis::{Options, Store};
use linkmend_tests::stores;

use super::{LONG, TIMEOUT, connected, key, options, producer, remember, spans};

const NONE: [u64; 0] = [];

fn until(store: &Store, is_so: impl Fn(&Store) -> bool) {
    let begun = Instant::now();
    while !is_so(store) {
        assert!(begun.elapsed() < LONG, "{store:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_start_does_not_wait_for_the_store() {
    let Some(mut server) = stores::Store::start("a start does not wait", &[]) else {
        return;
    };
    server.kill();
    let begun = Instant::now();
    let store = Store::start(options(&server)).unwrap();
    remember(&store, &[producer(1, 10)]);
    assert_eq!(spans(&store, 1), NONE);
    assert!(begun.elapsed() < TIMEOUT, "{:?}", begun.elapsed());
    assert!(!store.flush(Duration::from_millis(300)));
    let stats = store.stats();
    assert_eq!((stats.waiting, stats.unanswered), (1, 1));
    assert_eq!((stats.servers, stats.servers_away), (1, 1));
    server.restart();
    assert!(store.flush(LONG));
    assert_eq!(spans(&store, 1), [10]);
}

/// Batches wait three times in a row at most, none of them longer than the timeout;
/// what was remembered in the meantime is written when the store goes on.
#[test]
fn a_store_that_hangs_makes_no_batch_wait() {
    let Some(server) = stores::Store::start("a store that hangs", &[]) else {
        return;
    };
    let store = connected(options(&server));
    remember(&store, &[producer(1, 10)]);
    assert!(store.flush(LONG));
    server.hang();
    let mut waits = Vec::new();
    for number in 0..200 {
        remember(&store, &[producer(100 + number, number)]);
        let begun = Instant::now();
        assert_eq!(store.recall(None, &[key(1)]).len(), 0);
        waits.push(begun.elapsed());
        std::thread::sleep(Duration::from_millis(10));
    }
    let longest = waits.iter().max().unwrap();
    assert!(
        *longest < TIMEOUT + Duration::from_millis(100),
        "{longest:?}"
    );
    let late = waits.iter().filter(|wait| **wait > TIMEOUT / 2).count();
    assert!(late <= 3, "{late} of {waits:?}");
    assert!(store.stats().unanswered >= 200);
    assert_eq!(store.stats().servers_away, 1);
    server.go_on();
    assert!(store.connect(LONG) && store.flush(LONG));
    assert_eq!(spans(&store, 1), [10]);
    for number in 0..200 {
        assert_eq!(spans(&store, 100 + number), [number]);
    }
    assert_eq!(store.stats().dropped, 0);
}

/// A store that was killed is empty when it is back: what was written last is written
/// again, once, since spans may still wait for it.
#[test]
fn a_store_that_lost_all_gets_the_last_again() {
    let Some(mut server) = stores::Store::start("a store that lost all", &[]) else {
        return;
    };
    let store = connected(options(&server));
    let producers: Vec<_> = (0..2_000).map(|number| producer(number, number)).collect();
    remember(&store, &producers);
    assert!(store.flush(LONG));
    for round in 0..2 {
        server.restart();
        until(&store, |store| store.stats().servers_away == 0);
        // Its connection may be the one of before: it is lost when it is used.
        let keys: Vec<_> = (0..2_000).map(key).collect();
        let begun = Instant::now();
        let found = loop {
            let found = store.recall(None, &keys).len();
            if found == keys.len() || begun.elapsed() > Duration::from_secs(3) {
                break found;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(found, if round == 0 { 2_000 } else { 0 }, "{store:?}");
    }
    assert_eq!(store.stats().written, 2_000);
}

/// What waits is bounded, and the oldest go.
#[test]
fn what_waits_to_be_written_is_bounded() {
    let Some(mut server) = stores::Store::start("what waits is bounded", &[]) else {
        return;
    };
    let store = connected(Options {
        queue_size: 100,
        ..options(&server)
    });
    server.kill();
    until(&store, |store| store.stats().servers_away == 1);
    for number in 0..1_000 {
        remember(&store, &[producer(number, number)]);
    }
    // Those of the last request may be on their way, and come back.
    let stats = store.stats();
    assert!((900 - 100..=900).contains(&stats.dropped), "{stats:?}");
    server.restart();
    assert!(store.flush(LONG));
    assert_eq!(spans(&store, 999), [999]);
    assert_eq!(spans(&store, 0), NONE);
}

/// It still answers, and takes nothing more.
#[test]
fn a_store_that_is_full_is_told_and_still_asked() {
    let arguments = ["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"];
    let Some(server) = stores::Store::start("a store that is full", &arguments) else {
        return;
    };
    let store = connected(options(&server));
    for block in 0..100 {
        let producers: Vec<_> = (0..1_000)
            .map(|number| producer(block * 1_000 + number, number))
            .collect();
        remember(&store, &producers);
    }
    assert!(store.flush(LONG));
    let stats = store.stats();
    assert!(stats.refused > 10_000, "{stats:?}");
    assert_eq!(stats.written + stats.refused, 100_000);
    assert_eq!(stats.servers_away, 0);
    assert_eq!(spans(&store, 0), [0]);
}

#[test]
fn a_password_is_given_and_a_wrong_one_is_told() {
    let arguments = ["--requirepass", "open sesame"];
    let Some(server) = stores::Store::start("a password", &arguments) else {
        return;
    };
    let with = |password: Option<&str>| Options {
        password: password.map(str::to_owned),
        ..options(&server)
    };
    let store = connected(with(Some("open sesame")));
    remember(&store, &[producer(1, 10)]);
    assert!(store.flush(LONG));
    for password in [None, Some("closed")] {
        let shut_out = Store::start(with(password)).unwrap();
        assert!(!shut_out.connect(Duration::from_millis(500)));
        assert_eq!(spans(&shut_out, 1), NONE);
    }
    assert!(!format!("{store:?}").contains("sesame"));
}

/// The one that was the primary has gone, and its replica has taken its place.
#[test]
fn the_primary_of_several_is_used() {
    let Some(mut one) = stores::Store::start("the primary of several", &[]) else {
        return;
    };
    let Some(other) = stores::Store::start("the primary of several", &[]) else {
        return;
    };
    let port = one.port.to_string();
    assert_eq!(other.ask(&["REPLICAOF", "127.0.0.1", &port]), "+OK\r\n");
    let mut both = options(&other);
    both.endpoints.extend(options(&one).endpoints);
    let store = connected(both);
    remember(&store, &[producer(1, 10)]);
    assert!(store.flush(LONG));
    let begun = Instant::now();
    while !other.ask(&["DBSIZE"]).starts_with(":1") {
        assert!(begun.elapsed() < LONG);
    }
    one.kill();
    assert_eq!(other.ask(&["REPLICAOF", "NO", "ONE"]), "+OK\r\n");
    remember(&store, &[producer(2, 20)]);
    assert!(store.flush(LONG), "{store:?}");
    assert_eq!((spans(&store, 1), spans(&store, 2)), (vec![10], vec![20]));
}
