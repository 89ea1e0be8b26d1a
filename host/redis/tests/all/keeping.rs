//! What is remembered at one host is found at another.

use std::sync::Arc;

use linkmend::Scope;
use linkmend::index::{
    Lookups, MemoryIndex, MessageIndex, MessageKey, SharedIndex, SharedStore as _,
};
use linkmend_redis::{Options, format};
use linkmend_tests::stores::Store;

use super::{LONG, connected, key, options, producer, remember, spans};

#[test]
fn what_one_remembers_another_finds() {
    let Some(server) = Store::start("what one remembers another finds", &[]) else {
        return;
    };
    let (one, other) = (connected(options(&server)), connected(options(&server)));
    let mut with_state = producer(2, 20);
    with_state.trace_state.offset = 1;
    with_state.trace_state.length = 3;
    one.remember(
        None,
        &[producer(1, 10), with_state, producer(1, 10)],
        b"xa=b",
    );
    assert!(one.flush(LONG));
    let found = other.recall(None, &[key(2), key(3), key(1), key(2)]);
    assert_eq!(found.len(), 2);
    let of = |span| found.iter().find(|entry| entry.producer.span_id == span);
    assert_eq!(of(10).unwrap().producer, producer(1, 10));
    assert_eq!(&*of(20).unwrap().trace_state, b"a=b");
    let (written, asked) = (one.stats(), other.stats());
    assert_eq!((written.written, written.waiting), (3, 0));
    assert_eq!(
        (asked.round_trips, asked.unanswered, asked.failures),
        (1, 0, 0)
    );
}

/// What is to be done while a question is on its way is done once, whether or not the store is
/// there and anything is asked.
#[test]
fn what_is_done_meanwhile_is_done_once() {
    let Some(mut server) = Store::start("meanwhile", &[]) else {
        return;
    };
    let store = connected(options(&server));
    remember(&store, &[producer(1, 10)]);
    assert!(store.flush(LONG));
    let asked = |keys: &[MessageKey]| {
        let mut times = 0;
        let found = store.recall_while(None, keys, &mut || times += 1);
        assert_eq!(times, 1, "{keys:?}");
        found.len()
    };
    assert_eq!(asked(&[key(1), key(2)]), 1);
    assert_eq!(asked(&[]), 0);
    server.kill();
    for _ in 0..10 {
        assert_eq!(asked(&[key(1)]), 0);
    }
}

/// Guarantees: more threads than there are connections ask at once, and each gets what it
/// asked for.
#[test]
fn many_threads_ask_at_once() {
    let Some(server) = Store::start("many threads ask", &[]) else {
        return;
    };
    let store = connected(Options {
        timeout: LONG,
        ..options(&server)
    });
    let producers: Vec<_> = (0..1_000).map(|number| producer(number, number)).collect();
    remember(&store, &producers);
    assert!(store.flush(LONG));
    std::thread::scope(|threads| {
        for thread in 0..40 {
            let store = &store;
            threads.spawn(move || {
                for round in 0..50 {
                    let first = (thread * 7 + round * 13) % 990;
                    let keys: Vec<_> = (first..first + 10).map(key).collect();
                    let mut found: Vec<_> = store
                        .recall(None, &keys)
                        .iter()
                        .map(|entry| (entry.producer.key.low, entry.producer.span_id))
                        .collect();
                    found.sort_unstable();
                    let right: Vec<_> = (first..first + 10).map(|one| (one, one)).collect();
                    assert_eq!(found, right);
                }
            });
        }
    });
    let stats = store.stats();
    assert_eq!((stats.failures, stats.unanswered), (0, 0));
    // One for what was remembered, or a few.
    assert!((2_001..2_020).contains(&stats.round_trips), "{stats:?}");
    let clients = server.info("connected_clients");
    assert!(clients <= 20.0, "{clients} connections");
}

#[test]
fn scopes_and_prefixes_are_apart() {
    let Some(server) = Store::start("scopes are apart", &[]) else {
        return;
    };
    let store = connected(options(&server));
    let elsewhere = connected(Options {
        key_prefix: "other".into(),
        ..options(&server)
    });
    let [red, blue] = [b'r', b'b'].map(|byte| Some(Scope::from_bytes([byte; 16])));
    store.remember(red, &[producer(1, 10)], &[]);
    assert!(store.flush(LONG));
    assert_eq!(store.recall(red, &[key(1)]).len(), 1);
    assert_eq!(store.recall(blue, &[key(1)]).len(), 0);
    assert_eq!(store.recall(None, &[key(1)]).len(), 0);
    assert_eq!(elsewhere.recall(red, &[key(1)]).len(), 0);
}

/// Whoever chooses ids must not fill the store, and the best are kept whatever the
/// order in which they came.
#[test]
fn a_key_is_bounded_and_goes() {
    let Some(server) = Store::start("a key is bounded", &[]) else {
        return;
    };
    let store = connected(options(&server));
    let mut all: Vec<_> = (0..1000)
        .map(|span| producer(1, span * 389 % 1000))
        .collect();
    all[500].rank = 1;
    remember(&store, &all);
    assert!(store.flush(LONG));
    let mut found = spans(&store, 1);
    found.sort_unstable();
    let best: Vec<u64> = (982..1000)
        .filter(|span| *span != all[500].span_id)
        .collect();
    assert_eq!(found, best[best.len() - 17..]);
    let index = SharedIndex::new(Arc::new(MemoryIndex::default()), store.clone());
    let recalled = index.recall(&[key(1)]).unwrap();
    assert_eq!(recalled.counts, [5]);
    assert_eq!(recalled.producers[0].span_id, found[16]);
    let keys = server.ask(&["RANDOMKEY"]);
    let name = keys.split("\r\n").nth(1).unwrap();
    assert!(name.starts_with("linkmend:2:"), "{name}");
    let keyspace = server.ask(&["INFO", "keyspace"]);
    assert!(keyspace.contains("keys=1,expires=1"), "{keyspace}");
}

#[test]
fn what_was_known_where_is_counted() {
    let Some(server) = Store::start("what was known where is counted", &[]) else {
        return;
    };
    let (one, other) = (connected(options(&server)), connected(options(&server)));
    let there = SharedIndex::new(Arc::new(MemoryIndex::default()), one.clone());
    let here = SharedIndex::new(Arc::new(MemoryIndex::default()), other.clone());
    there
        .remember(&[producer(1, 1), producer(2, 2)], &[])
        .unwrap();
    here.remember(&[producer(2, 3)], &[]).unwrap();
    assert!(one.flush(LONG) && other.flush(LONG));
    let before = [u64::MAX; 3];
    let recalled = here
        .recall_before(&[key(1), key(2), key(3)], &before)
        .unwrap();
    assert_eq!(recalled.counts, [1, 2, 0]);
    let stats = other.stats();
    assert_eq!((stats.hits_here, stats.hits_there, stats.misses), (1, 1, 1));
    other.looked_up(Lookups {
        here: 1,
        ..Lookups::default()
    });
    assert_eq!(other.stats().hits_here, 2);
}

/// What others wrote, or a later version of this format, is passed over; and nobody's key is
/// written to that holds something else.
#[test]
fn what_is_not_of_this_format_is_passed_over() {
    let Some(server) = Store::start("what is not of this format", &[]) else {
        return;
    };
    let store = connected(options(&server));
    remember(&store, &[producer(1, 10)]);
    assert!(store.flush(LONG));
    // Keys that are texts, so that they can be named here.
    let text = "linkmend:2:aaaaaaaabbbbbbbb";
    let message = MessageKey {
        high: u64::from_be_bytes(*b"aaaaaaaa"),
        low: u64::from_be_bytes(*b"bbbbbbbb"),
    };
    assert_eq!(server.ask(&["SET", text, "no producer"]), "+OK\r\n");
    assert_eq!(store.recall(None, &[message, key(1)]).len(), 1);
    assert_eq!(server.ask(&["DEL", text]), ":1\r\n");
    assert_eq!(server.ask(&["ZADD", text, "5", "a set"]), ":1\r\n");
    assert_eq!(store.recall(None, &[message, key(1)]).len(), 1);
    let of_set = linkmend::index::Producer {
        key: message,
        ..producer(1, 10)
    };
    remember(&store, &[of_set, producer(2, 20)]);
    assert!(store.flush(LONG));
    assert_eq!((store.stats().refused, store.stats().written), (1, 2));
    assert_eq!(server.ask(&["TYPE", text]), "+zset\r\n");
}

/// Guarantees: however many hosts write to one key at the same time, and again and again, the
/// best of all that they wrote are found, and the value is short.
#[test]
fn many_hosts_write_to_one_key() {
    let Some(server) = Store::start("many hosts write to one key", &[]) else {
        return;
    };
    let hosts: Vec<_> = (0..6).map(|_| connected(options(&server))).collect();
    std::thread::scope(|threads| {
        for (number, host) in (0..).zip(&hosts) {
            threads.spawn(move || {
                for round in 0..200 {
                    // Three producers of a host of its own, and one that all know.
                    let spans = (0..3).map(|one| number * 1_000 + round * 3 + one);
                    let all: Vec<_> = spans
                        .chain([50_000])
                        .map(|span| producer(1, span))
                        .collect();
                    remember(host, &all);
                    assert!(host.flush(LONG));
                }
            });
        }
    });
    let mut best: Vec<u64> = (5_000 + 600 - 16..5_000 + 600).chain([50_000]).collect();
    best.reverse();
    assert_eq!(spans(&hosts[0], 1), best);
    for host in &hosts {
        let stats = host.stats();
        assert_eq!((stats.written, stats.refused, stats.failures), (800, 0, 0));
        // A connection was never so busy that it had to be asked more often.
        assert!(stats.round_trips < 4 * 200, "{stats:?}");
    }
    let memory = server.info("used_memory_dataset");
    let length = server.ask(&["EVAL", LENGTH, "0"]);
    let length: u64 = length.trim().trim_start_matches(':').parse().unwrap();
    assert!(length <= 2_048 + 6 * 4 * 44, "{length} bytes");
    assert!(memory < 4e6, "{memory} bytes");
}

/// The key is bytes, which a script can hand on.
const LENGTH: &str = "return redis.call('STRLEN', redis.call('RANDOMKEY'))";

/// Guarantees: what is written again and again takes no more room than when it was written
/// once, and stays as long as the last time asked for.
#[test]
fn what_is_written_again_takes_no_room() {
    let Some(server) = Store::start("what is written again", &[]) else {
        return;
    };
    let store = connected(options(&server));
    for _ in 0..50 {
        remember(&store, &[producer(1, 10), producer(1, 11)]);
        assert!(store.flush(LONG));
    }
    let length = server.ask(&["EVAL", LENGTH, "0"]);
    let mut once = Vec::new();
    for span in [10, 11] {
        format::put_member(&mut once, &producer(1, span), b"");
    }
    assert_eq!(length, format!(":{}\r\n", once.len()));
    let ttl = "return redis.call('TTL', redis.call('RANDOMKEY'))";
    let ttl = server.ask(&["EVAL", ttl, "0"]);
    let ttl: u64 = ttl.trim().trim_start_matches(':').parse().unwrap();
    assert!((890..=900).contains(&ttl), "{ttl} s");
}
