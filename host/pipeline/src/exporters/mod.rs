//! Where batches go.

pub mod debug;
pub mod file;
mod otlp_answer;
mod otlp_grpc;
mod otlp_http;
mod sending;

use std::sync::Arc;

use crate::component::{self, SetupError};
use crate::config::{self, Id};
use crate::extensions::file_storage::Storages;
use crate::telemetry::metrics::Metrics;
use sending::{Sender, Sending};

/// Makes an exporter: all is checked that can be checked without opening a
/// connection or writing a file.
///
/// # Errors
///
/// When certificates cannot be read, for one.
pub fn build(
    id: &Id,
    config: &config::Exporter,
    metrics: &Metrics,
    storages: &Storages,
) -> Result<Arc<dyn component::Exporter>, SetupError> {
    let sending =
        |sender: Arc<dyn Sender>, retry: &config::Retry, queue: &Option<config::Queue>| {
            Sending::new(id, sender, retry, queue.as_ref(), metrics, storages).map(shared)
        };
    let built = match config {
        config::Exporter::OtlpGrpc(config) => otlp_grpc::OtlpGrpc::new(config)
            .and_then(|sender| sending(Arc::new(sender), &config.retry, &config.queue)),
        config::Exporter::OtlpHttp(config) => otlp_http::OtlpHttp::new(config)
            .and_then(|sender| sending(Arc::new(sender), &config.retry, &config.queue)),
        // These know their ids.
        config::Exporter::File(config) => return file::File::new(id, config, metrics).map(shared),
        config::Exporter::Debug(config) => {
            return debug::Debug::new(id, config, metrics).map(shared);
        }
    };
    built.map_err(|error| error.within(format_args!("exporters.{id}")))
}

fn shared(exporter: impl component::Exporter + 'static) -> Arc<dyn component::Exporter> {
    Arc::new(exporter)
}
