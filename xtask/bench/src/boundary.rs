//! What the two worlds of the rule interface cost: one rule, written for either.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use linkmend::Rule;
use linkmend_workbench::bench::{ArmError, BenchError, Engine, Load, measure};
use linkmend_workload::{Traffic, Workload};
use serde::Serialize;

use crate::agreement::{check, same};

/// The world of records may take so many times as long as that of bytes.
const MOST: f64 = 4.0;

/// The figures of one field order, in nanoseconds a span.
#[derive(Debug, Serialize)]
pub struct Boundary {
    order: &'static str,
    /// All of the engine.
    bytes: f64,
    records: f64,
    /// The calls of the rule alone.
    bytes_calls: f64,
    records_calls: f64,
}

impl Boundary {
    /// Measures both on the messaging workload; what they produce must be equal.
    pub fn measure(rounds: usize) -> anyhow::Result<Vec<Self>> {
        let orders = [false, true];
        let figures = orders
            .map(|descending| Self::of(&Workload::new(Traffic::Messaging, descending), rounds));
        figures.into_iter().collect()
    }

    fn of(workload: &Workload, rounds: usize) -> anyhow::Result<Self> {
        let load = Load::from(workload);
        let mut bytes = Engine::new(committed("linkmend-boundary-bytes")?)?;
        let mut records = Engine::new(committed("linkmend-boundary-records")?)?;
        let mut first = None;
        let times = measure(
            &mut [&mut bytes, &mut records],
            &load,
            rounds,
            |_, outputs| -> Result<(), BenchError> {
                let expected = first.get_or_insert_with(|| outputs.clone());
                if same(expected, &outputs).map_err(ArmError::from)? {
                    return Ok(());
                }
                Err(ArmError::from("the two worlds do not agree").into())
            },
        )?;
        let outputs = first.context("nothing was measured")?;
        check(workload, &outputs)?;
        ensure!(times.len() == 2, "an arm was not measured");
        let spans = workload.spans as f64;
        let of = |number: usize| times.get(number).context("an arm was not measured");
        let (bytes, records) = (of(0)?, of(1)?);
        Ok(Self {
            order: workload.order(),
            bytes: bytes.total / spans,
            records: records.total / spans,
            bytes_calls: bytes.rule / spans,
            records_calls: records.rule / spans,
        })
    }

    /// For people.
    pub fn line(&self) -> String {
        let ratio = self.records / self.bytes;
        let verdict = if ratio <= MOST { "ok" } else { "MISSED" };
        format!(
            "one rule in both worlds, messaging, {}: bytes {:.0} ns ({:.0} in calls), records {:.0} ns ({:.0} in calls), \
             records/bytes {ratio:.2} (<= {MOST}: {verdict})",
            self.order, self.bytes, self.bytes_calls, self.records, self.records_calls
        )
    }
}

/// A component of `guest/dist`.
fn committed(package: &str) -> anyhow::Result<Rule> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest/dist"));
    let path = folder.join(package).with_extension("wasm");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Rule::component(package, bytes))
}
