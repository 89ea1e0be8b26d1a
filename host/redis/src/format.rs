//! What stands in the store, byte for byte: see `docs/index-format.md`, which other
//! programs are written after.

use std::cmp::Reverse;

use linkmend::Scope;
use linkmend::index::{Entry, MessageKey, Producer, Text};

/// What follows the prefix of a key: the version of this format.
const VERSION: &[u8] = b":2:";

/// How long the rest of a key is.
pub(crate) const REST: usize = 16;

/// What is kept of a trace state, as in memory.
const LONGEST_TRACE_STATE: usize = 512;

/// How many producers of a message are kept: one more than in memory, so that whoever
/// reads them sees that there were more.
pub const MAX_PRODUCERS_PER_KEY: usize = 17;

/// A value that is longer is made short again by whoever adds to it, if that makes it half
/// as long at least.
const LONG: usize = 2 << 10;

/// A value is no longer than this, but for what several programs add at the same time:
/// twice as long as all that is kept of a message can be.
pub(crate) const LONGEST_VALUE: usize = 20 << 10;

/// The key of a message.
#[must_use]
pub fn key(prefix: &str, scope: Option<Scope>, message: MessageKey) -> Vec<u8> {
    let mut key = beginning(prefix, scope);
    put_rest(&mut key, message);
    key
}

/// What all keys of a scope begin with, with room for the rest of one.
pub(crate) fn beginning(prefix: &str, scope: Option<Scope>) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + VERSION.len() + 16 + REST);
    key.extend_from_slice(prefix.as_bytes());
    key.extend_from_slice(VERSION);
    if let Some(scope) = scope {
        key.extend_from_slice(&scope.to_bytes());
    }
    key
}

/// The rest, of so many bytes.
pub(crate) fn put_rest(key: &mut Vec<u8>, message: MessageKey) {
    key.extend_from_slice(&message.high.to_be_bytes());
    key.extend_from_slice(&message.low.to_be_bytes());
}

/// Adds a producer to a value.
pub fn put_member(value: &mut Vec<u8>, producer: &Producer, trace_state: &[u8]) {
    let trace_state = kept(trace_state);
    let numbers = numbers(producer)
        .map(length_of_number)
        .iter()
        .sum::<usize>();
    put_number(value, (FIXED + numbers + trace_state.len()) as u64);
    put(value, producer, trace_state);
}

/// A producer as a member of a value, without its length. The same producer has the same
/// bytes, whoever writes it.
#[must_use]
pub fn member(producer: &Producer, trace_state: &[u8]) -> Vec<u8> {
    let trace_state = kept(trace_state);
    let mut member = Vec::with_capacity(FIXED + 16 + trace_state.len());
    put(&mut member, producer, trace_state);
    member
}

fn put(member: &mut Vec<u8>, producer: &Producer, trace_state: &[u8]) {
    member.extend_from_slice(&producer.trace_id_high.to_be_bytes());
    member.extend_from_slice(&producer.trace_id_low.to_be_bytes());
    member.extend_from_slice(&producer.span_id.to_be_bytes());
    member.extend_from_slice(&producer.start.to_be_bytes());
    member.push(producer.rank);
    for number in numbers(producer) {
        put_number(member, number);
    }
    member.extend_from_slice(trace_state);
}

fn numbers(producer: &Producer) -> [u64; 3] {
    let time = producer.end.wrapping_sub(producer.start);
    [producer.hint.into(), producer.flags.into(), time]
}

fn kept(trace_state: &[u8]) -> &[u8] {
    match trace_state.len() {
        ..=LONGEST_TRACE_STATE => trace_state,
        _ => &[],
    }
}

/// The ids, the start and the rank of a member.
const FIXED: usize = 16 + 8 + 8 + 1;

/// The members of a value, without their lengths. What is cut off at the end is none.
#[derive(Debug, Clone)]
pub struct Members<'v>(&'v [u8]);

/// See [`Members`].
#[must_use]
pub fn members(value: &[u8]) -> Members<'_> {
    Members(value)
}

impl<'v> Iterator for Members<'v> {
    type Item = &'v [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::try_from(take_number(&mut self.0)?).ok()?;
        let (member, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(member)
    }
}

/// In which order the producers of a message stand: the best first, by rank and then the
/// latest start. `None` when it is no producer.
fn order(member: &[u8]) -> Option<(u8, Reverse<u64>, &[u8])> {
    let (producer, _) = parse(member)?;
    Some((producer.rank, Reverse(producer.start), member))
}

/// The best of some members, each of them once, and no more than are kept.
fn best<'v>(members: impl Iterator<Item = &'v [u8]>) -> Vec<&'v [u8]> {
    let mut ordered: Vec<_> = members.filter_map(order).collect();
    ordered.sort_unstable();
    ordered.dedup();
    let kept = ordered.into_iter().take(MAX_PRODUCERS_PER_KEY);
    kept.map(|(_, _, member)| member).collect()
}

/// A value with the best of another one.
pub(crate) fn shortened(value: &[u8]) -> Vec<u8> {
    value_of(&best(members(value)))
}

/// A value of some members.
fn value_of(members: &[&[u8]]) -> Vec<u8> {
    let mut value = Vec::with_capacity(members.iter().map(|member| member.len() + 2).sum());
    for member in members {
        put_number(&mut value, member.len() as u64);
        value.extend_from_slice(member);
    }
    value
}

/// What is to be done so that members are in a value that is there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// They are, or others are better.
    Nothing,
    /// These are to be added.
    Append(Vec<u8>),
    /// This is to take its place.
    Replace(Vec<u8>),
}

/// What has to be done to `there` so that the members of `added` are in it, as far as they
/// are among the best.
pub(crate) fn change(there: &[u8], added: &[u8]) -> Change {
    let best = best(members(there).chain(members(added)));
    let is_there = |member: &&[u8]| members(there).any(|other| other == *member);
    let new: Vec<_> = best
        .iter()
        .filter(|member| !is_there(member))
        .copied()
        .collect();
    if new.is_empty() {
        return Change::Nothing;
    }
    let new = value_of(&new);
    let whole = there.len() + new.len();
    if whole > LONG {
        let best = value_of(&best);
        if best.len() <= whole / 2 {
            return Change::Replace(best);
        }
    }
    Change::Append(new)
}

/// What of a message was in a value and is not in the one that took its place, though it is
/// among the best of both: others added it meanwhile.
pub(crate) fn lost(before: &[u8], after: &[u8], key: MessageKey) -> Vec<Entry> {
    match change(after, before) {
        Change::Nothing => Vec::new(),
        Change::Append(lost) => members(&lost).filter_map(|one| read(key, one)).collect(),
        Change::Replace(all) => {
            let is_there = |member: &&[u8]| members(after).any(|other| other == *member);
            let lost = members(&all).filter(|member| !is_there(member));
            lost.filter_map(|one| read(key, one)).collect()
        }
    }
}

/// What a member says; `None` when it is none.
#[must_use]
pub fn read(key: MessageKey, member: &[u8]) -> Option<Entry> {
    let (producer, trace_state) = parse(member)?;
    Some(Entry {
        producer: Producer { key, ..producer },
        trace_state: trace_state.into(),
    })
}

/// A producer of whatever message, and its trace state.
fn parse(member: &[u8]) -> Option<(Producer, &[u8])> {
    let mut rest = member;
    let trace_id_high = u64::from_be_bytes(take(&mut rest)?);
    let trace_id_low = u64::from_be_bytes(take(&mut rest)?);
    let span_id = u64::from_be_bytes(take(&mut rest)?);
    let start = u64::from_be_bytes(take(&mut rest)?);
    let [rank] = take(&mut rest)?;
    let hint = u16::try_from(take_number(&mut rest)?).ok()?;
    let flags = u32::try_from(take_number(&mut rest)?).ok()?;
    let end = start.wrapping_add(take_number(&mut rest)?);
    let is_kept = rest.len() <= LONGEST_TRACE_STATE && std::str::from_utf8(rest).is_ok();
    let producer = Producer {
        key: MessageKey { high: 0, low: 0 },
        trace_id_high,
        trace_id_low,
        span_id,
        start,
        end,
        trace_state: Text {
            offset: 0,
            length: 0,
        },
        flags,
        hint,
        rank,
    };
    is_kept.then_some((producer, rest))
}

/// The best producers of a value, which has nearly always one.
pub(crate) fn read_all(key: MessageKey, value: &[u8], found: &mut Vec<Entry>) {
    let mut all = members(value);
    let Some(only) = all.next() else {
        return;
    };
    if all.0.is_empty() {
        found.extend(read(key, only));
        return;
    }
    let best = best(members(value)).into_iter();
    found.extend(best.filter_map(|member| read(key, member)));
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
pub(crate) fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn length_of_number(number: u64) -> usize {
    (u64::BITS - (number | 1).leading_zeros()).div_ceil(7) as usize
}

pub(crate) fn take_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..u64::BITS).step_by(7) {
        let [byte] = take(from)?;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

pub(crate) fn take<const BYTES: usize>(from: &mut &[u8]) -> Option<[u8; BYTES]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests;
