//! A batch taken apart by trace.

use std::collections::HashMap;
use std::ops::Range;

use linkmend_wire::encode::put_bytes_field;
use linkmend_wire::{Fields, WireError};

use crate::items::{LEAVES, RESOURCES, SCOPES};
use crate::traces::Refusal;

const TRACE_ID: u32 = 1;

/// How many bytes of resources and scopes are copied for a batch: for each of its bytes,
/// and for any batch. Each trace has its own copy of them.
const COPIES: usize = 64;
const COPIES_OF_ANY: usize = 16 << 20;

/// A span: where its resource, its scope and itself stand.
struct Leaf {
    resource: usize,
    scope: usize,
    body: Range<usize>,
}

/// What all spans of a resource or a scope have in common.
type Around = Vec<u8>;

/// What is around the spans of a batch, and the spans by trace.
#[derive(Default)]
struct Apart<'b> {
    resources: Vec<Around>,
    scopes: Vec<Around>,
    places: HashMap<&'b [u8], usize>,
    traces: Vec<(&'b [u8], Vec<Leaf>)>,
}

/// The id of a trace, and a batch of its spans.
type Part = (Vec<u8>, Vec<u8>);

/// The parts of a batch, in the order in which their traces come, with their ids in
/// hexadecimal digits; one of spans without an id has none.
///
/// # Errors
///
/// It is not well-formed, or would have to be copied too often.
pub(super) fn parts(batch: &[u8]) -> Result<Vec<Part>, Refusal> {
    let apart = Apart::of(batch).map_err(|error| Refusal::malformed(error.to_string()))?;
    let mut copies = batch
        .len()
        .saturating_mul(COPIES)
        .saturating_add(COPIES_OF_ANY);
    let mut parts = Vec::with_capacity(apart.traces.len());
    for (id, leaves) in &apart.traces {
        let part = apart.part(batch, leaves);
        copies = copies.checked_sub(part.len()).ok_or_else(|| {
            Refusal::permanent(
                "its resources and scopes are too large to be copied for each of its traces \
                 (`partition_traces_by_id`); send smaller batches",
            )
        })?;
        parts.push((hexadecimal(id), part));
    }
    Ok(parts)
}

fn hexadecimal(id: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0');
    // One of zeros says that there is none.
    if id.iter().all(|byte| *byte == 0) {
        return Vec::new();
    }
    id.iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

impl<'b> Apart<'b> {
    fn of(batch: &'b [u8]) -> Result<Self, WireError> {
        let mut apart = Self::default();
        for field in Fields::within(batch, 0..batch.len()) {
            let field = field?;
            if field.number == RESOURCES && field.bytes().is_some() {
                apart.resource(batch, field.body())?;
            }
        }
        Ok(apart)
    }

    fn resource(&mut self, batch: &'b [u8], body: Range<usize>) -> Result<(), WireError> {
        let resource = self.resources.len();
        self.resources.push(around(batch, body.clone(), SCOPES)?);
        for field in Fields::within(batch, body) {
            let field = field?;
            if field.number == SCOPES && field.bytes().is_some() {
                self.scope(batch, resource, field.body())?;
            }
        }
        Ok(())
    }

    fn scope(
        &mut self,
        batch: &'b [u8],
        resource: usize,
        body: Range<usize>,
    ) -> Result<(), WireError> {
        let scope = self.scopes.len();
        self.scopes.push(around(batch, body.clone(), LEAVES)?);
        for field in Fields::within(batch, body) {
            let field = field?;
            if field.number != LEAVES || field.bytes().is_none() {
                continue;
            }
            let leaf = Leaf {
                resource,
                scope,
                body: field.body(),
            };
            self.add(trace_id(batch, field.body())?, leaf);
        }
        Ok(())
    }

    fn add(&mut self, id: &'b [u8], leaf: Leaf) {
        let next = self.traces.len();
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            self.traces.push((id, Vec::new()));
        }
        if let Some((_, leaves)) = self.traces.get_mut(place) {
            leaves.push(leaf);
        }
    }

    /// The batch of one trace.
    fn part(&self, batch: &[u8], leaves: &[Leaf]) -> Vec<u8> {
        let mut out = Vec::new();
        for of_resource in leaves.chunk_by(|a, b| a.resource == b.resource) {
            let first = of_resource.first().map_or(0, |leaf| leaf.resource);
            let mut resource = self.resources.get(first).cloned().unwrap_or_default();
            for of_scope in of_resource.chunk_by(|a, b| a.scope == b.scope) {
                let first = of_scope.first().map_or(0, |leaf| leaf.scope);
                let mut scope = self.scopes.get(first).cloned().unwrap_or_default();
                for leaf in of_scope {
                    let span = batch.get(leaf.body.clone()).unwrap_or_default();
                    put_bytes_field(&mut scope, LEAVES, span);
                }
                put_bytes_field(&mut resource, SCOPES, &scope);
            }
            put_bytes_field(&mut out, RESOURCES, &resource);
        }
        out
    }
}

/// All fields of a message but those that have this number.
fn around(batch: &[u8], body: Range<usize>, number: u32) -> Result<Around, WireError> {
    let mut around = Vec::new();
    for field in Fields::within(batch, body) {
        let field = field?;
        if field.number != number || field.bytes().is_none() {
            around.extend_from_slice(batch.get(field.start..field.end).unwrap_or_default());
        }
    }
    Ok(around)
}

/// The last one counts, as everywhere.
fn trace_id(batch: &[u8], span: Range<usize>) -> Result<&[u8], WireError> {
    let mut id: &[u8] = &[];
    for field in Fields::within(batch, span) {
        let field = field?;
        if field.number == TRACE_ID
            && let Some(bytes) = field.bytes()
        {
            id = bytes;
        }
    }
    Ok(id)
}
