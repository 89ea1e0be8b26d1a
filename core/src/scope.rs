//! Senders apart: which of them see each other's messages.
//!
//! A batch is taken to pieces by scope before a rule sees it, and a rule is given
//! the messages of one scope alone: nothing that a sender says of its messages,
//! and nothing that a rule makes of it, reaches into another one.

use std::fmt;

use bytes::Bytes;
use linkmend_wire::Fields;
use linkmend_wire::encode::put_bytes_field;
use sha2::{Digest, Sha256};

/// Whose messages they are: senders of one scope see those of each other, and no
/// others. A part of a SHA-256, so that nobody can pose as another one but by
/// saying the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope([u8; 16]);

impl Scope {
    /// That of senders that say nothing of themselves.
    pub const NONE: Self = Self([0; 16]);

    /// The scope of those who say this: the values of each key, in the order of
    /// the keys. One that is not there is another one than one that is empty.
    #[must_use]
    pub fn of<'v, V: AsRef<[u8]> + 'v>(keys: impl IntoIterator<Item = &'v [V]>) -> Self {
        let mut naming = Naming::begin(Self::NONE);
        for values in keys {
            naming.number(values.len());
            for value in values {
                naming.text(value.as_ref());
            }
        }
        naming.end()
    }

    /// To be kept somewhere.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// What was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({:032x})", u128::from_be_bytes(self.0))
    }
}

/// What a scope is made of. Each text stands behind its length, so that no two
/// lists of them read the same.
pub(crate) struct Naming(Sha256);

impl Naming {
    pub(crate) fn begin(within: Scope) -> Self {
        let mut sha = Sha256::new();
        sha.update(within.0);
        Self(sha)
    }

    pub(crate) fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &[u8]) {
        self.number(text.len());
        self.0.update(text);
    }

    pub(crate) fn end(self) -> Scope {
        let digest = self.0.finalize();
        let mut scope = [0; 16];
        scope
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        Scope(scope)
    }
}

/// The number of the field of a kept batch that tells its scope: none of OTLP's,
/// so that whoever does not know it passes over it.
const KEPT: u32 = 23_170;

/// Puts the scope that spans came with before a batch of them, to be kept.
#[must_use]
pub fn keep_scope(scope: Scope, traces: &[u8]) -> Bytes {
    let mut kept = Vec::with_capacity(traces.len() + 24);
    put_bytes_field(&mut kept, KEPT, &scope.to_bytes());
    kept.extend_from_slice(traces);
    kept.into()
}

/// Takes the scope off a batch that was kept, if there is one.
#[must_use]
pub fn kept_scope(kept: &Bytes) -> (Option<Scope>, Bytes) {
    let first = Fields::new(kept).next().and_then(Result::ok);
    let scope = first
        .filter(|field| field.number == KEPT)
        .and_then(|field| {
            let bytes = field.bytes()?.try_into().ok()?;
            Some((Scope::from_bytes(bytes), field.end))
        });
    match scope {
        Some((scope, end)) => (Some(scope), kept.slice(end..)),
        None => (None, kept.clone()),
    }
}
