//! What it takes. `cargo test -p linkmend-redis --test all -- --ignored --nocapture`

use std::sync::Arc;
use std::time::{Duration, Instant};

use linkmend::index::{MemoryIndex, MessageIndex, SharedIndex, SharedStore as _};
use linkmend_tests::stores::Store;
use tokio::runtime::Builder;

use super::{LONG, connected, key, options, producer};

/// What the server ran, in seconds.
fn ran(server: &Store) -> f64 {
    server.info("used_cpu_user") + server.info("used_cpu_sys")
}

#[test]
#[ignore = "it measures"]
fn what_it_takes() {
    const ENTRIES: u32 = 200_000;
    let Some(server) = Store::start("what it takes", &[]) else {
        return;
    };
    let store = connected(linkmend_redis::Options {
        queue_size: usize::try_from(ENTRIES).unwrap(),
        ..options(&server)
    });
    let (before, ran_before) = (server.info("used_memory"), ran(&server));
    let input_before = server.info("total_net_input_bytes");
    let begun = Instant::now();
    for block in 0..u64::from(ENTRIES) / 100 {
        let block: Vec<_> = (0..100)
            .map(|number| producer(block * 100 + number, number))
            .collect();
        store.remember(None, &block, &[]);
    }
    assert!(store.flush(LONG));
    let took = begun.elapsed().as_secs_f64();
    let each = |total: f64| total / f64::from(ENTRIES);
    eprintln!(
        "an entry: {:.0} bytes of memory, {:.0} bytes sent, {:.2} us of the server, {:.2} us in all",
        each(server.info("used_memory") - before),
        each(server.info("total_net_input_bytes") - input_before),
        each(ran(&server) - ran_before) * 1e6,
        each(took) * 1e6
    );
    let one = server.ask(&["RANDOMKEY"]);
    eprintln!("a key: {one:?}");

    // A messaging batch of 512 spans: 256 messages are looked up.
    let index = SharedIndex::new(Arc::new(MemoryIndex::default()), store.clone());
    let before = vec![u64::MAX; 256];
    let ran_before = ran(&server);
    let mut lookups: Vec<Duration> = (0..400u64)
        .map(|round| {
            let keys: Vec<_> = (0..256).map(|number| key(round * 256 + number)).collect();
            let begun = Instant::now();
            assert_eq!(
                index.recall_before(&keys, &before).unwrap().counts,
                [1; 256]
            );
            begun.elapsed()
        })
        .collect();
    lookups.sort_unstable();
    eprintln!(
        "256 keys that are there: {:?} at the median, {:?} for 99 of 100",
        lookups[200], lookups[396]
    );
    eprintln!(
        "a key that is looked up: {:.2} us of the server",
        (ran(&server) - ran_before) * 1e6 / (400.0 * 256.0)
    );
    let here = MemoryIndex::default();
    let begun = Instant::now();
    for round in 0..400u64 {
        let keys: Vec<_> = (0..256).map(|number| key(round * 256 + number)).collect();
        let _ = here.recall_before(&keys, &before).unwrap();
    }
    eprintln!("the same in memory: {:?}", begun.elapsed() / 400);

    // 20,000 held spans.
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut watcher = store.watcher();
    let awaited: Vec<_> = (0..20_000)
        .map(|number| (None, key(10_000_000 + number)))
        .collect();
    let (ran_before, trips) = (ran(&server), store.stats().round_trips);
    let begun = Instant::now();
    for _ in 0..20 {
        assert!(runtime.block_on(watcher.look(awaited.clone())).is_empty());
    }
    eprintln!(
        "looking for 20,000 keys: {:?}, {:.1} ms of the server, {} round trips",
        begun.elapsed() / 20,
        (ran(&server) - ran_before) * 1e3 / 20.0,
        (store.stats().round_trips - trips) / 20
    );
}
