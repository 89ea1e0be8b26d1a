//! What the kernel asks of its host.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use linkmend_core::{Clock, Instant};

/// The host of a kernel: the imports of the module.
pub trait Host: Debug + Send + Sync + 'static {
    /// How long ago it began, by a clock that does not go back.
    fn now(&self) -> Duration;

    /// A fresh, configured instance of a rule: `rule_new`.
    fn rule_new(&self, rule: u32) -> Vec<u8>;

    /// Shows an instance what its world is shown: `rule_call`.
    fn rule_call(&self, instance: u32, tasks: u32, shown: &[u8], values: &[u8]) -> Vec<u8>;

    /// An instance is not used again: `rule_drop`.
    fn rule_drop(&self, instance: u32);

    /// A line for the log of the host, from 1 (trace) to 5 (error).
    fn log(&self, level: u32, text: &str);

    /// Producers for a store that the host shares with others: `store_remember`.
    fn store_remember(&self, producers: &[u8], texts: &[u8]);

    /// What such a store knows of some keys: `store_recall`.
    fn store_recall(&self, keys: &[u8]) -> Vec<u8>;
}

/// The clock of a host.
#[derive(Debug, Clone)]
pub struct HostClock(pub Arc<dyn Host>);

impl Clock for HostClock {
    fn now(&self) -> Instant {
        Instant::after_start(self.0.now())
    }
}
