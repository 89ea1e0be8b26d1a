//! Counting spans without looking into them.

use crate::error::WireError;
use crate::fields::{Fields, Value};
use crate::otlp::{resource_spans, scope_spans, traces_data};

/// How many spans a batch has. Walks over resources and scopes alone: what is
/// inside of spans may still be wrong.
///
/// # Errors
///
/// When what is around the spans is not well-formed.
pub fn count_spans(batch: &[u8]) -> Result<usize, WireError> {
    let mut spans = 0;
    for resource in messages(batch, 0..batch.len(), traces_data::RESOURCE_SPANS) {
        for scope in messages(batch, resource?, resource_spans::SCOPE_SPANS) {
            for span in messages(batch, scope?, scope_spans::SPANS) {
                span?;
                spans += 1;
            }
        }
    }
    Ok(spans)
}

type Part = core::ops::Range<usize>;

/// The messages of one field of a message.
fn messages(
    batch: &[u8],
    message: Part,
    number: u32,
) -> impl Iterator<Item = Result<Part, WireError>> {
    Fields::within(batch, message).filter_map(move |field| match field {
        Ok(field) if field.number == number => match field.value {
            Value::Bytes(_) => Some(Ok(field.body())),
            _ => None,
        },
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}
