//! OTLP/JSON, both ways, and new links in an old text.
//!
//! opentelemetry-proto has a serde form of the same; it refuses snake-case keys,
//! enum names and `null`, and goes through structs.

mod decode;
mod edit;
mod element;
mod encode;
mod error;
mod exports;
mod hints;
mod layout;
mod patch;
mod quick;
mod scalar;
mod schema;
mod sink;
mod span;
mod stray;

pub(crate) use decode::Decoder;
pub use decode::{decode, decode_by_keys};
pub use edit::PatchError;
pub(crate) use edit::{Edit, apply};
pub(crate) use element::ElementKind;
pub(crate) use encode::encode_elements;
pub use encode::{EncodeError, encode};
pub use error::JsonError;
pub(crate) use exports::{
    ZipkinSpans, check_without_elements, decode_any, decode_jaeger_trace, is_jaeger_trace,
    is_resource_spans, is_zipkin,
};
pub(crate) use layout::Layout;
pub use patch::patch;
pub(crate) use patch::{edits_at, span_edits};
pub(crate) use quick::SpanPlaces;
