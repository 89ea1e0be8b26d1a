//! Producer and consumer pass hosts at random.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::Setting;
use crate::hosts::{Fleet, Servers, deliver};
use crate::seen::percentile;
use crate::traffic::{Export, Plan};

#[derive(Args)]
pub struct Options {
    /// How many hosts, such as `2,4,8`
    #[arg(long, value_delimiter = ',', default_value = "2,4,8", value_parser = clap::value_parser!(u8).range(1..=16))]
    hosts: Vec<u8>,

    /// Messages a second
    #[arg(long, default_value = "1000")]
    rate: u64,

    /// Spans for each message that have nothing to do with it
    #[arg(long, default_value = "8")]
    others: u64,

    /// How many seconds services work
    #[arg(long, default_value = "15")]
    seconds: u64,

    /// Indexes whose names contain this alone
    #[arg(long)]
    only: Option<String>,
}

/// What hosts share, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Memory,
    Store,
    StoreKilled,
    Cluster,
    ClusterKilled,
}

/// A store that is killed is back after so long, with nothing in it.
const AWAY: Duration = Duration::from_secs(3);

impl Kind {
    const ALL: [Self; 5] = [
        Self::Memory,
        Self::Store,
        Self::StoreKilled,
        Self::Cluster,
        Self::ClusterKilled,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Store => "store",
            Self::StoreKilled => "store, killed in the middle, empty 3 s later",
            Self::Cluster => "cluster of six",
            Self::ClusterKilled => "cluster of six, a primary killed in the middle",
        }
    }

    fn servers(self) -> anyhow::Result<Servers> {
        match self {
            Self::Memory => Ok(Servers::Nothing),
            Self::Store | Self::StoreKilled => Servers::one(),
            Self::Cluster | Self::ClusterKilled => Servers::cluster(),
        }
    }
}

pub async fn run(setting: &Setting, options: &Options) -> anyhow::Result<()> {
    let plan = Plan {
        services: 20,
        messages_per_second: options.rate,
        others: options.others,
        time: Duration::from_secs(options.seconds),
        seed: setting.seed,
    };
    println!(
        "{} messages/s for {} s, {} spans of each, exports every 5 s, held for {:?} at most\n",
        options.rate,
        options.seconds,
        options.others + 2,
        setting.hold,
    );
    println!(
        "| hosts | index | recall | precision | spans lost | wait, p50 | wait, p99 | spans/s of a \
         core | bytes of the store a message | requests to the store a message | store, µs a message |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for hosts in &options.hosts {
        for kind in Kind::ALL {
            if options
                .only
                .as_ref()
                .is_none_or(|only| kind.name().contains(only))
            {
                println!("{}", row(setting, &plan, usize::from(*hosts), kind).await?);
            }
        }
    }
    Ok(())
}

async fn row(setting: &Setting, plan: &Plan, hosts: usize, kind: Kind) -> anyhow::Result<String> {
    let mut servers = kind.servers()?;
    let fleet = Fleet::start(setting, hosts, &servers.index(setting)).await?;
    fleet.connected().await?;
    let exports = plan.exports();
    let spans: u64 = exports.iter().map(|export| export.spans).sum();
    let store = |servers: &Servers| {
        let bytes = servers.sum("total_net_input_bytes") + servers.sum("total_net_output_bytes");
        (
            bytes,
            servers.sum("used_cpu_user") + servers.sum("used_cpu_sys"),
        )
    };
    let (before, used_before) = (store(&servers), fleet.used()?);
    let middle = exports.last().map_or(Duration::ZERO, |last| last.at / 2);
    let sending = send(&fleet, &exports, plan.seed);
    let breaking = async {
        match kind {
            Kind::StoreKilled | Kind::ClusterKilled => {
                sleep(middle).await;
                let first = servers.first();
                if let Some(store) = first {
                    store.kill();
                    if kind == Kind::StoreKilled {
                        sleep(AWAY).await;
                        store.restart();
                    }
                }
            }
            _ => {}
        }
    };
    let (sent, ()) = tokio::join!(sending, breaking);
    let sent = sent?;
    fleet
        .seen
        .wait(spans, setting.hold + Duration::from_secs(10))
        .await;
    let used = fleet.used()?.saturating_sub(used_before).as_secs_f64();
    let judgement = fleet.seen.judge(0..plan.messages());
    let mut waits: Vec<f64> = sent
        .iter()
        .filter_map(|(message, at)| {
            let consumer = fleet.seen.consumer(*message)?;
            Some(consumer.at.saturating_duration_since(*at).as_secs_f64())
        })
        .collect();
    let trips = fleet
        .metric("linkmend_shared_index_round_trip_count", "")
        .await?;
    let messages = plan.messages() as f64;
    let is_whole = matches!(kind, Kind::Store | Kind::Cluster);
    let after = if is_whole { store(&servers) } else { before };
    let or_dash = |is: bool, value: String| if is { value } else { "-".into() };
    let row = format!(
        "| {hosts} | {} | {:.2} % | {:.2} % | {} | {:.2} s | {:.2} s | {:.0}k | {} | {} | {} |",
        kind.name(),
        judgement.recall() * 100.0,
        judgement.precision() * 100.0,
        spans - fleet.seen.count(),
        percentile(&mut waits, 0.5),
        percentile(&mut waits, 0.99),
        spans as f64 / used / 1e3,
        or_dash(is_whole, format!("{:.0}", (after.0 - before.0) / messages)),
        or_dash(kind != Kind::Memory, format!("{:.3}", trips / messages)),
        or_dash(
            is_whole,
            format!("{:.1}", (after.1 - before.1) * 1e6 / messages)
        ),
    );
    fleet.stop().await?;
    Ok(row)
}

/// Each export to any host; when the consumer of each message was sent.
async fn send(
    fleet: &Fleet,
    exports: &[Export],
    seed: u64,
) -> anyhow::Result<HashMap<u64, Instant>> {
    let mut chance = fastrand::Rng::with_seed(seed + 1);
    let started = tokio::time::Instant::now();
    let mut sent = HashMap::new();
    let mut tasks = JoinSet::new();
    for export in exports {
        sleep_until(started + export.at).await;
        let Some(host) = chance.choice(&fleet.hosts) else {
            break;
        };
        let now = Instant::now();
        sent.extend(export.consumed.iter().map(|message| (*message, now)));
        tasks.spawn(deliver(host.address, export.frame.clone()));
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(sent)
}
