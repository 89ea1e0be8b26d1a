//! What a processor counts of the flows of messages.

use std::sync::Arc;

use linkmend_flows::{Flow, Joined};
use parking_lot::Mutex;

use super::flow_cells::Cells;
use super::flow_families::Families;
use super::registry::counter;
use crate::config::{self, Id};

/// Of a processor.
pub struct FlowMetrics {
    id: String,
    families: Arc<Families>,
    /// Where flows are counted.
    cells: Option<Mutex<Cells>>,
}

impl FlowMetrics {
    pub(super) fn new(families: &Arc<Families>, id: &Id, config: &config::Flows) -> Self {
        let id = id.to_string();
        let joined = |way: Joined| counter(&families.joined, &[&id, way.as_str()]);
        let of = Self {
            cells: config
                .metrics
                .then(|| Mutex::new(Cells::new(&id, families, config, Joined::ALL.map(joined)))),
            id,
            families: Arc::clone(families),
        };
        if config.project {
            for result in ["sent", "refused", "no_room"] {
                of.projected(result, 0);
            }
        }
        of
    }

    /// Counts flows, each with whether its message was not delivered before.
    pub fn add(&self, flows: &[(Flow, bool)]) {
        if let Some(cells) = self.cells.as_ref().filter(|_| !flows.is_empty()) {
            cells.lock().add(flows);
        }
    }

    /// Spans that were made, or not.
    pub fn projected(&self, result: &str, count: u64) {
        counter(&self.families.projected, &[&self.id, result]).inc_by(count);
    }
}
