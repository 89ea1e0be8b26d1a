//! More than the sink takes: memory stays bounded, and senders are pushed back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::ensure;
use linkmend_workload::{Traffic, Workload};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until, timeout};

use crate::arguments::Arguments;
use crate::way::configuration;
use linkmend_hop::grpc::{Answer, Client, framed};
use linkmend_hop::process::Hop;
use linkmend_hop::sink::Sink;

/// What the hop may have.
const LIMIT_MIB: u64 = 256;

/// Requests of the sink in a second; senders send twice as many.
const RATE: u32 = 200;
const SENDERS: u32 = 100;

/// A limiter and the rule, with spans that wait.
const PROCESSORS: &str = "
processors:
  memory_limiter: {limit_mib: 256, check_interval: 100ms}
  linkmend:
";

#[derive(Default)]
struct Counters {
    taken: AtomicU64,
    pushed_back: AtomicU64,
    gone: AtomicU64,
}

pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let sink = Sink::start(Some(Duration::from_secs(1) / RATE)).await?;
    let text = configuration(sink.address, PROCESSORS, "memory_limiter, linkmend", "none");
    let hop = Hop::start(&arguments.linkmend, &text).await?;
    let workload = Workload::of(Traffic::Mixed, false, 64, arguments.spans);
    let counters = Arc::new(Counters::default());
    let ended = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let frames: Vec<_> = workload.batches.iter().map(|batch| framed(batch)).collect();
        let (counters, ended) = (Arc::clone(&counters), Arc::clone(&ended));
        let address = hop.address;
        senders.spawn(async move {
            let each = Duration::from_secs(1) * SENDERS / (2 * RATE);
            let mut turn = Instant::now() + each * number / SENDERS;
            let mut client = Client::connect(address).await?;
            for frame in frames.iter().cycle() {
                sleep_until(turn).await;
                // It does not wait for the answer before it sends again.
                turn = (turn + each).max(Instant::now());
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let (mut own, frame) = (client.clone(), frame.clone());
                let counters = Arc::clone(&counters);
                tokio::spawn(async move { send(&mut own, frame, &counters).await });
                if !client.is_open() {
                    client = Client::connect(address).await?;
                }
            }
            anyhow::Ok(())
        });
    }
    let most = watch(arguments, &hop, &sink, &counters).await?;
    ended.store(true, Ordering::Relaxed);
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    sleep(Duration::from_secs(1)).await;
    println!(
        "\noffered {} requests/s, the sink takes {RATE}: at most {} MiB of {LIMIT_MIB} MiB; \
         {} taken, {} pushed back, {} without an answer in 10 s",
        2 * RATE,
        most >> 20,
        counters.taken.load(Ordering::Relaxed),
        counters.pushed_back.load(Ordering::Relaxed),
        counters.gone.load(Ordering::Relaxed),
    );
    ensure!(most <= LIMIT_MIB << 20, "more memory than it may have");
    hop.stop().await
}

async fn send(client: &mut Client, frame: bytes::Bytes, counters: &Counters) {
    // As long as SDKs wait.
    let answer = timeout(Duration::from_secs(10), client.send(frame)).await;
    let counter = match answer {
        Ok(Ok(Answer::Taken)) => &counters.taken,
        Ok(Ok(Answer::PushedBack)) => &counters.pushed_back,
        Ok(Err(_)) | Err(_) => &counters.gone,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Tells what happens each ten seconds; the most memory that was seen.
async fn watch(
    arguments: &Arguments,
    hop: &Hop,
    sink: &Sink,
    counters: &Counters,
) -> anyhow::Result<u64> {
    let mut most = 0;
    let mut ticks = interval(Duration::from_millis(100));
    println!("| s | memory | taken | pushed back | no answer | at the sink |");
    println!("|---|---|---|---|---|---|");
    for tick in 0..=arguments.seconds * 10 {
        ticks.tick().await;
        let memory = hop.resident_memory()?;
        most = most.max(memory);
        if tick % 100 == 0 {
            println!(
                "| {} | {} MiB | {} | {} | {} | {} |",
                tick / 10,
                memory >> 20,
                counters.taken.load(Ordering::Relaxed),
                counters.pushed_back.load(Ordering::Relaxed),
                counters.gone.load(Ordering::Relaxed),
                sink.taken.load(Ordering::Relaxed),
            );
        }
    }
    Ok(most)
}
