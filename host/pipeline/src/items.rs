//! How much a batch has, by one walk over what is around it.

use std::ops::Range;

use linkmend_wire::{ErrorKind, Fields, WireError};

use crate::signal::Signal;

/// All signals are built alike: a batch has resources, these have scopes, and
/// these have spans, metrics, records or profiles, each in the field with this
/// number.
pub(crate) const RESOURCES: u32 = 1;
pub(crate) const SCOPES: u32 = 2;
pub(crate) const LEAVES: u32 = 2;

/// The fields of a metric that have its points, by the kind of metric; and the
/// field in which these have them.
const KINDS_OF_METRICS: [u32; 5] = [5, 7, 9, 10, 11];
const POINTS: u32 = 1;

/// The samples of a profile.
const SAMPLES: u32 = 2;

/// How much a batch has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Spans, metrics, records, profiles.
    pub(crate) leaves: usize,
    /// What is counted of them: spans, points, records, samples.
    pub(crate) items: usize,
}

/// Counts what a batch has. It reads what is around the items, and nothing in
/// them.
///
/// # Errors
///
/// When what it reads is not well-formed.
pub(crate) fn count(signal: Signal, batch: &[u8]) -> Result<Count, WireError> {
    let mut count = Count::default();
    for resource in messages(batch, 0..batch.len(), RESOURCES) {
        for scope in messages(batch, resource?, SCOPES) {
            for leaf in messages(batch, scope?, LEAVES) {
                count.leaves += 1;
                count.items += within(signal, batch, leaf?)?;
            }
        }
    }
    Ok(count)
}

/// How many items there are in a span, a metric, a record or a profile that was
/// read already.
pub(crate) fn items_of(signal: Signal, leaf: &[u8]) -> usize {
    within(signal, leaf, 0..leaf.len()).unwrap_or_default()
}

fn within(signal: Signal, batch: &[u8], leaf: Range<usize>) -> Result<usize, WireError> {
    let mut items = 0;
    match signal {
        Signal::Traces | Signal::Logs => return Ok(1),
        Signal::Profiles => {
            for sample in messages(batch, leaf, SAMPLES) {
                sample?;
                items += 1;
            }
        }
        Signal::Metrics => {
            for field in Fields::within(batch, leaf) {
                let field = field?;
                if KINDS_OF_METRICS.contains(&field.number) && field.bytes().is_some() {
                    for point in messages(batch, field.body(), POINTS) {
                        point?;
                        items += 1;
                    }
                }
            }
        }
    }
    Ok(items)
}

/// The messages of one field of a message.
fn messages(
    batch: &[u8],
    message: Range<usize>,
    number: u32,
) -> impl Iterator<Item = Result<Range<usize>, WireError>> {
    Fields::within(batch, message).filter_map(move |field| match field {
        // What has no messages where they should be is not empty, but wrong.
        Ok(field) if field.number == number => Some(match field.bytes() {
            Some(_) => Ok(field.body()),
            None => Err(WireError {
                kind: ErrorKind::WrongWireType,
                offset: field.start,
            }),
        }),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}
