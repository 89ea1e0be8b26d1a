//! What a store that other hosts share was asked and told.

use std::time::Duration;

use linkmend_redis::Stats;
use prometheus::{Histogram, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec};

use super::registry::{Names, counter, gauge};
use super::total::Total;

/// From a tenth of a millisecond, on one machine, to a second: a batch waits for much
/// less.
const BUCKETS: [f64; 13] = [
    1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0,
];

pub(super) struct Families {
    lookups: IntCounterVec,
    trips: HistogramVec,
    failures: IntCounterVec,
    writes: IntCounterVec,
    waiting: IntGaugeVec,
    servers: IntGaugeVec,
}

impl Families {
    pub(super) fn new(names: &Names) -> Self {
        let own = ["processor"];
        let counters = |name: &str, help: &str, label: Option<&str>| {
            let labels: Vec<_> = own.into_iter().chain(label).collect();
            names.counters(&format!("linkmend_shared_index_{name}"), help, &labels)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            names.gauges(&format!("linkmend_shared_index_{name}"), help, labels)
        };
        Self {
            lookups: counters(
                "lookups",
                "Messages that were looked up, by where their producers were known.",
                Some("result"),
            ),
            trips: names.histograms(
                "linkmend_shared_index_round_trip",
                "How long an answer of the shared index took, in seconds.",
                &own,
                &BUCKETS,
            ),
            failures: counters(
                "failures",
                "Requests that the shared index did not answer in time.",
                None,
            ),
            writes: counters(
                "writes",
                "Producers that were to be written to the shared index, by what became of it.",
                Some("result"),
            ),
            waiting: gauges(
                "waiting",
                "Producers that wait to be written to the shared index.",
                &own,
            ),
            servers: gauges(
                "servers",
                "Servers of the shared index, by whether they are asked.",
                &["processor", "state"],
            ),
        }
    }

    pub(super) fn of(&self, id: &str) -> Handles {
        let by = |family: &IntCounterVec, value: &str| Total::new(counter(family, &[id, value]));
        Handles {
            lookups: ["here", "there", "nowhere", "unanswered"].map(|one| by(&self.lookups, one)),
            trips: self.trips.with_label_values(&[id]),
            failures: Total::new(counter(&self.failures, &[id])),
            writes: ["written", "dropped", "refused"].map(|one| by(&self.writes, one)),
            waiting: gauge(&self.waiting, &[id]),
            servers: ["asked", "away"].map(|state| gauge(&self.servers, &[id, state])),
        }
    }
}

pub(super) struct Handles {
    lookups: [Total; 4],
    trips: Histogram,
    failures: Total,
    writes: [Total; 3],
    waiting: IntGauge,
    servers: [IntGauge; 2],
}

impl Handles {
    pub(super) fn set(&self, stats: &Stats) {
        let lookups = [
            stats.hits_here,
            stats.hits_there,
            stats.misses,
            stats.unanswered,
        ];
        for (total, lookups) in self.lookups.iter().zip(lookups) {
            total.raise(lookups);
        }
        let writes = [stats.written, stats.dropped, stats.refused];
        for (total, writes) in self.writes.iter().zip(writes) {
            total.raise(writes);
        }
        self.failures.raise(stats.failures);
        self.waiting.set(whole(stats.waiting));
        let asked = stats.servers.saturating_sub(stats.servers_away);
        for (gauge, servers) in self.servers.iter().zip([asked, stats.servers_away]) {
            gauge.set(whole(servers));
        }
    }

    pub(super) fn round_trip(&self, took: Duration) {
        self.trips.observe(took.as_secs_f64());
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
