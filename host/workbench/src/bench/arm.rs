//! What is measured.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;

/// Whatever stops an arm.
pub type ArmError = Box<dyn Error + Send + Sync>;

/// One way of mending batches.
pub trait Arm {
    /// Forgets all messages: each round is to remember them anew.
    fn forget(&mut self);

    /// Mends a batch.
    ///
    /// # Errors
    ///
    /// When it cannot be mended; the measurement ends.
    fn mend(&mut self, batch: &Bytes) -> Result<Pass, ArmError>;
}

/// A batch that went through an arm.
#[derive(Debug, Default)]
pub struct Pass {
    /// What came of it.
    pub traces: Bytes,
    /// What the calls of rules took, where that is known.
    pub rule_time: Duration,
}
