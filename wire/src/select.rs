//! Which spans a rule wants to see.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use crate::first_bytes::FirstBytes;

/// Which spans to select. A span is selected when at least one condition
/// holds; the empty selector selects nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Bit n: span kind n.
    kinds: u8,
    with_links: bool,
    everything: bool,
    keys: Vec<KeyPattern>,
    /// Which first bytes the patterns have, and which lengths: most keys are
    /// settled by these.
    first_bytes: FirstBytes,
    lengths: Lengths,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyPattern {
    text: Vec<u8>,
    is_prefix: bool,
}

/// Bit n: length n; the last bit: that length and all above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Lengths(u64);

impl Lengths {
    const ALL: Self = Self(u64::MAX);

    fn insert(&mut self, length: usize) {
        self.0 |= 1 << length.min(63);
    }

    #[inline]
    fn contains(self, length: usize) -> bool {
        self.0 >> length.min(63) & 1 == 1
    }
}

impl Selector {
    /// Selects nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Selects every span.
    #[must_use]
    pub fn all() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Also spans of the kind with this number: see
    /// [`crate::otlp::span_kind`]. Numbers above 7 select nothing; OTLP has
    /// none above 5.
    #[must_use]
    pub fn with_kind(mut self, kind: u8) -> Self {
        self.kinds |= 1u8.checked_shl(u32::from(kind)).unwrap_or(0);
        self
    }

    /// Also spans with links.
    #[must_use]
    pub fn with_links(mut self) -> Self {
        self.with_links = true;
        self
    }

    /// Also spans with an attribute of this key.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        self.with_pattern(key, false)
    }

    /// Also spans with an attribute whose key begins like this. The empty
    /// prefix selects every span that has attributes.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        self.with_pattern(prefix, true)
    }

    fn with_pattern(mut self, text: &str, is_prefix: bool) -> Self {
        self.first_bytes.insert(text.as_bytes());
        if is_prefix {
            self.lengths = Lengths::ALL;
        } else {
            self.lengths.insert(text.len());
        }
        self.keys.push(KeyPattern {
            text: text.as_bytes().to_owned(),
            is_prefix,
        });
        self
    }

    /// No span can be selected.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Selects spans of this kind, or with this many links.
    #[inline]
    pub(crate) fn takes_span(&self, kind: u32, links: usize) -> bool {
        self.everything
            || (kind < 8 && self.kinds >> kind & 1 == 1)
            || (self.with_links && links > 0)
    }

    /// Selects spans with an attribute of this key.
    #[inline]
    #[must_use]
    pub fn takes_key(&self, key: &[u8]) -> bool {
        self.first_bytes.may_begin(key)
            && self.lengths.contains(key.len())
            && self.keys.iter().any(|pattern| pattern.takes(key))
    }
}

impl KeyPattern {
    #[inline]
    fn takes(&self, key: &[u8]) -> bool {
        if self.is_prefix {
            key.starts_with(&self.text)
        } else {
            key == self.text
        }
    }
}
