//! Where batches come from.

pub mod otlpjsonfile;
