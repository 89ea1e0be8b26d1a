//! What a rule says, in the log at debug level.

use std::sync::Arc;

use linkmend::Listener;

use crate::config::Id;

/// Logs what the rule of a processor says, marked as the rule's.
pub(super) fn listener(id: &Id) -> Listener {
    let id = id.clone();
    Arc::new(move |said| {
        for line in said.lines {
            tracing::debug!(
                processor = %id,
                level = %line.level,
                "rule `{}` says: {}",
                said.rule,
                line.text
            );
        }
        if said.left_out > 0 {
            tracing::debug!(
                processor = %id,
                "rule `{}` says {} more lines",
                said.rule,
                said.left_out
            );
        }
    })
}
