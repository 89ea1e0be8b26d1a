//! Walks and splices OTLP trace bytes.
//!
//! A batch (`TracesData`, wire-identical to `ExportTraceServiceRequest`) stays
//! what it is, bytes: nothing here decodes it into structs. [`Scan`] walks over
//! it once, refuses what is not well-formed and finds the spans that a
//! [`Selector`] asks for; [`subset()`] cuts those out into a smaller valid
//! message; [`SpanLinks`] and [`splice()`] write spans anew whose links change,
//! and leave every other byte as it was.
//!
//! # Layout
//!
//! | module | what it knows |
//! |---|---|
//! | [`cursor`], [`fields`] | the protobuf wire format: varints, tags, lengths |
//! | [`encode`] | writing the same |
//! | [`otlp`] | OTLP's messages and field numbers |
//! | `schema` | the same as a table, for checking and for error paths |
//! | [`scan`], [`select`], `first_bytes` | finding the selected spans of a batch |
//! | `check` | whether what lies in a batch is well-formed |
//! | `error`, `path` | what can be wrong, and the names of the fields around it |
//! | `count` | counting its spans, for those who need no more |
//! | [`mod@subset`] | a smaller batch of the selected spans |
//! | [`located`] | the selected spans as located fields |
//! | [`links`], [`mod@splice`] | a batch with other links |
//! | [`value`] | reading attributes |
//! | [`walk`] | reading what was checked, for those who do so beside the engine |
//!
//! # What is well-formed
//!
//! Fields in any order, unknown fields of any number at every level, and
//! repeated singular fields (the last wins) are well-formed. Groups,
//! a known field with another wire type, lengths past the end, varints of more
//! than 64 bits, field number 0 and messages nested deeper than
//! [`scan::MAX_DEPTH`] are not. Strings are not checked for UTF-8: they go
//! through as they came.
//!
//! That is what prost decodes, and no more or less, but for two things:
//!
//! - prost skips a well-formed group of a number that it does not know; here
//!   every group is refused.
//! - prost refuses a string that is not UTF-8; here it goes through.
//!
//! And one thing is read in another way: of an array that comes in several
//! pieces, [`value::AnyValue`] reads the last, where prost joins them. Such an
//! array still goes through as it came.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod check;
mod count;
pub mod cursor;
pub mod encode;
mod error;
pub mod fields;
mod first_bytes;
pub mod links;
pub mod located;
pub mod otlp;
mod path;
pub mod scan;
mod schema;
pub mod select;
pub mod splice;
pub mod subset;
pub mod value;
pub mod walk;

pub use count::count_spans;
pub use error::{ErrorKind, WireError};
pub use fields::{Field, Fields, Value};
pub use links::{Fate, SpanLinks};
pub use path::field_path;
pub use scan::{Scan, SelectedSpan};
pub use select::Selector;
pub use splice::{Patch, splice};
pub use subset::{subset, subset_of};
