//! How rules are compiled.

use linkmend::{CodeCache, Compiler};
use linkmend_registry::Store;

/// How rules are compiled.
pub(crate) struct Compiling {
    pub(crate) compiler: Compiler,
    pub(crate) cache: Option<CodeCache>,
    /// Rules that were pulled.
    pub(crate) pulled: Option<Store>,
}
