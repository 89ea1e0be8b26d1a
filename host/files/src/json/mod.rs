//! OTLP/JSON, both ways, and new links in an old text.
//!
//! opentelemetry-proto has a serde form of the same; it refuses snake-case keys,
//! enum names and `null`, and goes through structs.

mod decode;
mod encode;
mod error;
mod patch;
mod scalar;
mod schema;
mod sink;
mod span;

pub(crate) use decode::Decoder;
pub use decode::decode;
pub(crate) use encode::encode_elements;
pub use encode::{EncodeError, encode};
pub use error::JsonError;
pub use patch::{PatchError, patch};
pub(crate) use patch::{apply, elements, span_edits};
pub(crate) use span::Edit;
