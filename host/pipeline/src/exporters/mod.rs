//! Where batches go.

mod by_signal;
mod cut;
pub mod debug;
pub mod file;
mod kafka;
mod otlp_answer;
mod otlp_grpc;
mod otlp_http;
mod sending;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::component::{self, SetupError};
use crate::config::{self, Id};
use crate::extensions::file_storage::Storages;
use crate::signal::Signal;
use crate::telemetry::metrics::Metrics;
use by_signal::Each;
use sending::{Sender, Sending};

/// Makes an exporter for the signals of its pipelines: all is checked that can be
/// checked without opening a connection or writing a file.
///
/// # Errors
///
/// When certificates cannot be read, for one.
pub fn build(
    id: &Id,
    config: &config::Exporter,
    signals: &[Signal],
    metrics: &Metrics,
    storages: &Storages,
) -> Result<Arc<dyn component::Exporter>, SetupError> {
    let each = |make: &dyn Fn(Signal) -> Result<Arc<dyn Sender>, SetupError>,
                retry: &config::Retry,
                queue: &Option<config::Queue>| {
        let mut made = BTreeMap::<Signal, Box<dyn component::Exporter>>::new();
        for &signal in signals {
            let sender = make(signal)?;
            let queue = queue.as_ref();
            let sending = Sending::new(id, signal, sender, retry, queue, metrics, storages)?;
            made.insert(signal, Box::new(sending));
        }
        Ok::<_, SetupError>(Each(made))
    };
    let built = match config {
        config::Exporter::OtlpGrpc(config) => each(
            &|signal| Ok(Arc::new(otlp_grpc::OtlpGrpc::new(config, signal)?)),
            &config.retry,
            &config.queue,
        )
        .map(shared),
        config::Exporter::OtlpHttp(config) => each(
            &|signal| Ok(Arc::new(otlp_http::OtlpHttp::new(config, signal)?)),
            &config.retry,
            &config.queue,
        )
        .map(shared),
        config::Exporter::Kafka(config) => kafka::producer(config).and_then(|producer| {
            let sender = |signal| {
                let sender = kafka::Kafka::new(id, config, signal, &producer, metrics);
                Ok::<Arc<dyn Sender>, SetupError>(Arc::new(sender))
            };
            let exporter = each(&sender, &config.retry, &config.queue)?;
            Ok(shared(kafka::Ending {
                exporter,
                producer: Arc::clone(&producer),
            }))
        }),
        // These know their ids.
        config::Exporter::File(config) => {
            return file::File::new(id, config, signals, metrics).map(shared);
        }
        config::Exporter::Debug(config) => {
            return debug::Debug::new(id, config, signals, metrics).map(shared);
        }
    };
    built.map_err(|error| error.within(format_args!("exporters.{id}")))
}

fn shared(exporter: impl component::Exporter + 'static) -> Arc<dyn component::Exporter> {
    Arc::new(exporter)
}
