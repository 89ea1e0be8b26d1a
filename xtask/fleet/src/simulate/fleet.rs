//! A slice of a fleet at its full rate, for some seconds of simulated time.

use std::time::{Duration, Instant};

use linkmend_tests::otlp::batch;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::host::{Figures, Host, LOOKING};
use super::options::Options;
use super::world::World;
use crate::seen::{Judgement, Seen, pair};

/// What became of it.
pub struct Outcome {
    pub seen: Seen,
    /// How long after its consumer the producer of each message came, in seconds; `None`:
    /// never.
    pub lateness: Vec<Option<f64>>,
    /// Of all hosts of the slice.
    pub figures: Figures,
    pub written: u64,
    pub looked_up: u64,
    pub questions: u64,
}

/// A span that comes to a host.
struct Arrival {
    at: f64,
    host: usize,
    message: u64,
    is_producer: bool,
}

/// What happens at a host.
enum Event {
    Batch(Vec<(u64, bool)>),
    Look,
}

impl Outcome {
    /// Of the messages whose producers came in this time after their consumers.
    pub fn judge(&self, range: std::ops::Range<f64>) -> (usize, Judgement) {
        let within = |lateness: &Option<f64>| lateness.is_some_and(|late| range.contains(&late));
        let messages = (0..).zip(&self.lateness);
        let of_range: Vec<u64> = messages
            .filter(|(_, lateness)| within(lateness))
            .map(|(message, _)| message)
            .collect();
        (of_range.len(), self.seen.judge(of_range.into_iter()))
    }
}

pub fn run(
    options: &Options,
    is_shared: bool,
    hold: Duration,
    seed: u64,
) -> anyhow::Result<Outcome> {
    let (arrivals, lateness) = arrivals(options, seed);
    let seen = Seen::default();
    let world = World::new(*options.write_delay);
    let epoch = Instant::now();
    let mut hosts = (0..options.slice)
        .map(|_| Host::new(&world, is_shared, hold, epoch, seen.show()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let end = arrivals.last().map_or(0.0, |last| last.at) + hold.as_secs_f64() + 1.0;
    for (at, number, event) in events(options, arrivals, is_shared, end) {
        let Some(host) = hosts.get_mut(number) else {
            continue;
        };
        world.set(at);
        match event {
            Event::Look => host.look(at),
            Event::Batch(spans) => {
                let spans = spans
                    .into_iter()
                    .map(|(message, is_producer)| span(message, is_producer));
                host.take(at, batch(spans.collect()))?;
            }
        }
    }
    let mut figures = Figures::default();
    let (mut written, mut looked_up, mut questions) = (0, 0, 0);
    for host in &hosts {
        host.end();
        let of_host = host.figures;
        figures.most_held = figures.most_held.max(of_host.most_held);
        figures.most_bytes = figures.most_bytes.max(of_host.most_bytes);
        figures.overflow += of_host.overflow;
        figures.watched += of_host.watched;
        figures.looks += of_host.looks;
        let read = |number: &std::sync::atomic::AtomicU64| {
            number.load(std::sync::atomic::Ordering::Relaxed)
        };
        written += read(&host.asked.written);
        looked_up += read(&host.asked.looked_up);
        questions += read(&host.asked.questions);
    }
    Ok(Outcome {
        seen,
        lateness,
        figures,
        written,
        looked_up,
        questions,
    })
}

fn span(message: u64, is_producer: bool) -> Span {
    let (producer, consumer) = pair(message);
    if is_producer { producer } else { consumer }
}

/// All spans of messages, in the order of their time, and the lateness of each message.
fn arrivals(options: &Options, seed: u64) -> (Vec<Arrival>, Vec<Option<f64>>) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut arrivals = Vec::new();
    let mut lateness = Vec::new();
    let rate = options.messages_per_host() * options.slice as f64;
    for message in 0..(rate * options.seconds) as u64 {
        let at = message as f64 / rate;
        let sends = chance.usize(..options.slice);
        // Hosts of the whole fleet: hardly any message passes one twice.
        let is_same = chance.f64() * (options.hosts as f64) < 1.0;
        let other = (sends + 1 + chance.usize(..(options.slice - 1).max(1))) % options.slice;
        let receives = if is_same { sends } else { other };
        let producer = at + options.export_delay(&mut chance);
        let dwell = -options.dwell.as_secs_f64() * (1.0 - chance.f64()).ln();
        let consumer = at + dwell + options.export_delay(&mut chance);
        let is_seen = chance.f64() >= options.never;
        let mut arrive = |at, host, is_producer| {
            arrivals.push(Arrival {
                at,
                host,
                message,
                is_producer,
            });
        };
        arrive(consumer, receives, false);
        if is_seen {
            arrive(producer, sends, true);
        }
        lateness.push(is_seen.then_some(producer - consumer));
    }
    arrivals.sort_by(|one, other| one.at.total_cmp(&other.at));
    (arrivals, lateness)
}

/// What happens when and where: batches as hosts get them, and looks at the store.
fn events(
    options: &Options,
    arrivals: Vec<Arrival>,
    is_shared: bool,
    end: f64,
) -> Vec<(Duration, usize, Event)> {
    let mut events = Vec::new();
    let mut open: Vec<Vec<(u64, bool)>> = (0..options.slice).map(|_| Vec::new()).collect();
    let mut last = 0.0;
    for arrival in arrivals {
        last = arrival.at;
        let Some(spans) = open.get_mut(arrival.host) else {
            continue;
        };
        spans.push((arrival.message, arrival.is_producer));
        if spans.len() >= options.messaging_spans() {
            let batch = std::mem::take(spans);
            events.push((
                Duration::from_secs_f64(arrival.at),
                arrival.host,
                Event::Batch(batch),
            ));
        }
    }
    for (host, spans) in open.into_iter().enumerate() {
        if !spans.is_empty() {
            events.push((Duration::from_secs_f64(last), host, Event::Batch(spans)));
        }
    }
    // Without a store they are looked at as well, to see how many are held.
    let every = if is_shared { LOOKING } else { LOOKING * 2 };
    for host in 0..options.slice {
        let phase = every * u32::try_from(host).unwrap_or(0) / 16;
        let mut at = phase;
        while at.as_secs_f64() < end {
            events.push((at, host, Event::Look));
            at += every;
        }
    }
    events.sort_by_key(|(at, host, _)| (*at, *host));
    events
}
