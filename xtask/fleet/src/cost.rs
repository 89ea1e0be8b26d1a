//! What a batch takes longer with a store, and what a core passes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clap::Args;
use linkmend_hop::grpc::{Client, framed};
use linkmend_hop::load;
use linkmend_workload::{Traffic, Workload};
use tokio::time::{Instant, sleep};

use crate::Setting;
use crate::hosts::{Fleet, Servers};
use crate::seen::percentile;
use crate::traffic::BATCH;

#[derive(Args)]
pub struct Options {
    /// Seconds of each measurement
    #[arg(long, default_value = "3")]
    seconds: u64,

    /// How often all are measured, in turn; the medians count
    #[arg(long, default_value = "5")]
    rounds: usize,

    /// Between two batches of which the time is taken: those before are written by then
    #[arg(long, default_value = "8ms")]
    pause: humantime::Duration,

    /// Another build of the program, measured in turn with this one
    #[arg(long)]
    before: Option<PathBuf>,
}

/// Of one round.
#[derive(Default)]
struct Figures {
    /// One batch at a time, in microseconds. The fastest of twenty are those that nothing else
    /// came between, on a machine that is busy.
    p5: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    /// With eight senders, by the processor time of the host.
    of_a_core: Vec<f64>,
}

/// Batches, each of which is of messages that were never seen before when it is sent again.
struct Fresh {
    /// With the places where the ids of its messages begin.
    frames: Arc<Vec<(Bytes, Vec<usize>)>>,
    /// How many were sent.
    sent: Arc<AtomicU32>,
}

/// What the ids of the messages of a workload begin with.
const IDS: &[u8] = b"9387be20-";

impl Fresh {
    fn new(frames: &[Bytes]) -> anyhow::Result<Self> {
        let with_places = |frame: &Bytes| {
            let places = frame.windows(IDS.len()).enumerate();
            let places = places.filter(|(_, bytes)| *bytes == IDS);
            (frame.clone(), places.map(|(place, _)| place).collect())
        };
        let frames: Vec<(Bytes, Vec<usize>)> = frames.iter().map(with_places).collect();
        anyhow::ensure!(
            frames.iter().all(|(_, places)| !places.is_empty()),
            "the messages of the workload have other ids"
        );
        Ok(Self {
            frames: Arc::new(frames),
            sent: Arc::default(),
        })
    }

    fn of_sender(&self, sender: usize) -> impl Iterator<Item = Bytes> + Send + 'static {
        let (frames, sent) = (Arc::clone(&self.frames), Arc::clone(&self.sent));
        let numbers = (0..frames.len()).cycle().skip(sender * 7);
        numbers.filter_map(move |number| {
            let (frame, places) = frames.get(number)?;
            let id = format!("{:08x}", sent.fetch_add(1, Ordering::Relaxed));
            let mut fresh = BytesMut::from(&frame[..]);
            for place in places {
                let digits = fresh.get_mut(*place..place + id.len())?;
                digits.copy_from_slice(id.as_bytes());
            }
            Some(fresh.freeze())
        })
    }
}

pub async fn run(setting: &Setting, options: &Options) -> anyhow::Result<()> {
    let setting = Setting {
        linkmend: setting.linkmend.clone(),
        hold: Duration::ZERO,
        ..*setting
    };
    let (one, cluster) = (Servers::one()?, Servers::cluster()?);
    let kinds = [
        ("memory", &Servers::Nothing),
        ("store", &one),
        ("cluster of six", &cluster),
    ];
    let before = options.before.as_ref().map(|before| Setting {
        linkmend: before.clone(),
        ..setting
    });
    let mut fleets = Vec::new();
    for (name, servers) in kinds {
        for (build, setting) in [("", Some(&setting)), (", before", before.as_ref())] {
            let Some(setting) = setting else {
                continue;
            };
            let fleet = Fleet::unseen(setting, &servers.index(setting)).await?;
            if !servers.all().is_empty() {
                fleet.connected().await?;
            }
            fleets.push((format!("{name}{build}"), fleet));
        }
    }
    println!(
        "batches of {BATCH} spans; medians of {} rounds\n",
        options.rounds
    );
    println!(
        "| traffic | index | p5 | longer | p50 | longer | p99 | spans/s of a core | of memory |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for traffic in [Traffic::Messaging, Traffic::Mixed] {
        let workload = Workload::of(traffic, false, 64, BATCH as u64);
        let frames: Vec<_> = workload.batches.iter().map(|batch| framed(batch)).collect();
        let frames = Fresh::new(&frames)?;
        let mut all: Vec<Figures> = fleets.iter().map(|_| Figures::default()).collect();
        for _ in 0..options.rounds.max(1) {
            in_turn(&fleets, &frames, options, &mut all).await?;
            for ((_, fleet), figures) in fleets.iter().zip(&mut all) {
                let time = Duration::from_secs(options.seconds);
                at_once(fleet, &frames, time, figures).await?;
            }
        }
        print(traffic, &fleets, all);
    }
    for (_, fleet) in fleets {
        fleet.stop().await?;
    }
    Ok(())
}

/// A batch for each host, and again: all of them have the same machine.
async fn in_turn(
    fleets: &[(String, Fleet)],
    frames: &Fresh,
    options: &Options,
    all: &mut [Figures],
) -> anyhow::Result<()> {
    let mut clients = Vec::new();
    for host in fleets.iter().filter_map(|(_, fleet)| fleet.hosts.first()) {
        clients.push(Client::connect(host.address).await?);
    }
    let mut taken: Vec<Vec<f64>> = clients.iter().map(|_| Vec::new()).collect();
    let begun = Instant::now();
    let time = Duration::from_secs(options.seconds) * clients.len() as u32;
    let mut batches = frames.of_sender(0);
    while begun.elapsed() < time {
        for (client, taken) in clients.iter_mut().zip(&mut taken) {
            let Some(batch) = batches.next() else {
                return Ok(());
            };
            sleep(*options.pause).await;
            let begun = Instant::now();
            client.send(batch).await?;
            taken.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    for (taken, figures) in taken.iter_mut().zip(all) {
        figures.p5.push(percentile(taken, 0.05));
        figures.p50.push(percentile(taken, 0.5));
        figures.p99.push(percentile(taken, 0.99));
    }
    Ok(())
}

/// As much as it takes, from eight senders.
async fn at_once(
    fleet: &Fleet,
    frames: &Fresh,
    time: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let Some(host) = fleet.hosts.first() else {
        return Ok(());
    };
    let before = host.used()?;
    let full = load::each_its_own(host.address, 8, time, |sender| frames.of_sender(sender));
    let full = full.await?;
    let used = host.used()?.saturating_sub(before).as_secs_f64();
    figures
        .of_a_core
        .push((full.taken * BATCH as u64) as f64 / used);
    Ok(())
}

fn print(traffic: Traffic, fleets: &[(String, Fleet)], all: Vec<Figures>) {
    let median = |mut values: Vec<f64>| percentile(&mut values, 0.5);
    let mut memory = None;
    for ((name, _), figures) in fleets.iter().zip(all) {
        let (p5, p50) = (median(figures.p5), median(figures.p50));
        let (p99, of_a_core) = (median(figures.p99), median(figures.of_a_core));
        let (p5_memory, p50_memory, of_memory) = *memory.get_or_insert((p5, p50, of_a_core));
        println!(
            "| {} | {name} | {p5:.0} µs | {:+.0} µs | {p50:.0} µs | {:+.0} µs | {p99:.0} µs | {:.0}k | \
             {:.0} % |",
            traffic.name(),
            p5 - p5_memory,
            p50 - p50_memory,
            of_a_core / 1e3,
            of_a_core / of_memory * 100.0
        );
    }
}
