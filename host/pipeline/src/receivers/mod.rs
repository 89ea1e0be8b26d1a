//! Where batches come from.

pub mod kafka;
pub mod otlp;
pub mod otlpjsonfile;

use crate::component::{Receiver, SetupError};
use crate::config::{self, Id};
use crate::telemetry::metrics::Metrics;

/// Makes a receiver: all is checked that can be checked without opening a port
/// or a file of traces.
///
/// # Errors
///
/// When certificates cannot be read, for one.
pub fn build(
    id: &Id,
    config: &config::Receiver,
    metrics: &Metrics,
) -> Result<Box<dyn Receiver>, SetupError> {
    Ok(match config {
        config::Receiver::Otlp(config) => Box::new(otlp::Otlp::new(id, config, metrics)?),
        config::Receiver::OtlpJsonFile(config) => {
            Box::new(otlpjsonfile::OtlpJsonFile::new(id, config, metrics)?)
        }
        config::Receiver::Kafka(config) => Box::new(kafka::Kafka::new(id, config, metrics)?),
    })
}
