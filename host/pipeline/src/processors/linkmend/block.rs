//! A block of remembered producers, as it is on disk.
//!
//! When it was written, in milliseconds; then for each producer whether it is of a
//! scope, the scope, the key, a length, the layout of so many bytes, which is 1, and what
//! a store that hosts share has of it (a member, `docs/index-format.md`). Numbers are
//! little-endian.

use linkmend::Scope;
use linkmend::index::{MessageKey, Producer};
use linkmend_redis::format;

/// How a producer is written.
const LAYOUT: u8 = 1;

/// Producers that are to be written.
#[derive(Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    pub(super) producers: usize,
}

impl Block {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn add(&mut self, scope: Option<Scope>, producer: &Producer, texts: &[u8]) {
        let start = producer.trace_state.offset as usize;
        let end = start.saturating_add(producer.trace_state.length as usize);
        let member = format::member(producer, texts.get(start..end).unwrap_or_default());
        self.bytes.push(u8::from(scope.is_some()));
        if let Some(scope) = scope {
            self.bytes.extend_from_slice(&scope.to_bytes());
        }
        self.bytes
            .extend_from_slice(&producer.key.high.to_le_bytes());
        self.bytes
            .extend_from_slice(&producer.key.low.to_le_bytes());
        // No more than a kilobyte.
        self.bytes
            .extend_from_slice(&(member.len() as u16 + 1).to_le_bytes());
        self.bytes.push(LAYOUT);
        self.bytes.extend_from_slice(&member);
        self.producers += 1;
    }

    /// The whole of it.
    pub(super) fn end(self, since: u64) -> Vec<u8> {
        [&since.to_le_bytes()[..], &self.bytes].concat()
    }
}

/// When a block was written.
pub(super) fn since(block: &[u8]) -> Option<u64> {
    let (since, _) = block.split_first_chunk()?;
    Some(u64::from_le_bytes(*since))
}

/// Reads the producers of a block, each with its trace state: how many there are, or how
/// many there are before what cannot be read.
pub(super) fn each(
    block: &[u8],
    mut entry: impl FnMut(Option<Scope>, &Producer, &[u8]),
) -> Result<usize, usize> {
    let mut rest = block.get(size_of::<u64>()..).unwrap_or_default();
    let mut count = 0;
    while !rest.is_empty() {
        let (scope, found) = one(&mut rest).ok_or(count)?;
        entry(scope, &found.producer, &found.trace_state);
        count += 1;
    }
    Ok(count)
}

fn one(rest: &mut &[u8]) -> Option<(Option<Scope>, linkmend::index::Entry)> {
    let scope = match take::<1>(rest)? {
        [0] => None,
        [1] => Some(Scope::from_bytes(take(rest)?)),
        _ => return None,
    };
    let key = MessageKey {
        high: u64::from_le_bytes(take(rest)?),
        low: u64::from_le_bytes(take(rest)?),
    };
    let length = u16::from_le_bytes(take(rest)?);
    let (member, left) = rest.split_at_checked(length.into())?;
    *rest = left;
    let member = member.strip_prefix(&[LAYOUT])?;
    Some((scope, format::read(key, member)?))
}

fn take<const BYTES: usize>(rest: &mut &[u8]) -> Option<[u8; BYTES]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}
