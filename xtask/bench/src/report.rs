//! The figures, for people and for programs.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::boundary::Boundary;
use crate::flows::Flows;

/// All figures.
#[derive(Debug, Serialize)]
pub struct Report {
    /// By workload and field order.
    pub workloads: Vec<Figures>,
    /// One rule in both worlds, by field order.
    pub boundary: Vec<Boundary>,
    /// Looking for flows, by workload.
    pub flows: Vec<Flows>,
    /// Memory that the message index takes for a producer.
    pub index_bytes_per_entry: usize,
    /// With so many producers.
    pub index_entries: usize,
}

/// The figures of one workload.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Which.
    pub name: &'static str,
    /// Field order.
    pub order: &'static str,
    /// Spans in a round.
    pub spans: u64,
    /// Their mean size.
    pub bytes_per_span: u64,
    /// Medians.
    pub ns_per_span: Nanoseconds,
}

/// Nanoseconds a span, by arm.
#[derive(Debug, Serialize)]
pub struct Nanoseconds {
    /// The rule in the sandbox.
    pub sandbox: f64,
    /// The rule without the sandbox.
    pub native: f64,
    /// prost's structs.
    pub prost: f64,
}

/// What is asked of the ratios: of sandbox to native at most, of prost to
/// sandbox at least.
fn wanted(name: &str) -> (Option<f64>, Option<f64>) {
    match name {
        "mixed" => (Some(1.25), Some(8.0)),
        "messaging" => (Some(1.5), Some(3.0)),
        "unselected" => (None, Some(15.0)),
        _ => (None, None),
    }
}

/// What one batch of one span may cost, in nanoseconds.
const SINGLE: f64 = 15_000.0;

/// What a producer may take in the index, in bytes.
const ENTRY: usize = 160;

impl Report {
    /// For people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<11} {:<11} {:>6} {:>8} {:>9} {:>9} {:>9}   {:>15}   {:>15}",
            "workload",
            "order",
            "spans",
            "B/span",
            "sandbox",
            "native",
            "prost",
            "sandbox/native",
            "prost/sandbox"
        );
        for figures in &self.workloads {
            let ns = &figures.ns_per_span;
            let (most, least) = wanted(figures.name);
            let over = ns.sandbox / ns.native;
            let faster = ns.prost / ns.sandbox;
            let _ = writeln!(
                text,
                "{:<11} {:<11} {:>6} {:>8} {:>6.0} ns {:>6.0} ns {:>6.0} ns   {:>15}   {:>15}",
                figures.name,
                figures.order,
                figures.spans,
                figures.bytes_per_span,
                ns.sandbox,
                ns.native,
                ns.prost,
                judged(over, most, |limit| over <= limit, "<="),
                judged(faster, least, |limit| faster >= limit, ">="),
            );
        }
        for figures in self
            .workloads
            .iter()
            .filter(|figures| figures.name == "single")
        {
            let ns = figures.ns_per_span.sandbox;
            let verdict = if ns <= SINGLE { "ok" } else { "MISSED" };
            let _ = writeln!(
                text,
                "a batch of one span, {}: {:.1} us (<= 15 us: {verdict})",
                figures.order,
                ns / 1e3
            );
        }
        for boundary in &self.boundary {
            let _ = writeln!(text, "{}", boundary.line());
        }
        for flows in &self.flows {
            let _ = writeln!(text, "{}", flows.line());
        }
        let bytes = self.index_bytes_per_entry;
        let verdict = if bytes <= ENTRY { "ok" } else { "MISSED" };
        let _ = writeln!(
            text,
            "index: {bytes} B an entry at {} entries (<= 160 B: {verdict})",
            self.index_entries
        );
        text
    }

    /// For programs.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let write = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, serde_json::to_vec_pretty(self)?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        println!("written to {}", path.display());
        Ok(())
    }
}

fn judged(ratio: f64, limit: Option<f64>, holds: impl Fn(f64) -> bool, sign: &str) -> String {
    match limit {
        None => format!("{ratio:.2}"),
        Some(limit) if holds(limit) => format!("{ratio:.2} ({sign}{limit})"),
        Some(limit) => format!("{ratio:.2} ({sign}{limit} MISSED)"),
    }
}
