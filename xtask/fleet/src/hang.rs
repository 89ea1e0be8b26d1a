//! The store hangs for a while, in the middle of traffic.

use std::time::Duration;

use clap::Args;
use linkmend_hop::grpc::framed;
use linkmend_hop::load::{self, Load};
use linkmend_workload::{Traffic, Workload};
use tokio::time::sleep;

use crate::Setting;
use crate::hosts::{Fleet, Servers};
use crate::traffic::BATCH;

#[derive(Args)]
pub struct Options {
    /// How many seconds it hangs; as long before and after that is measured
    #[arg(long, default_value = "20")]
    seconds: u64,

    /// Requests a second, all senders together, where latency is measured
    #[arg(long, default_value = "40")]
    rate: f64,
}

pub async fn run(setting: &Setting, options: &Options) -> anyhow::Result<()> {
    let servers = Servers::one()?;
    let Some(store) = servers.all().first() else {
        return Ok(());
    };
    // Nothing is held: each producer is in the batch of its consumer, so that all links
    // can be made without the store.
    let setting = Setting {
        linkmend: setting.linkmend.clone(),
        hold: Duration::ZERO,
        ..*setting
    };
    let fleet = Fleet::unseen(&setting, &servers.index(&setting)).await?;
    fleet.connected().await?;
    let workload = Workload::of(Traffic::Messaging, false, 64, BATCH as u64);
    let frames: Vec<_> = workload.batches.iter().map(|batch| framed(batch)).collect();
    let Some(host) = fleet.hosts.first() else {
        return Ok(());
    };
    let half = Duration::from_secs(options.seconds) / 2;
    println!(
        "batches of {BATCH} spans of messages; latency at {} of them a second, throughput with four \
         senders; timeout {:?}\n",
        options.rate, setting.timeout
    );
    println!("| the store | p50 | p99 | longest | spans/s | of before |");
    println!("|---|---|---|---|---|---|");
    let warm = load::one_after_the_other(host.address, &frames, 4, Duration::from_secs(2)).await?;
    let mut sent = warm.taken * BATCH as u64;
    let mut before = None;
    for phase in ["is there", "hangs", "is there again"] {
        if phase == "hangs" {
            store.hang();
        }
        if phase == "is there again" {
            store.go_on();
            sleep(Duration::from_secs(2)).await;
        }
        let steady = load::steady(host.address, &frames, options.rate, half).await?;
        let full = load::one_after_the_other(host.address, &frames, 4, half).await?;
        sent += (steady.taken + full.taken) * BATCH as u64;
        anyhow::ensure!(
            steady.pushed_back + full.pushed_back == 0,
            "batches were refused"
        );
        let rate = |load: &Load| (load.taken * BATCH as u64) as f64 / load.elapsed.as_secs_f64();
        let rate = rate(&full);
        let before = *before.get_or_insert(rate);
        println!(
            "| {phase} | {:.2} ms | {:.2} ms | {:.2} ms | {:.0}k | {:.0} % |",
            steady.percentile(0.5) / 1e3,
            steady.percentile(0.99) / 1e3,
            steady.percentile(1.0) / 1e3,
            rate / 1e3,
            rate / before * 100.0
        );
    }
    let of = |name, labels| fleet.metric(name, labels);
    let passed = of("otelcol_exporter_sent_spans_total", "").await?;
    println!(
        "\nspans acknowledged {sent}, and passed on by linkmend {passed}; rule faults {}; producers dropped from the queue {}, waiting {}",
        of("linkmend_rule_faults_total", "").await?,
        of("linkmend_shared_index_writes_total", "result=\"dropped\"").await?,
        of("linkmend_shared_index_waiting", "").await?,
    );
    anyhow::ensure!(passed as u64 == sent, "spans are lost");
    fleet.stop().await
}
