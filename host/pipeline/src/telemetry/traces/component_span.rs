//! A batch in a component, as a span.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config::Id;
use crate::signal::Signal;
use crate::traces::ConsumeResult;

/// The way of a batch through one component. It costs next to nothing where
/// linkmend's own spans go nowhere.
pub struct ComponentSpan(Span);

/// Spans are made at one place, since their target and fields are constants.
macro_rules! stage {
    ($kind:literal, $($name:tt)+) => {
        ComponentSpan(info_span!(
            // `OWN`, which the macro wants as a literal.
            target: "linkmend_pipeline::own",
            "stage",
            otel.name = %format_args!($($name)+),
            otel.kind = $kind,
            otel.status_code = Empty,
            otel.status_description = Empty,
            transport = Empty,
            items = Empty,
            rejected = Empty,
        ))
    };
}

impl ComponentSpan {
    /// In a receiver: the root, or below what the sender says in `headers`.
    pub fn receiver(id: &Id, signal: Signal, transport: &str, headers: Option<&HeaderMap>) -> Self {
        let data = match signal {
            Signal::Traces => "TraceData",
            Signal::Metrics => "Metrics",
            Signal::Logs => "Logs",
            Signal::Profiles => "Profiles",
        };
        let stage = stage!("server", "receiver/{id}/{data}Received");
        if stage.0.is_disabled() {
            return stage;
        }
        stage.0.record("transport", transport);
        if let Some(headers) = headers {
            let parent = TraceContextPropagator::new().extract(&Headers(headers));
            // It fails where no spans are made, which is no loss.
            let _ = stage.0.set_parent(parent);
        }
        stage
    }

    /// In a processor; to be called inside of the future of
    /// [`Consumer::take`](crate::traces::Consumer::take), since what runs then is
    /// its parent.
    pub fn processor(id: &Id) -> Self {
        stage!("internal", "processor/{id}/TraceDataProcessed")
    }

    /// In an exporter; to be called as [`Self::processor`].
    pub fn exporter(id: &Id, signal: Signal) -> Self {
        stage!("client", "exporter/{id}/{signal}")
    }

    /// Runs what is done with so many items in the stage, and notes what became
    /// of them.
    pub async fn run(
        self,
        items: usize,
        taking: impl Future<Output = ConsumeResult>,
    ) -> ConsumeResult {
        let Self(span) = self;
        let taken = taking.instrument(span.clone()).await;
        if span.is_disabled() {
            return taken;
        }
        span.record("items", items);
        match &taken {
            Ok(accepted) if accepted.rejected > 0 => {
                span.record("rejected", accepted.rejected);
            }
            Ok(_) => {}
            Err(refusal) => {
                span.record("otel.status_code", "error");
                span.record("otel.status_description", refusal.message.as_str());
            }
        }
        taken
    }
}

/// Tells the next hop in which span this is called (`traceparent`), if in any.
pub fn propagate(headers: &mut HeaderMap) {
    let span = Span::current();
    if !span.is_disabled() {
        let mut headers = HeadersMut(headers);
        TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    }
}

struct Headers<'h>(&'h HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct HeadersMut<'h>(&'h mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = HeaderName::from_bytes(key.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value))
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}
