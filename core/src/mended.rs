//! What became of a batch.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::changes::Changes;
use crate::counts::Counts;
use crate::error::RuleFault;
use crate::explain::Explanation;
use crate::options::Acknowledgement;
use crate::scope::Scope;

/// A batch that went through.
#[derive(Clone, Default)]
pub struct Mended {
    /// The batch. The very same bytes when nothing was to be done; `None` when
    /// all of its spans are held back, or when it was dropped.
    pub traces: Option<Bytes>,
    /// What became of its spans, in place of `traces`, where
    /// [`ProcessOptions::tell_changes`](crate::ProcessOptions::tell_changes) asks for it.
    pub changes: Option<Changes>,
    /// A rule failed and its policy is [`crate::OnError::Drop`].
    pub is_dropped: bool,
    /// The scope of all of its spans, if they were held and senders have scopes: what comes
    /// out together is of one.
    pub scope: Option<Scope>,
    /// How many spans are held back and not in `traces`.
    pub held: usize,
    /// The spans that are held back, as a batch of their own, if
    /// [`ProcessOptions::copy_held`](crate::ProcessOptions::copy_held) asks for it: to be kept where a crash does not
    /// reach it, and processed anew after one.
    pub held_copy: Option<Bytes>,
    /// [`ProcessOptions::acknowledgement`](crate::ProcessOptions::acknowledgement) of the batches that held spans in `traces` came with:
    /// one for each span that was held. Those of a batch that is dropped, too.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Held spans that had to go to make room, mostly of other batches: batches
    /// to be sent on beside this one, whose figures are not in `counts`. The
    /// sender of this batch cannot send them again.
    pub overflow: Vec<Mended>,
    /// What was done.
    pub counts: Counts,
    /// What the calls of rules took, all together.
    pub rule_time: Duration,
    /// The rules that failed on it.
    pub faults: Vec<RuleFault>,
    /// Why spans were or were not mended, in their order in the batch. Only of
    /// spans that were asked for: see [`Processor::explain`](crate::Processor::explain).
    pub explanations: Vec<Explanation>,
}

impl Mended {
    /// The same, told by what changed in the batch that came.
    pub(crate) fn told_as_changes(mut self, came: &Bytes) -> Self {
        if self.changes.is_none() {
            let traces = self.traces.take();
            let changes = match &traces {
                _ if self.is_dropped => Changes::default(),
                Some(traces) if is_same(came, traces) => Changes::default(),
                Some(traces) => Changes::between(came, traces),
                None => Changes::between(came, &[]),
            };
            self.changes = Some(changes);
        }
        self
    }
}

impl fmt::Debug for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mended")
            .field("traces", &self.traces)
            .field("changes", &self.changes)
            .field("is_dropped", &self.is_dropped)
            .field("scope", &self.scope)
            .field("held", &self.held)
            .field("acknowledgements", &self.acknowledgements.len())
            .field("overflow", &self.overflow)
            .field("counts", &self.counts)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// The very same bytes.
fn is_same(came: &Bytes, traces: &Bytes) -> bool {
    came.as_ptr() == traces.as_ptr() && came.len() == traces.len()
}
