//! Which spans are to be explained.

use std::collections::BTreeSet;

use super::explanation::{Explanation, hex};

/// Which spans are to be explained: all, or those of some ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    all: bool,
    spans: BTreeSet<[u8; 8]>,
    traces: BTreeSet<[u8; 16]>,
}

/// What was asked for is nothing that can be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{what}` cannot be explained; give `all`, the id of a span (16 hex digits) or the id of a trace (32 hex digits)"
)]
pub struct AskedError {
    /// What was asked for.
    pub what: String,
}

impl Asked {
    /// Every span that a rule has something to say of.
    #[must_use]
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Also what this says: `all`, the id of a span (16 hex digits) or the id of
    /// a trace (32 hex digits).
    ///
    /// # Errors
    ///
    /// When it is none of these.
    pub fn add(&mut self, what: &str) -> Result<(), AskedError> {
        if what == "all" {
            self.all = true;
        } else if let Some(id) = from_hex::<8>(what) {
            self.spans.insert(id);
        } else if let Some(id) = from_hex::<16>(what) {
            self.traces.insert(id);
        } else {
            return Err(AskedError { what: what.into() });
        }
        Ok(())
    }

    /// Takes out the ids of a span that was explained. What is left in the end
    /// was found nowhere.
    pub fn remove(&mut self, explanation: &Explanation) {
        if let Ok(id) = <[u8; 8]>::try_from(&*explanation.span_id) {
            self.spans.remove(&id);
        }
        if let Ok(id) = <[u8; 16]>::try_from(&*explanation.trace_id) {
            self.traces.remove(&id);
        }
    }

    /// Something was asked for by its id.
    #[must_use]
    pub fn has_ids(&self) -> bool {
        !self.spans.is_empty() || !self.traces.is_empty()
    }

    /// The ids of spans, in hex.
    pub fn span_ids(&self) -> impl Iterator<Item = String> {
        self.spans.iter().map(|id| hex(id))
    }

    /// The ids of traces, in hex.
    pub fn trace_ids(&self) -> impl Iterator<Item = String> {
        self.traces.iter().map(|id| hex(id))
    }

    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    /// The span, or its trace, was asked for by its id.
    pub(super) fn names(&self, trace_id: &[u8], span_id: &[u8]) -> bool {
        span_id
            .try_into()
            .is_ok_and(|id| self.spans.contains::<[u8; 8]>(&id))
            || trace_id
                .try_into()
                .is_ok_and(|id| self.traces.contains::<[u8; 16]>(&id))
    }
}

/// Exactly so many bytes, in either case.
fn from_hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| Some(digit.to_digit(16)? as u8))
        .collect();
    let digits = digits?;
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_either_case_and_written_in_lower() {
        let mut asked = Asked::default();
        for what in ["00F067aa0ba902B7", "4bf92f3577b34da6A3CE929D0E0E4736"] {
            assert_eq!(asked.add(what), Ok(()));
        }
        assert_eq!(asked.span_ids().collect::<Vec<_>>(), ["00f067aa0ba902b7"]);
        assert_eq!(
            asked.trace_ids().collect::<Vec<_>>(),
            ["4bf92f3577b34da6a3ce929d0e0e4736"]
        );
        let span = 0x00f0_67aa_0ba9_02b7u64.to_be_bytes();
        assert!(asked.names(&[1; 16], &span));
        assert!(!asked.names(&[1; 16], &[1; 8]));
        assert!(!asked.names(&[], &[]));
        assert!(!asked.is_all());
    }

    #[test]
    fn what_is_no_id_is_refused_with_what_would_be() {
        for what in [
            "",
            "ALL",
            "00f067aa0ba902b",
            "00f067aa0ba902b7a",
            "00f067aa0ba902bg",
            "+0f067aa0ba902b7",
            "0x00f067aa0ba902b7",
            "00f067aa-0ba902b7",
            "\u{661}0f067aa0ba902b7",
        ] {
            let error = Asked::default()
                .add(what)
                .map_err(|error| error.to_string());
            assert_eq!(
                error,
                Err(format!(
                    "`{what}` cannot be explained; give `all`, the id of a span (16 hex digits) or the id of a trace (32 hex digits)"
                ))
            );
        }
    }
}
