//! A batch whose spans are of several scopes: each scope passes by itself, and what
//! comes out is one batch again.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::ProcessError;
use crate::hold::{Held, watch};
use crate::index::{MessageIndex, Nothing, Room};
use crate::mended::Mended;
use crate::processor::Processor;
use crate::runner::Reach;
use crate::scope::Scope;
use crate::scoping::Part;
use crate::workspace::{Passed, RunContext};

impl Processor {
    /// Lets a batch pass, that of each scope by itself.
    pub(crate) fn pass_by_scope<'r>(
        &self,
        batch: Bytes,
        scope: Scope,
        context: impl Fn(Option<&Arc<Room>>) -> RunContext<'r>,
    ) -> Result<Passed, ProcessError> {
        let Some(scoping) = &self.scoping else {
            return self.pass(context(None), batch);
        };
        let parts = scoping.split(batch.clone(), scope);
        if let [Part { room, .. }] = parts.as_slice() {
            return self.pass(context(room.as_ref()), batch);
        }
        let mut joined = Joined::new(batch);
        for Part { room, traces } in parts {
            let passed = self.pass(context(room.as_ref()), traces.clone())?;
            joined.add(passed, &traces);
        }
        Ok(joined.end())
    }

    /// What rules know of messages, in a scope where there are some.
    pub(crate) fn reach(&self, room: Option<&Arc<Room>>) -> Reach {
        let (index, scope): (Arc<dyn MessageIndex>, _) = match (&self.scoping, room) {
            (None, _) => (Arc::clone(&self.index), None),
            (Some(_), None) => (Arc::new(Nothing), None),
            (Some(scoping), Some(room)) => {
                let within = Arc::clone(&scoping.index).within(Arc::clone(room));
                let scope = Some(room.scope);
                match &self.hold {
                    Some(hold) => (watch(hold, within, scope), scope),
                    None => (within, scope),
                }
            }
        };
        Reach {
            index,
            scope,
            clock: Arc::clone(&self.clock),
        }
    }

    /// Spans of such a part may be held.
    pub(crate) fn may_hold(&self, room: Option<&Arc<Room>>) -> bool {
        self.scoping.is_none() || room.is_some()
    }
}

/// What became of the parts of a batch.
struct Joined {
    batch: Bytes,
    traces: Vec<u8>,
    mended: Mended,
    held: Vec<Held>,
    /// Something is left of it.
    is_left: bool,
    is_changed: bool,
}

impl Joined {
    fn new(batch: Bytes) -> Self {
        Self {
            traces: Vec::with_capacity(batch.len()),
            batch,
            mended: Mended::default(),
            held: Vec::new(),
            is_left: false,
            is_changed: false,
        }
    }

    fn add(&mut self, passed: Passed, part: &Bytes) {
        let Passed { mended, mut held } = passed;
        let all = &mut self.mended;
        match mended.traces {
            Some(traces) => {
                self.is_left = true;
                self.is_changed |= traces.as_ptr() != part.as_ptr();
                self.traces.extend_from_slice(&traces);
            }
            None => self.is_changed = true,
        }
        all.is_dropped |= mended.is_dropped;
        all.held += mended.held;
        all.acknowledgements.extend(mended.acknowledgements);
        all.counts += mended.counts;
        all.rule_time += mended.rule_time;
        all.faults.extend(mended.faults);
        all.explanations.extend(mended.explanations);
        self.held.append(&mut held);
    }

    fn end(self) -> Passed {
        let mut mended = self.mended;
        mended.counts.batches = mended.counts.batches.min(1);
        let traces = if self.is_changed {
            self.traces.into()
        } else {
            self.batch
        };
        mended.traces = self.is_left.then_some(traces);
        Passed {
            mended,
            held: self.held,
        }
    }
}
