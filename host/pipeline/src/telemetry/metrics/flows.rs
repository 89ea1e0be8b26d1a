//! What a processor counts of the flows of messages.

use std::sync::Arc;

use linkmend_flows::{FlowRef, Joined};
use linkmend_redis::ends::EndStats;
use parking_lot::{Mutex, MutexGuard};
use prometheus::IntGauge;

use super::flow_cells::Cells;
use super::flow_families::Families;
use super::registry::{counter, gauge};
use super::total::Total;
use crate::config::{self, Id};

/// Of a processor.
pub struct FlowMetrics {
    id: String,
    families: Arc<Families>,
    /// Where flows are counted.
    cells: Option<Mutex<Cells>>,
    /// Where an index is shared: what is written, and what waits.
    ends: Option<Ends>,
}

/// Counts flows, if they are counted; told when it is dropped.
pub struct Counting<'m>(Option<MutexGuard<'m, Cells>>);

impl Counting<'_> {
    /// One more; whether its message was not delivered before.
    pub fn add(&mut self, flow: FlowRef<'_>, is_new: bool) {
        if let Some(cells) = &mut self.0 {
            cells.add(flow, is_new);
        }
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        if let Some(cells) = &mut self.0 {
            cells.tell();
        }
    }
}

struct Ends {
    writes: [Total; 3],
    waiting: IntGauge,
}

impl FlowMetrics {
    pub(super) fn new(
        families: &Arc<Families>,
        id: &Id,
        config: &config::Flows,
        is_shared: bool,
    ) -> Self {
        let id = id.to_string();
        let joined = |way: Joined| counter(&families.joined, &[&id, way.as_str()]);
        let of = Self {
            cells: config
                .metrics
                .then(|| Mutex::new(Cells::new(&id, families, config, Joined::ALL.map(joined)))),
            ends: is_shared.then(|| Ends::new(families, &id)),
            id,
            families: Arc::clone(families),
        };
        if is_shared {
            for result in ["found", "here", "nowhere", "unanswered", "dropped"] {
                of.ends_looked_up(result, 0);
            }
        }
        if config.project {
            for result in ["sent", "refused", "no_room"] {
                of.projected(result, 0);
            }
        }
        of
    }

    /// Begins to count the flows of a batch.
    pub fn count(&self) -> Counting<'_> {
        Counting(self.cells.as_ref().map(Mutex::lock))
    }

    /// Producers that were looked up in the shared index.
    pub fn ends_looked_up(&self, result: &str, count: u64) {
        counter(&self.families.ends_lookups, &[&self.id, result]).inc_by(count);
    }

    /// What was written of producers to the shared index.
    pub fn ends(&self, stats: &EndStats) {
        let Some(ends) = &self.ends else {
            return;
        };
        let writes = [stats.written, stats.dropped, stats.refused];
        for (total, writes) in ends.writes.iter().zip(writes) {
            total.raise(writes);
        }
        let waiting = i64::try_from(stats.waiting).unwrap_or(i64::MAX);
        ends.waiting.set(waiting);
    }

    /// Spans that were made, or not.
    pub fn projected(&self, result: &str, count: u64) {
        counter(&self.families.projected, &[&self.id, result]).inc_by(count);
    }
}

impl Ends {
    fn new(families: &Families, id: &str) -> Self {
        let writes = |result| Total::new(counter(&families.ends_writes, &[id, result]));
        Self {
            writes: ["written", "dropped", "refused"].map(writes),
            waiting: gauge(&families.ends_waiting, &[id]),
        }
    }
}
