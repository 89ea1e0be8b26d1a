//! Spans of the SDK as a batch.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::TracesData;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::signal::Signal;
use crate::telemetry::logs::Throttle;
use crate::traces::{Consumer, Traces};

/// Hands spans to an exporter.
pub(super) struct Export {
    consumer: Arc<dyn Consumer>,
    timeout: Duration,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    failed: Throttle,
}

impl Export {
    pub(super) fn new(consumer: Arc<dyn Consumer>, timeout: Duration) -> Self {
        Self {
            consumer,
            timeout,
            runtime: Handle::current(),
            resource: ResourceAttributesWithSchema::default(),
            failed: Throttle::default(),
        }
    }

    async fn send(&self, spans: Vec<SpanData>) -> Result<(), String> {
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let data = TracesData { resource_spans };
        let traces = Traces::checked(Signal::Traces, data.encode_to_vec().into());
        let (consumer, time) = (Arc::clone(&self.consumer), self.timeout);
        let sending = async move { timeout(time, consumer.take(traces)).await };
        // The SDK calls from a thread of its own. What sending them does is not
        // to be told in spans, which would be sent, and so on.
        let sending = self
            .runtime
            .spawn(sending.with_subscriber(NoSubscriber::default()));
        match sending.await {
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err(refusal))) => Err(refusal.to_string()),
            Ok(Err(_)) => Err(format!("there was no answer for {time:?}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl SpanExporter for Export {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let count = spans.len();
        self.send(spans).await.map_err(|text| {
            self.failed.tell(|more| {
                tracing::warn!("cannot send {count} of linkmend's own spans: {text}{more}");
            });
            OTelSdkError::InternalFailure(text)
        })
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Export")
    }
}
