//! What is said of a batch beside its bytes.

use std::fmt;
use std::time::{Duration, Instant};

use linkmend_core::{self as core, Acknowledgement, Scope};

use crate::clock::SystemClock;

/// How a batch is processed where spans are held.
#[derive(Clone)]
pub struct ProcessOptions {
    /// When it came. Default: now.
    pub now: Instant,
    /// How long its spans may be held, if that is less than
    /// [`HoldOptions::time`](crate::HoldOptions::time). Default: that long.
    pub hold_at_most: Option<Duration>,
    /// Goes with its spans that are held. Default: nothing.
    pub acknowledgement: Option<Acknowledgement>,
    /// Whether a copy of what is held is wanted, see
    /// [`Mended::held_copy`](crate::Mended::held_copy). Default: no.
    pub copy_held: bool,
    /// Who sent it, beside what its resources say of that: see
    /// [`ProcessorBuilder::scopes`](crate::ProcessorBuilder::scopes). Default: nobody knows.
    pub scope: Scope,
}

impl Default for ProcessOptions {
    fn default() -> Self {
        Self {
            now: Instant::now(),
            hold_at_most: None,
            acknowledgement: None,
            copy_held: false,
            scope: Scope::NONE,
        }
    }
}

impl ProcessOptions {
    /// The same by this clock.
    pub(crate) fn by(&self, clock: &SystemClock) -> core::ProcessOptions {
        core::ProcessOptions {
            now: clock.at(self.now),
            hold_at_most: self.hold_at_most,
            acknowledgement: self.acknowledgement.clone(),
            copy_held: self.copy_held,
            tell_changes: false,
            scope: self.scope,
        }
    }
}

impl fmt::Debug for ProcessOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessOptions")
            .field("now", &self.now)
            .field("hold_at_most", &self.hold_at_most)
            .field("acknowledgement", &self.acknowledgement.is_some())
            .field("copy_held", &self.copy_held)
            .field("scope", &self.scope)
            .finish()
    }
}
