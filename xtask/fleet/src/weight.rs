//! What an entry of the store takes: measured on a real server, by the code that linkmend
//! writes and reads it with.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use linkmend::index::{MessageKey, Producer, SharedStore as _, Text};
use linkmend_redis::{Options, Store, Url};
use linkmend_tests::stores;

/// How many are written.
const ENTRIES: u64 = 200_000;

/// Keys of a question: those of a batch of 512 spans, of which one in ten is consumed.
const ASKED: u64 = 51;

/// Of one entry, in bytes, and in seconds of the server's processor.
#[derive(Debug, Clone, Copy)]
pub struct Weight {
    /// What the server takes for it, all in all.
    pub memory: f64,
    /// What it says itself of one (`MEMORY USAGE`).
    pub said: f64,
    pub written_bytes: f64,
    pub write: f64,
    pub asked_bytes: f64,
    pub lookup: f64,
    /// To see whether something is new for a span that waits.
    pub watched_bytes: f64,
    pub watch: f64,
}

pub fn measure() -> anyhow::Result<Weight> {
    let server = stores::Store::start("the weight of an entry", &[]);
    let server = server.context("neither redis-server nor valkey-server is installed")?;
    let store = Store::start(Options {
        endpoints: vec![Url::parse(&server.url())?.address],
        timeout: Duration::from_secs(2),
        queue_size: usize::try_from(ENTRIES)?,
        ..Options::default()
    })?;
    anyhow::ensure!(store.connect(Duration::from_secs(10)), "no connection");
    let used = |server: &stores::Store| {
        let bytes = server.info("total_net_input_bytes") + server.info("total_net_output_bytes");
        let ran = server.info("used_cpu_user") + server.info("used_cpu_sys");
        (server.info("used_memory"), bytes, ran)
    };
    let before = used(&server);
    for block in 0..ENTRIES / 100 {
        let producers: Vec<_> = (0..100)
            .map(|number| producer(block * 100 + number))
            .collect();
        store.remember(None, &producers, &[]);
    }
    anyhow::ensure!(store.flush(Duration::from_mins(1)), "it is not written");
    let written = used(&server);
    for question in 0..ENTRIES / ASKED {
        let keys: Vec<_> = (0..ASKED)
            .map(|number| key(question * ASKED + number))
            .collect();
        anyhow::ensure!(
            store.recall(None, &keys).len() == keys.len(),
            "not all are found"
        );
    }
    let asked = used(&server);
    watch(&store)?;
    let watched = used(&server);
    let each = |total: f64| total / ENTRIES as f64;
    Ok(Weight {
        memory: each(written.0 - before.0),
        said: said(&server)?,
        written_bytes: each(written.1 - before.1),
        write: each(written.2 - before.2),
        asked_bytes: each(asked.1 - written.1),
        lookup: each(asked.2 - written.2),
        watched_bytes: each(watched.1 - asked.1),
        watch: each(watched.2 - asked.2),
    })
}

/// As many keys as there are entries, that nobody has written.
fn watch(store: &Arc<Store>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut watcher = store.watcher();
    for round in 0..10 {
        let first = ENTRIES + round * (ENTRIES / 10);
        let awaited = (first..first + ENTRIES / 10).map(|number| (None, key(number)));
        let news = runtime.block_on(watcher.poll(awaited.collect()));
        anyhow::ensure!(news.is_empty(), "something is there that nobody wrote");
    }
    Ok(())
}

/// On average over some keys. They are bytes, which a script can hand on.
fn said(server: &stores::Store) -> anyhow::Result<f64> {
    let script = "local sum = 0 for i = 1, 100 do \
                  sum = sum + redis.call('MEMORY', 'USAGE', redis.call('RANDOMKEY')) end return sum";
    let answer = server.ask(&["EVAL", script, "0"]);
    let sum = answer.trim().trim_start_matches(':').parse::<f64>();
    Ok(sum.with_context(|| answer.clone())? / 100.0)
}

/// Keys are hashes.
fn key(number: u64) -> MessageKey {
    MessageKey {
        high: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        low: number.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ number >> 31,
    }
}

fn producer(number: u64) -> Producer {
    let start = 1_764_192_600_000_000_000 + number * 1_000_000;
    Producer {
        key: key(number),
        trace_id_high: number.wrapping_mul(0x94d0_49bb_1331_11eb),
        trace_id_low: number,
        span_id: number,
        start,
        end: start + 900_000,
        trace_state: Text {
            offset: 0,
            length: 0,
        },
        flags: 0x101,
        hint: 7,
        rank: 0,
    }
}
