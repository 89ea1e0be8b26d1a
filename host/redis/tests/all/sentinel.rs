//! A primary and its replica, which sentinels watch over: linkmend is given the list of
//! both, and no sentinel.

use std::time::{Duration, Instant};

use linkmend_tests::stores::Store;

use super::{LONG, connected, options, producer, remember, spans};

fn watch(sentinel: &Store, primary: &Store) {
    let port = primary.port.to_string();
    for command in [
        ["SENTINEL", "MONITOR", "shop", "127.0.0.1", &port, "1"].as_slice(),
        &["SENTINEL", "SET", "shop", "down-after-milliseconds", "1000"],
        &["SENTINEL", "SET", "shop", "failover-timeout", "5000"],
    ] {
        assert_eq!(sentinel.ask(command), "+OK\r\n", "{command:?}");
    }
}

#[test]
fn the_one_that_sentinels_choose_is_used() {
    let Some(mut primary) = Store::start("sentinels", &[]) else {
        return;
    };
    let Some(replica) = Store::start("sentinels", &[]) else {
        return;
    };
    let Some(sentinel) = Store::sentinel("sentinels") else {
        return;
    };
    let port = primary.port.to_string();
    assert_eq!(replica.ask(&["REPLICAOF", "127.0.0.1", &port]), "+OK\r\n");
    watch(&sentinel, &primary);
    let mut both = options(&primary);
    both.endpoints.extend(options(&replica).endpoints);
    let store = connected(both);
    remember(&store, &[producer(1, 10)]);
    assert!(store.flush(LONG));
    // The sentinel knows of the replica, and the replica of what was written.
    let begun = Instant::now();
    let is_known = || {
        sentinel
            .ask(&["SENTINEL", "REPLICAS", "shop"])
            .contains("slave-priority")
    };
    while !is_known() || !replica.ask(&["DBSIZE"]).starts_with(":1") {
        assert!(begun.elapsed() < LONG, "the sentinel knows of no replica");
        std::thread::sleep(Duration::from_millis(100));
    }
    primary.kill();
    remember(&store, &[producer(2, 20)]);
    assert!(store.flush(LONG), "{store:?}");
    assert!(replica.ask(&["ROLE"]).contains("master"));
    assert_eq!((spans(&store, 1), spans(&store, 2)), (vec![10], vec![20]));
    assert_eq!(store.stats().dropped, 0);
}
