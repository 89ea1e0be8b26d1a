//! Senders.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::grpc::{Answer, Client};

/// What came of it.
#[derive(Debug, Default)]
pub struct Load {
    /// Requests that were taken.
    pub taken: u64,
    /// Requests that are to be sent again.
    pub pushed_back: u64,
    /// From the first to the last.
    pub elapsed: Duration,
    /// Of those that were taken, in microseconds.
    latencies: Vec<f64>,
}

impl Load {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.taken += other.taken;
        self.pushed_back += other.pushed_back;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latencies.extend(other.latencies);
    }

    fn count(&mut self, answer: Answer, since: Instant) {
        match answer {
            Answer::Taken => {
                self.taken += 1;
                self.latencies.push(since.elapsed().as_secs_f64() * 1e6);
            }
            Answer::PushedBack => self.pushed_back += 1,
        }
    }

    /// In microseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (share * sorted.len() as f64) as usize;
        let place = place.min(sorted.len().saturating_sub(1));
        sorted.get(place).copied().unwrap_or(f64::NAN)
    }
}

/// So many senders, each of which waits for the answer before it sends again.
pub async fn one_after_the_other(
    address: SocketAddr,
    frames: &[Bytes],
    senders: usize,
    time: Duration,
) -> anyhow::Result<Load> {
    let of_sender = |sender| frames.to_vec().into_iter().cycle().skip(sender * 7);
    each_its_own(address, senders, time, of_sender).await
}

/// The same, where each sender has frames of its own.
pub async fn each_its_own<F>(
    address: SocketAddr,
    senders: usize,
    time: Duration,
    of_sender: impl Fn(usize) -> F,
) -> anyhow::Result<Load>
where
    F: Iterator<Item = Bytes> + Send + 'static,
{
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for sender in 0..senders {
        let mut client = Client::connect(address).await?;
        let frames = of_sender(sender);
        tasks.spawn(async move {
            let mut load = Load::default();
            for frame in frames {
                let since = Instant::now();
                load.count(client.send(frame).await?, since);
                if started.elapsed() >= time {
                    break;
                }
            }
            anyhow::Ok(load)
        });
    }
    collect(tasks, started).await
}

/// So many requests a second, whether or not those before are answered. A
/// latency counts from when the request was to be sent.
pub async fn steady(
    address: SocketAddr,
    frames: &[Bytes],
    rate: f64,
    time: Duration,
) -> anyhow::Result<Load> {
    const CONNECTIONS: usize = 8;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(address).await?);
    }
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    let requests = (rate * time.as_secs_f64()) as u64;
    for number in 0..requests {
        let turn = started + Duration::from_secs_f64(number as f64 / rate);
        sleep_until(turn).await;
        let frame = frames.get(number as usize % frames.len()).cloned();
        let client = clients.get(number as usize % CONNECTIONS).cloned();
        let Some((frame, mut client)) = frame.zip(client) else {
            break;
        };
        tasks.spawn(async move {
            let mut load = Load::default();
            load.count(client.send(frame).await?, turn);
            anyhow::Ok(load)
        });
    }
    collect(tasks, started).await
}

async fn collect(
    mut tasks: JoinSet<anyhow::Result<Load>>,
    started: Instant,
) -> anyhow::Result<Load> {
    let mut all = Load::default();
    while let Some(load) = tasks.join_next().await {
        all.add(load??);
    }
    all.elapsed = started.elapsed();
    Ok(all)
}
