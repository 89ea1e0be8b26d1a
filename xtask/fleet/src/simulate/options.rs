//! The fleet that is simulated.

use clap::Args;

use crate::traffic::{BATCH, EVERY};

#[derive(Args)]
pub struct Options {
    /// Hosts of the fleet
    #[arg(long, default_value = "200")]
    pub hosts: usize,

    /// Messages a second, of the whole fleet
    #[arg(long, default_value = "1000000")]
    pub messages: f64,

    /// Spans a second, of the whole fleet
    #[arg(long, default_value = "10000000")]
    pub spans: f64,

    /// How many of the hosts are simulated, 2 at least
    #[arg(long, default_value = "8", value_parser = slice)]
    pub slice: usize,

    /// For how many seconds messages are sent
    #[arg(long, default_value = "12")]
    pub seconds: f64,

    /// How long a message lies in its queue, on average
    #[arg(long, default_value = "100ms")]
    pub dwell: humantime::Duration,

    /// From a batch that brings a producer to where other hosts see it
    #[arg(long, default_value = "5ms")]
    pub write_delay: humantime::Duration,

    /// The share of exports that are late: tried again, or queued on the way
    #[arg(long, default_value = "0.01")]
    pub late: f64,

    /// How late these are, on average
    #[arg(long, default_value = "10s")]
    pub late_by: humantime::Duration,

    /// The share of messages whose producers pass no host
    #[arg(long, default_value = "0.02")]
    pub never: f64,

    /// For how long the store keeps a producer
    #[arg(long, default_value = "15m")]
    pub time_to_live: humantime::Duration,
}

fn slice(text: &str) -> Result<usize, String> {
    let number = text.parse::<usize>().map_err(|error| error.to_string())?;
    (2..=64)
        .contains(&number)
        .then_some(number)
        .ok_or_else(|| "it takes 2 to 64".into())
}

impl Options {
    pub fn messages_per_host(&self) -> f64 {
        self.messages / self.hosts as f64
    }

    /// Of a batch: its producers and consumers.
    pub fn messaging_spans(&self) -> usize {
        let share = 2.0 * self.messages / self.spans;
        ((BATCH as f64 * share) as usize).max(1)
    }

    pub fn slices(&self) -> f64 {
        self.hosts as f64 / self.slice as f64
    }

    /// From the end of a span to the host: what it waits for the export, and for what
    /// makes some exports late.
    pub fn export_delay(&self, chance: &mut fastrand::Rng) -> f64 {
        let waits = chance.f64() * EVERY.as_secs_f64();
        if chance.f64() < self.late {
            waits - self.late_by.as_secs_f64() * (1.0 - chance.f64()).ln()
        } else {
            waits
        }
    }
}
