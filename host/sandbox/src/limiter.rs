//! What an instance may allocate.

use linkmend_core::{FaultReason, Limits};
use wasmtime::ResourceLimiter;

/// Grants memory and tables up to the limits, and remembers what it refused:
/// the guest only sees that it got nothing, and traps for reasons of its own.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    /// Linear memory of the instance, in bytes.
    pub(crate) memory: usize,
    /// Table elements of the instance.
    table_elements: usize,
    pub(crate) refused: Option<FaultReason>,
    /// What it is shown in this call, in bytes: it has room for that besides.
    pub(crate) shown: usize,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            memory: 0,
            table_elements: 0,
            refused: None,
            shown: 0,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // A component may have several memories, and tables; they share the
        // limit.
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > self.limits.memory.saturating_add(self.shown) {
            let limit = self.limits.memory;
            self.refused = Some(FaultReason::Memory { limit });
            return Ok(false);
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let total = self.table_elements.saturating_add(more);
        if total > self.limits.table_elements {
            let limit = self.limits.table_elements;
            self.refused = Some(FaultReason::Table { limit });
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        16
    }

    fn memories(&self) -> usize {
        8
    }
}
