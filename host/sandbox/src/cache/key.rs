//! What compiled code is found by.

use crate::checksum::Checksum;
use crate::engine::Target;

/// Whose code it is: that of a component, for an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) component: Checksum,
    pub(crate) target: Target,
}

impl Key {
    pub(super) fn name(self) -> String {
        let target = self.target.0.to_string();
        let target = target.get(..16).unwrap_or_default();
        format!("{}-{target}", self.component)
    }
}
