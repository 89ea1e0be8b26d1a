//! linkmend as an arm.

use std::sync::Arc;

use bytes::Bytes;
use linkmend::{LoadError, Processor, Rule};

use super::arm::{Arm, ArmError, Pass};
use crate::index::FreshIndex;

/// The engine with some rules.
pub struct Engine {
    processor: Processor,
    index: Arc<FreshIndex>,
}

impl Engine {
    /// With one rule.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn new(rule: Rule) -> Result<Self, LoadError> {
        let index = Arc::<FreshIndex>::default();
        let processor = Processor::builder()
            .rule(rule)
            .index(Arc::<FreshIndex>::clone(&index))
            .build()?;
        Ok(Self { processor, index })
    }

    /// Of a processor that has this index.
    pub(crate) fn of(processor: Processor, index: Arc<FreshIndex>) -> Self {
        Self { processor, index }
    }

    pub(crate) fn processor(&self) -> &Processor {
        &self.processor
    }
}

impl Arm for Engine {
    fn forget(&mut self) {
        self.index.forget();
    }

    fn mend(&mut self, batch: &Bytes) -> Result<Pass, ArmError> {
        let mut mended = self.processor.process(batch.clone())?;
        if let Some(fault) = mended.faults.pop() {
            return Err(Box::new(fault));
        }
        let traces = mended.traces.ok_or("the batch was dropped")?;
        Ok(Pass {
            traces,
            rule_time: mended.rule_time,
        })
    }
}
