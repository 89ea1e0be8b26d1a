//! Reads and writes OTLP trace files.
//!
//! ```text
//! input ─► BatchReader ─► RawBatch::decode ─► (mend) ─► Batch::render ─► BatchWriter ─► Output
//!          one thread      any thread                    any thread       one thread
//! ```
//!
//! A [`BatchReader`] recognises what an input is by its content and cuts it
//! into batches in bounded memory. A batch decodes to OTLP protobuf, whatever
//! it was; what is mended there is rendered again, and JSON that stays JSON
//! stays as it was but for the links. A part of an input that cannot be read is
//! an [`InputFault`] with its place, and reading goes on behind it.
//!
//! # Layout
//!
//! | module | what it knows |
//! |---|---|
//! | `format` | the formats and compressions, by name |
//! | `fault` | what can be wrong with an input, and where |
//! | `read` | recognising an input, and cutting it into batches |
//! | `batch` | decoding and checking a batch |
//! | [`json`] | OTLP/JSON to protobuf and back; new links in an old text |
//! | `render` | a mended batch in the form of the output |
//! | `write` | the output: framing, compression, files that appear when complete |
#![forbid(unsafe_code)]

mod batch;
mod fault;
mod format;
pub mod json;
mod read;
mod render;
mod write;

pub use batch::{Batch, Decoded, RawBatch};
pub use fault::{FaultKind, InputFault, OpenError, Position};
pub use format::{Compression, Encoding, Format, UnknownFormat};
pub use read::{BatchReader, ReadOptions};
pub use render::{Piece, RenderError, Target};
pub use write::{AtomicFile, BatchWriter, Output, OutputError, sync_folder};
