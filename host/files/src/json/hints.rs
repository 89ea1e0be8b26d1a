//! What to do about an object that is not OTLP.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::JsonError;

type Any = Option<IgnoredAny>;

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    context: Any,
    #[serde(default)]
    links: Any,
    #[serde(default, rename = "SpanContext")]
    go_context: Any,
    #[serde(default, rename = "traceID")]
    jaeger_trace: Any,
    #[serde(default, rename = "spanID")]
    jaeger_span: Any,
    #[serde(default, rename = "operationName")]
    operation: Any,
    #[serde(default, rename = "traceId")]
    trace: Any,
    #[serde(default)]
    id: Any,
    #[serde(default)]
    data: Any,
    #[serde(default)]
    spans: Any,
}

/// The same error, with the way out where the object is known.
pub(super) fn hinted(mut error: JsonError, text: &str) -> JsonError {
    let hint = serde_json::from_str::<Keys>(text)
        .ok()
        .and_then(|keys| hint(&keys));
    if let Some(hint) = hint
        && error.path.is_empty()
    {
        error.reason.push_str(hint);
    }
    error
}

fn hint(keys: &Keys) -> Option<&'static str> {
    if keys.context.is_some() && keys.links.is_some() || keys.go_context.is_some() {
        return Some(
            "; this is what an SDK's console exporter prints: export with OTLP, to a file by the \
             Collector's `file` exporter, or straight to `linkmend run`",
        );
    }
    if keys.jaeger_span.is_some() && keys.operation.is_some() {
        return Some(
            "; this is a span of Jaeger's model by itself: download the whole trace \
             (`{\"data\":[…]}`), or export it from Jaeger's API v3",
        );
    }
    if keys.jaeger_trace.is_some() && keys.spans.is_some() {
        return Some("; this is a trace of Jaeger's by itself: put it into `{\"data\":[…]}`");
    }
    if keys.trace.is_some() && keys.id.is_some() {
        return Some("; this is a span of Zipkin's by itself: put it into an array, `[…]`");
    }
    if keys.spans.is_some() && keys.trace.is_none() {
        return Some(
            "; put the spans into `{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[…]}]}]}`",
        );
    }
    keys.data
        .as_ref()
        .map(|_| "; `data` holds no traces of Jaeger's either, with `traceID` and `spans`")
}
