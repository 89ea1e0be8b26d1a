//! The fuzz targets: functions of any bytes, which panic at a fault.

use super::batch::traces;
use super::choices::Choices;
use super::encode::encode;
use super::mutate::mutate;
use super::select::Wanted;
use super::{checks, located, values};

/// Decisions, by the first bytes, and a batch, by the others: as they are, or
/// made of the decisions that they stand for, so that a fuzzer need not find
/// out on its own what a batch looks like.
pub fn split(data: &[u8]) -> (Choices<'_>, Vec<u8>) {
    let (head, rest) = data.split_at(data.len().min(8));
    let mut seed = [0; 8];
    seed[..head.len()].copy_from_slice(head);
    let bytes = if seed[0] & 1 == 0 {
        rest.to_vec()
    } else {
        let mut choices = Choices::from_bytes(rest);
        let batch = traces(&mut choices);
        encode(&batch, &mut Choices::seeded(u64::from_le_bytes(seed)))
    };
    (Choices::seeded(u64::from_le_bytes(seed)), bytes)
}

/// Walks over a batch that may be damaged, cuts a subset out of it, and locates
/// the fields of the same spans.
pub fn walk(data: &[u8]) {
    let (mut choices, mut bytes) = split(data);
    if choices.one_in(2) {
        mutate(&mut bytes, &mut choices);
    }
    let wanted = Wanted::random(&mut choices);
    checks::selection(&bytes, &wanted);
    values::check(&bytes);
    located::check(&bytes, &wanted, &mut choices);
}

/// Edits the links of some spans of a batch.
pub fn splice(data: &[u8]) {
    let (mut choices, mut bytes) = split(data);
    if choices.one_in(4) {
        mutate(&mut bytes, &mut choices);
    }
    let wanted = match choices.below(2) {
        0 => Wanted::everything(),
        _ => Wanted::random(&mut choices),
    };
    checks::edits(&bytes, &wanted, &mut choices);
}
