//! Consumers come first to one host, and their producers two seconds later to another.

use std::time::Duration;

use clap::Args;
use linkmend_hop::grpc::framed;
use linkmend_hop::process::Hop;
use linkmend_tests::otlp::batch;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::time::{Instant, sleep};

use crate::Setting;
use crate::hosts::{Fleet, Servers, deliver};
use crate::seen::pair;
use crate::traffic::BATCH;

#[derive(Args)]
pub struct Options {
    /// How many messages
    #[arg(long, default_value = "10000")]
    messages: u64,

    /// How long after their consumers producers come
    #[arg(long, default_value = "2s")]
    later: humantime::Duration,

    /// Over how long the producers come
    #[arg(long, default_value = "1s")]
    over: humantime::Duration,
}

/// What happens in the middle of the producers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Middle {
    Nothing,
    /// A server that has keys is killed.
    Killed,
}

pub async fn run(setting: &Setting, options: &Options) -> anyhow::Result<()> {
    println!(
        "{} consumers first to B, their producers {} later, over {}, to A; held for {:?} at most\n",
        options.messages, options.later, options.over, setting.hold
    );
    println!("| index | linked | wrong | spans lost | spans twice | the last one linked after |");
    println!("|---|---|---|---|---|---|");
    for (name, servers, middle) in [
        ("memory of each", Servers::Nothing, Middle::Nothing),
        ("one store", Servers::one()?, Middle::Nothing),
        ("cluster of six", Servers::cluster()?, Middle::Nothing),
        (
            "cluster of six, a primary killed",
            Servers::cluster()?,
            Middle::Killed,
        ),
    ] {
        println!("{}", row(setting, options, name, servers, middle).await?);
    }
    Ok(())
}

async fn row(
    setting: &Setting,
    options: &Options,
    name: &str,
    mut servers: Servers,
    middle: Middle,
) -> anyhow::Result<String> {
    let fleet = Fleet::start(setting, 2, &servers.index(setting)).await?;
    fleet.connected().await?;
    let [a, b] = fleet.hosts.as_slice() else {
        anyhow::bail!("there are two hosts");
    };
    let messages = options.messages;
    let pairs: Vec<_> = (0..messages).map(pair).collect();
    let (producers, consumers): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    send(b, &consumers, Duration::ZERO).await?;
    sleep(*options.later).await;
    let (first, second) = producers.split_at(producers.len() / 2);
    let half = *options.over / 2;
    send(a, first, half).await?;
    if middle == Middle::Killed
        && let Some(store) = servers.first()
    {
        store.kill();
    }
    let begun = std::time::Instant::now();
    send(a, second, half).await?;
    let within = setting.hold + Duration::from_secs(10);
    fleet.seen.wait(2 * messages, within).await;
    let judgement = fleet.seen.judge(0..messages);
    let linked = (0..messages).filter_map(|message| fleet.seen.consumer(message));
    let last = linked
        .filter(|consumer| consumer.is_linked)
        .map(|consumer| consumer.at)
        .max();
    let lost = 2 * messages - fleet.seen.count();
    let row = format!(
        "| {name} | {} ({:.2} %) | {} | {lost} | {} | {} |",
        judgement.linked,
        judgement.recall() * 100.0,
        judgement.wrong,
        fleet.seen.repeated(),
        last.map_or("-".into(), |last| format!(
            "{:.2} s",
            last.saturating_duration_since(begun).as_secs_f64()
        )),
    );
    fleet.stop().await?;
    Ok(row)
}

/// All spans, evenly over some time.
async fn send(host: &Hop, spans: &[Span], over: Duration) -> anyhow::Result<()> {
    let batches: Vec<_> = spans.chunks(BATCH).collect();
    let started = Instant::now();
    for (number, spans) in (0u32..).zip(&batches) {
        let turn = over * number / u32::try_from(batches.len())?.max(1);
        tokio::time::sleep_until(started + turn).await;
        deliver(host.address, framed(&batch(spans.to_vec()))).await?;
    }
    Ok(())
}
