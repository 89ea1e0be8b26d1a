//! What a service is told beside its configuration.

use linkmend::{CodeCache, Compiler};
use linkmend_registry::Store;

use crate::state::StateDirectory;
use crate::telemetry::resource::Resource;

/// What a service is told beside its configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What compiles rules. Default: this process.
    pub compiler: Compiler,
    /// Where compiled rules are kept. Default: nowhere.
    pub code_cache: Option<CodeCache>,
    /// Where rules are kept that come from registries. Default: nowhere.
    pub rule_cache: Option<Store>,
    /// How many threads rules run on. Default: as many as there are processors.
    pub workers: Option<usize>,
    /// Where held spans are kept that no extension keeps. Default: in memory.
    pub state: StateDirectory,
    /// Who linkmend is in its metrics. Default: a new one.
    pub resource: Option<Resource>,
}
