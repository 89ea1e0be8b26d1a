//! What all parts of a store share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::options::Options;
use crate::queue::Queue;
use crate::stats::Counters;
use crate::topology::Topology;

/// It is told this often at most that the store takes nothing.
const TOLD_EVERY: Duration = Duration::from_mins(1);

pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) runtime: Handle,
    pub(crate) topology: Arc<Topology>,
    pub(crate) queue: Queue,
    pub(crate) counters: Counters,
    pub(crate) is_refused_told: Mutex<Told>,
    pub(crate) is_cluster_told: Mutex<Told>,
}

/// When something was told that may be so all the time.
#[derive(Default)]
pub(crate) struct Told(Option<Instant>);

impl Told {
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|last| last.elapsed() >= TOLD_EVERY);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}
