//! What it takes. `cargo test -p linkmend-redis --test all -- --ignored --nocapture`

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linkmend::index::{MemoryIndex, MessageIndex, MessageKey, SharedIndex, SharedStore as _};
use linkmend_redis::format;
use linkmend_tests::stores::Store;
use tokio::runtime::Builder;

use super::{LONG, connected, key, options, producer};

/// What the server ran, in seconds.
fn ran(server: &Store) -> f64 {
    server.info("used_cpu_user") + server.info("used_cpu_sys")
}

/// What a question takes of which every byte is there before, and whose answer nobody
/// reads but for its length.
fn asked_bare(server: &mut TcpStream, keys: &[MessageKey]) -> Duration {
    let mut request = format!("*{}\r\n$4\r\nMGET\r\n", keys.len() + 1).into_bytes();
    for key in keys {
        request.extend(b"$27\r\n");
        request.extend(format::key("linkmend", None, *key));
        request.extend(b"\r\n");
    }
    // Half of the answers are a text of 40 bytes, the others nothing.
    let head = format!("*{}\r\n", keys.len());
    let mut answer = vec![0; head.len() + keys.len() / 2 * ("$40\r\n\r\n$-1\r\n".len() + 40)];
    let begun = Instant::now();
    server.write_all(&request).unwrap();
    server.read_exact(&mut answer).unwrap();
    begun.elapsed()
}

/// The keys of a messaging batch of 512 spans: 256 messages, and the parents of their
/// consumers, which nobody knows.
fn keys(round: u64) -> Vec<MessageKey> {
    let there = (0..256).map(|number| key(round * 256 + number));
    let nowhere = (0..256).map(|number| key(1_000_000 + round * 256 + number));
    there.chain(nowhere).collect()
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

    let index = SharedIndex::new(Arc::new(MemoryIndex::default()), store.clone());
    let before = vec![u64::MAX; 512];
    let ran_before = ran(&server);
    let mut bare = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    bare.set_nodelay(true).unwrap();
    bare.set_read_timeout(Some(LONG)).unwrap();
    // In turn, so that both have the same machine.
    let (mut lookups, mut store_alone, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..700 {
        let keys = keys(round);
        let begun = Instant::now();
        let counts = index.recall_before(&keys, &before).unwrap().counts;
        lookups.push(begun.elapsed());
        assert_eq!(counts, [[1; 256], [0; 256]].concat());
        let keys = self::keys((round + 230) % 700);
        let begun = Instant::now();
        assert_eq!(store.recall(None, &keys).len(), 256);
        store_alone.push(begun.elapsed());
        let keys = self::keys((round + 460) % 700);
        floor.push(asked_bare(&mut bare, &keys));
    }
    let all = [
        ("512 keys, half of which are there", &mut lookups),
        ("of that the store", &mut store_alone),
        ("of that the server", &mut floor),
    ];
    for (what, times) in all {
        times.sort_unstable();
        eprintln!(
            "{what}: {:?} at the fastest, {:?} for 1 of 20, {:?} at the median, {:?} for 99 of 100",
            times[0], times[35], times[350], times[693]
        );
    }
    eprintln!(
        "a key that is looked up: {:.2} us of the server",
        (ran(&server) - ran_before) * 1e6 / (2100.0 * 512.0)
    );
    let here = MemoryIndex::default();
    let begun = Instant::now();
    for round in 0..400u64 {
        let _ = here.recall_before(&keys(round), &before).unwrap();
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
        assert!(runtime.block_on(watcher.poll(awaited.clone())).is_empty());
    }
    eprintln!(
        "looking for 20,000 keys: {:?}, {:.1} ms of the server, {} round trips",
        begun.elapsed() / 20,
        (ran(&server) - ran_before) * 1e3 / 20.0,
        (store.stats().round_trips - trips) / 20
    );
}
