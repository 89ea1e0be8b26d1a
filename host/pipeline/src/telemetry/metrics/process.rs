//! Metrics of the process.

use std::collections::BTreeMap;
use std::time::Instant;

use parking_lot::Mutex;
use prometheus::{Counter, IntGauge, IntGaugeVec};

use super::registry::{Names, gauge};
use crate::telemetry::resource::Resource;

/// Those of the process, as the Collector calls them, and who it is.
pub(super) struct Process {
    start: Instant,
    uptime: Counter,
    cpu: Option<Counter>,
    rss: IntGauge,
    /// Held while the counters are raised.
    turn: Mutex<()>,
}

impl Process {
    pub(super) fn new(names: &Names) -> Self {
        let rss = names.gauges(
            "otelcol_process_memory_rss",
            "Physical memory, in bytes.",
            &[],
        );
        let uptime = "How long the process runs, in seconds.";
        let cpu = "User and system time of the processors, in seconds.";
        Self {
            start: Instant::now(),
            uptime: names.single("otelcol_process_uptime", uptime),
            cpu: cpu_seconds().map(|_| names.single("otelcol_process_cpu_seconds", cpu)),
            rss: gauge(&rss, &[]),
            turn: Mutex::new(()),
        }
    }

    /// Measures them now.
    pub(super) fn measure(&self) {
        let _turn = self.turn.lock();
        raise(&self.uptime, self.start.elapsed().as_secs_f64());
        if let (Some(counter), Some(seconds)) = (&self.cpu, cpu_seconds()) {
            raise(counter, seconds);
        }
        if let Some(rss) = crate::telemetry::memory::resident() {
            self.rss.set(i64::try_from(rss).unwrap_or(i64::MAX));
        }
    }
}

fn raise(counter: &Counter, to: f64) {
    let more = to - counter.get();
    if more > 0.0 {
        counter.inc_by(more);
    }
}

/// The attributes of the resource, as a metric that is always 1.
pub(super) fn target_info(names: &Names, resource: &Resource) {
    let labels: BTreeMap<String, &str> = resource
        .0
        .iter()
        .map(|(name, value)| (label(name), value.as_str()))
        .collect();
    let keys: Vec<_> = labels.keys().map(String::as_str).collect();
    let values: Vec<_> = labels.values().copied().collect();
    let family: IntGaugeVec = names.gauges("target_info", "Who this is.", &keys);
    gauge(&family, &values).set(1);
}

/// A name of an attribute as a name of a label.
fn label(name: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let label: String = name
        .chars()
        .map(|character| if fits(character) { character } else { '_' })
        .collect();
    if label.starts_with(|first: char| first.is_ascii_digit()) || label.is_empty() {
        format!("key_{label}")
    } else {
        label
    }
}

/// The user and the system time, where the system tells it.
fn cpu_seconds() -> Option<f64> {
    /// What the kernel counts for programs, on all machines that linkmend is
    /// built for.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program is in parentheses and may have any in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11).take(2);
    let user: u32 = times.next()?.parse().ok()?;
    let system: u32 = times.next()?.parse().ok()?;
    Some((f64::from(user) + f64::from(system)) / TICKS_PER_SECOND)
}
