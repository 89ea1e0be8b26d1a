//! How long a start takes that takes up what was remembered.

use std::time::Duration;

use clap::Args;
use linkmend_hop::grpc::{Client, framed};
use linkmend_tests::otlp::batch;
use tokio::time::sleep;

use crate::Setting;
use crate::hosts::Fleet;
use crate::seen::{pair, percentile};

#[derive(Args)]
pub struct Options {
    /// How many producers are remembered
    #[arg(long, default_value = "1000000")]
    entries: u64,

    /// How often it is started
    #[arg(long, default_value = "5")]
    starts: u32,
}

pub async fn run(setting: &Setting, options: &Options) -> anyhow::Result<()> {
    let index = format!(
        "{{storage: file_storage, max_entries: {}}}",
        options.entries
    );
    let mut fleet = Fleet::start(setting, 1, &index).await?;
    let empty = starts(&mut fleet, options.starts).await?;
    let Some(host) = fleet.hosts.first() else {
        return Ok(());
    };
    let mut client = Client::connect(host.address).await?;
    let mut sent = 0;
    while sent < options.entries {
        let end = (sent + 2_000).min(options.entries);
        let producers = (sent..end).map(|message| pair(message).0).collect();
        client.send(framed(&batch(producers))).await?;
        sent = end;
    }
    sleep(Duration::from_secs(2)).await;
    let kept = fleet.metric("linkmend_index_entries", "").await?;
    let full = starts(&mut fleet, options.starts).await?;
    sleep(Duration::from_secs(2)).await;
    println!(
        "{kept} producers remembered; {} taken up; from the start to a port that is open: {:.0} ms, \
         and {:.0} ms with nothing to take up: {:.0} ms for it",
        fleet.metric("linkmend_index_entries", "").await?,
        full,
        empty,
        full - empty
    );
    fleet.stop().await
}

/// It is killed and started so often; the median, in milliseconds.
async fn starts(fleet: &mut Fleet, times: u32) -> anyhow::Result<f64> {
    let mut took = Vec::new();
    for _ in 0..times.max(1) {
        if let Some(host) = fleet.hosts.first_mut() {
            host.kill().await?;
            took.push(host.start_again().await?.as_secs_f64() * 1e3);
        }
    }
    Ok(percentile(&mut took, 0.5))
}
