//! What is said of a batch beside its bytes.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::scope::Scope;

/// Something of whoever waits for held spans. It is kept with each span of a
/// batch that is held, comes out with it
/// ([`Mended::acknowledgements`](crate::Mended::acknowledgements)), and means nothing
/// here: when all copies of it are dropped, all spans of that batch have gone
/// their way.
pub type Acknowledgement = Arc<dyn Any + Send + Sync>;

/// How a batch is processed where spans are held.
#[derive(Clone)]
pub struct ProcessOptions {
    /// When it came.
    pub now: Instant,
    /// How long its spans may be held, if that is less than
    /// [`HoldOptions::time`](crate::HoldOptions::time). Default: that long.
    pub hold_at_most: Option<Duration>,
    /// Goes with its spans that are held. Default: nothing.
    pub acknowledgement: Option<Acknowledgement>,
    /// Whether a copy of what is held is wanted, see [`Mended::held_copy`](crate::Mended::held_copy).
    /// Default: no.
    pub copy_held: bool,
    /// Whether [`Mended::changes`](crate::Mended::changes) is wanted in place of
    /// [`Mended::traces`](crate::Mended::traces). Default: no.
    pub tell_changes: bool,
    /// Who sent it, beside what its resources say of that: see
    /// [`Scoping`](crate::Scoping). Default: nobody knows.
    pub scope: Scope,
}

impl ProcessOptions {
    /// Those of a batch that came then, of which nothing else is to be said.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self {
            now,
            hold_at_most: None,
            acknowledgement: None,
            copy_held: false,
            tell_changes: false,
            scope: Scope::NONE,
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
            .field("tell_changes", &self.tell_changes)
            .field("scope", &self.scope)
            .finish()
    }
}
