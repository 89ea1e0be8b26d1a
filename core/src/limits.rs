//! What a rule may use.

use std::time::Duration;

/// The limits of one rule. Every one of them is enforced; what it costs to
/// reach one is the verdict on that batch, which then takes the way of
/// [`crate::OnError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of an instance, in bytes. Default: 64 MiB.
    pub memory: usize,
    /// Table elements of an instance. Default: 100,000.
    pub table_elements: usize,
    /// Time of its thread for making an instance and configuring it. Default: 5 s.
    pub init_time: Duration,
    /// Time of its thread for one call: of a batch, or of a part of it in the
    /// world `span-rule`. What the machine does meanwhile does not count; a call
    /// that is not done after thirty times as long by the clock ends, too. Default:
    /// 1 s.
    pub call_time: Duration,
    /// What one call may hand to the host, in bytes. Default: 64 MiB.
    pub output: usize,
    /// By how much all edits of a batch may let it grow, in bytes. Default: 64 MiB.
    pub growth: usize,
    /// Edits for one span. Default: 65,536.
    pub edits_per_span: usize,
    /// Links that a span may have after a rule edited it. Default: 128, the
    /// `LinkCountLimit` of the OpenTelemetry specification (trace SDK, span
    /// limits).
    pub max_links: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 100_000,
            init_time: Duration::from_secs(5),
            call_time: Duration::from_secs(1),
            output: 64 << 20,
            growth: 64 << 20,
            edits_per_span: 65_536,
            max_links: 128,
        }
    }
}
