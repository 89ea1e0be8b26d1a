//! What the tests and the fuzz targets (`fuzz/`) share: random batches, an
//! encoder that writes them in all the ways that protobuf allows, and the
//! checks against prost, which decodes and edits the same batches as structs.

pub mod batch;
pub mod checks;
pub mod choices;
pub mod edits;
pub mod encode;
pub mod located;
pub mod mutate;
pub mod raw;
pub mod select;
pub mod targets;
pub mod values;
