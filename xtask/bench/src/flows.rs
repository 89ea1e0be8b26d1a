//! What it costs to look for flows in what was mended, beside the mending.

use std::time::{Duration, Instant};

use linkmend::Rule;
use linkmend_flows::{Passing, PassingOptions};
use linkmend_workbench::bench::{Arm as _, Engine};
use linkmend_workload::{Traffic, Workload};
use serde::Serialize;

/// What flows may cost of messaging, in hundredths.
const WANTED: f64 = 10.0;
/// Longer than anything is kept: each round begins as the first did, with the memory
/// of the round before.
const ROUND: Duration = Duration::from_secs(1_000);

/// The figures of one workload.
#[derive(Debug, Serialize)]
pub struct Flows {
    name: &'static str,
    /// How many flows there are.
    found: u64,
    /// Nanoseconds a span, the least of the rounds.
    ns_per_span: f64,
    /// The engine with the rule in the sandbox, the same.
    engine_ns_per_span: f64,
}

impl Flows {
    /// Of all traffic that comes in batches, in turn with the engine.
    pub fn measure(rounds: usize) -> anyhow::Result<Vec<Self>> {
        [Traffic::Messaging, Traffic::Mixed, Traffic::Unselected]
            .into_iter()
            .map(|traffic| Self::of(traffic, rounds))
            .collect()
    }

    fn of(traffic: Traffic, rounds: usize) -> anyhow::Result<Self> {
        let workload = Workload::new(traffic, false);
        let rule = Rule::builtin().with_config(traffic.config());
        let mut engine = Engine::new(rule)?;
        let begun = Instant::now();
        // As a pipeline has it that counts them.
        let options = PassingOptions {
            message_ids: false,
            ..PassingOptions::default()
        };
        let mut passing = Passing::new(options, begun);
        let mut now = begun;
        let (mut found, mut least, mut least_engine) = (0, Duration::MAX, Duration::MAX);
        for _ in 0..rounds.max(2) {
            now += ROUND;
            found = 0;
            engine.forget();
            let (mut finding, mut mending) = (Duration::ZERO, Duration::ZERO);
            for batch in &workload.batches {
                let start = Instant::now();
                let mended = engine.mend(batch).map_err(anyhow::Error::from_boxed)?;
                mending += start.elapsed();
                let start = Instant::now();
                passing.take(&mended.traces, now, |_, _| found += 1);
                finding += start.elapsed();
            }
            least = least.min(finding);
            least_engine = least_engine.min(mending);
        }
        let per_span = |time: Duration| time.as_nanos() as f64 / workload.spans as f64;
        Ok(Self {
            name: traffic.name(),
            found,
            ns_per_span: per_span(least),
            engine_ns_per_span: per_span(least_engine),
        })
    }

    /// For people.
    pub fn line(&self) -> String {
        let of_engine = 100.0 * self.ns_per_span / self.engine_ns_per_span;
        let verdict = match self.name {
            "messaging" if of_engine > WANTED => " (<= 10 %: MISSED)",
            "messaging" => " (<= 10 %: ok)",
            _ => "",
        };
        format!(
            "flows of {}: {} found, {:.0} ns a span, {of_engine:.0} % of {:.0} ns{verdict}",
            self.name, self.found, self.ns_per_span, self.engine_ns_per_span
        )
    }
}
