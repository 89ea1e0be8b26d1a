//! An index in which nothing is.

use super::contract::MessageIndex;
use crate::interface::{IndexError, MessageKey, Producer, Recalled};

/// Knows nothing, and remembers nothing: what a rule sees of a scope for which there is no
/// room.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl MessageIndex for Nothing {
    fn remember(&self, _: &[Producer], _: &[u8]) -> Result<(), IndexError> {
        Ok(())
    }

    fn may_wait(&self) -> bool {
        false
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        Ok(Recalled::nothing(keys.len()))
    }
}
