//! A host is killed under load, and started again: what it knew before is known after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use linkmend_hop::grpc::{Answer, Client, framed};
use linkmend_tests::otlp::batch;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use crate::Setting;
use crate::hosts::{Fleet, Servers, deliver};
use crate::seen::pair;
use crate::traffic::BATCH;

#[derive(Args)]
pub struct Options {
    /// For how long producers come before the kill
    #[arg(long, default_value = "3s")]
    load: humantime::Duration,

    /// How often
    #[arg(long, default_value = "3")]
    rounds: u32,
}

/// Messages whose producers were taken, and when.
type Taken = Arc<Mutex<Vec<(u64, Instant)>>>;

pub async fn run(setting: &Setting, options: &Options) -> anyhow::Result<()> {
    println!(
        "kill -9 after {} of producers from four senders; the consumers of all that were \
         acknowledged come after the restart\n",
        options.load
    );
    println!(
        "| what it remembers with | producers acknowledged | linked | wrong | spans lost | the \
         oldest that was forgotten |"
    );
    println!("|---|---|---|---|---|---|");
    for _ in 0..options.rounds.max(1) {
        println!(
            "{}",
            row(setting, options, "memory alone", Servers::Nothing, "{}").await?
        );
        let storage = "{storage: file_storage}";
        println!(
            "{}",
            row(setting, options, "storage", Servers::Nothing, storage).await?
        );
        let store = Servers::one()?;
        let index = store.index(setting);
        println!("{}", row(setting, options, "store", store, &index).await?);
    }
    Ok(())
}

async fn row(
    setting: &Setting,
    options: &Options,
    name: &str,
    servers: Servers,
    index: &str,
) -> anyhow::Result<String> {
    let mut fleet = Fleet::start(setting, 1, index).await?;
    if !servers.all().is_empty() {
        fleet.connected().await?;
    }
    let taken = Taken::default();
    let ended = Arc::new(AtomicBool::new(false));
    let Some(host) = fleet.hosts.first_mut() else {
        anyhow::bail!("there is a host");
    };
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let (taken, ended) = (Arc::clone(&taken), Arc::clone(&ended));
            tokio::spawn(produce(host.address, sender, taken, ended))
        })
        .collect();
    sleep(*options.load).await;
    host.kill().await?;
    let killed = Instant::now();
    ended.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await??;
    }
    host.start_again().await?;
    let address = host.address;
    if !servers.all().is_empty() {
        fleet.connected().await?;
    }
    let taken = taken.lock().clone();
    for some in taken.chunks(BATCH) {
        let consumers = some.iter().map(|(message, _)| pair(*message).1);
        deliver(address, framed(&batch(consumers.collect()))).await?;
    }
    let within = setting.hold + Duration::from_secs(10);
    let is_there = |message: &u64| fleet.seen.consumer(*message).is_some();
    let begun = Instant::now();
    while !taken.iter().all(|(message, _)| is_there(message)) && begun.elapsed() < within {
        sleep(Duration::from_millis(100)).await;
    }
    let judgement = fleet.seen.judge(taken.iter().map(|(message, _)| *message));
    let forgotten = taken.iter().filter(|(message, _)| {
        fleet
            .seen
            .consumer(*message)
            .is_some_and(|consumer| !consumer.is_linked)
    });
    let oldest = forgotten
        .map(|(_, at)| killed.saturating_duration_since(*at))
        .max();
    let producers = fleet.seen.producers();
    let lost = taken
        .iter()
        .filter(|(message, _)| !producers.contains(message))
        .count();
    let not_there = taken
        .iter()
        .filter(|(message, _)| !is_there(message))
        .count();
    let row = format!(
        "| {name} | {} | {:.3} % | {} | {} | {} |",
        taken.len(),
        judgement.recall() * 100.0,
        judgement.wrong,
        lost + not_there,
        oldest.map_or("-".into(), |age| format!(
            "{:.0} ms before the kill",
            age.as_secs_f64() * 1e3
        )),
    );
    fleet.stop().await?;
    Ok(row)
}

/// Producers of new messages, one batch after the other, until the host has gone.
async fn produce(
    address: std::net::SocketAddr,
    sender: u64,
    taken: Taken,
    ended: Arc<AtomicBool>,
) -> anyhow::Result<()> {
    let mut client = Client::connect(address).await?;
    let mut first = sender << 32;
    while !ended.load(Ordering::Relaxed) {
        let messages = first..first + 64;
        let producers = messages.clone().map(|message| pair(message).0).collect();
        if !matches!(
            client.send(framed(&batch(producers))).await,
            Ok(Answer::Taken)
        ) {
            break;
        }
        let now = Instant::now();
        taken.lock().extend(messages.map(|message| (message, now)));
        first += 64;
        sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}
