//! Ends of flows that one host tells of and another one asks for.

use std::sync::Arc;
use std::time::Duration;

use linkmend::Scope;
use linkmend_redis::ends::{Answer, End, SpanKey, key, read, value};
use linkmend_redis::{Options, Store, Url};
use linkmend_tests::stores;

use super::{LONG, connected, options};

fn span(number: u64) -> SpanKey {
    SpanKey {
        scope: None,
        trace: u128::from(number).to_be_bytes(),
        span: number.to_be_bytes(),
    }
}

fn end(number: u64) -> End<'static> {
    End {
        start: number,
        end: number + 5,
        kind: 4,
        service: "api",
        name: "send",
        destination: "orders",
        ..End::default()
    }
}

fn tell(store: &Store, numbers: impl Iterator<Item = u64>) {
    store.tell(numbers.map(|number| (span(number), value(&end(number)))));
}

fn ask(store: &Arc<Store>, of: Vec<SpanKey>) -> Vec<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    runtime.block_on(store.ends(of))
}

/// The numbers of those that were found, which are what was told of them.
fn found(store: &Arc<Store>, numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let numbers: Vec<_> = numbers.collect();
    let answers = ask(store, numbers.iter().copied().map(span).collect());
    let numbers = numbers.into_iter().zip(answers);
    let found = numbers.filter_map(|(number, answer)| match answer {
        Answer::Value(value) => {
            assert_eq!(read(&value), Some(end(number)));
            Some(number)
        }
        _ => None,
    });
    found.collect()
}

#[test]
fn what_one_tells_another_finds_for_a_while() {
    let Some(server) = stores::Store::start("ends of flows", &[]) else {
        return;
    };
    let (one, other) = (connected(options(&server)), connected(options(&server)));
    tell(&one, (0..2_000).map(|number| number * 2));
    tell(&one, 0..1);
    assert!(one.flush(LONG));
    let even: Vec<_> = (0..2_000).filter(|number| number % 2 == 0).collect();
    assert_eq!(found(&other, 0..2_000), even);
    let answers = ask(&other, vec![span(1), span(2)]);
    assert_eq!(answers, [Answer::Nothing, Answer::Value(value(&end(2)))]);
    let stats = one.end_stats();
    assert_eq!((stats.written, stats.dropped, stats.waiting), (2_001, 0, 0));
    assert_eq!(one.stats().written, 0);
    let text = SpanKey {
        scope: None,
        trace: *b"aaaaaaaaaaaaaaaa",
        span: *b"bbbbbbbb",
    };
    one.tell([(text, value(&end(1)))]);
    assert!(one.flush(LONG));
    let name = String::from_utf8(key("linkmend", &text)).unwrap();
    let left = server.ask(&["TTL", &name]);
    let left: u64 = left.trim_start_matches(':').trim().parse().unwrap();
    assert!((880..=900).contains(&left), "{left}");
}

#[test]
fn scopes_and_prefixes_are_apart() {
    let Some(server) = stores::Store::start("scopes of ends", &[]) else {
        return;
    };
    let store = connected(options(&server));
    let elsewhere = connected(Options {
        key_prefix: "other".into(),
        ..options(&server)
    });
    let [red, blue] = [b'r', b'b'].map(|byte| SpanKey {
        scope: Some(Scope::from_bytes([byte; 16])),
        ..span(1)
    });
    store.tell([(red, value(&end(1)))]);
    assert!(store.flush(LONG));
    let is_there: Vec<_> = ask(&store, vec![red, blue, span(1)])
        .into_iter()
        .map(|answer| answer != Answer::Nothing)
        .collect();
    assert_eq!(is_there, [true, false, false]);
    assert_eq!(ask(&elsewhere, vec![red]), [Answer::Nothing]);
}

/// Scenario: the store is away, and more is told than may wait.
/// Guarantees: nobody waits for it, the latest are kept, what went is counted, and the
/// rest is written when the store is back.
#[test]
fn what_is_told_while_the_store_is_away_is_bounded_and_written_later() {
    let Some(mut server) = stores::Store::start("ends while a store is away", &[]) else {
        return;
    };
    let store = connected(Options {
        queue_size: 100,
        ..options(&server)
    });
    server.kill();
    while store.stats().servers_away == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(ask(&store, vec![span(1)]), [Answer::Unanswered]);
    for number in 0..1_000 {
        tell(&store, number..=number);
    }
    let stats = store.end_stats();
    assert!(stats.waiting <= 100 + 512, "{stats:?}");
    assert_eq!(stats.dropped + stats.waiting, 1_000);
    server.restart();
    assert!(store.flush(LONG));
    assert_eq!(found(&store, 990..1_000).len(), 10);
    assert_eq!(store.end_stats().written, stats.waiting);
}

#[test]
fn a_cluster_has_them_on_all_of_its_servers() {
    let Some(cluster) = stores::Cluster::start("ends in a cluster") else {
        return;
    };
    let endpoints = cluster.stores.iter().take(1);
    let store = connected(Options {
        endpoints: endpoints
            .map(|server| Url::parse(&server.url()).unwrap().address)
            .collect(),
        cluster: true,
        ..options(&cluster.stores[0])
    });
    tell(&store, 0..1_000);
    assert!(store.flush(LONG));
    assert_eq!(found(&store, 0..1_100).len(), 1_000);
    for server in cluster.stores.iter().take(3) {
        assert!(!server.ask(&["DBSIZE"]).starts_with(":0"));
    }
}
