//! Spans of linkmend's own: how a batch came, was mended and went on.
//!
//! A [`ComponentSpan`] is a span around the way of a batch through one component. What
//! is above it in the trace comes with the request (W3C Trace Context), and what
//! is below it is told so.

mod component_span;
mod export;

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider,
};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::logs::OWN;
use super::resource::Resource;
use crate::config::TraceExporter;
use crate::traces::Consumer;

use export::Export;

pub use component_span::{ComponentSpan, propagate};

/// The spans of linkmend's own, and where they go.
pub struct InternalTraces {
    provider: SdkTracerProvider,
}

impl InternalTraces {
    /// Sends spans in batches to each consumer, as its configuration says. This
    /// must run inside of the runtime that the consumers need.
    pub fn start(exporters: Vec<(TraceExporter, Arc<dyn Consumer>)>, resource: &Resource) -> Self {
        let attributes = resource.0.iter();
        let attributes = attributes.map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
        let resource = opentelemetry_sdk::Resource::builder_empty()
            .with_attributes(attributes)
            .build();
        let mut builder = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)));
        for (config, consumer) in exporters {
            let batches = BatchConfigBuilder::default()
                .with_scheduled_delay(config.schedule_delay)
                .with_max_queue_size(config.max_queue_size)
                .with_max_export_batch_size(config.max_export_batch_size)
                .build();
            let export = Export::new(consumer, config.sender.timeout);
            let processor = BatchSpanProcessor::builder(export)
                .with_batch_config(batches)
                .build();
            builder = builder.with_span_processor(processor);
        }
        Self {
            provider: builder.build(),
        }
    }

    /// A layer that turns stages into spans, and looks at nothing else.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("linkmend"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(OWN, LevelFilter::TRACE))
    }

    /// Sends what is left. It blocks until that is done: see
    /// `tokio::task::spawn_blocking`.
    pub fn end(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!("not all of linkmend's own spans were sent: {error}");
        }
    }
}
