//! What OTLP answers to a batch that was taken: nothing, or that some of its
//! spans were not (`ExportTraceServiceResponse`).

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::Value;

use crate::traces::Accepted;

/// Said when the answer makes no sense: what counts is that the batch was taken.
const UNREADABLE: &str = "its answer cannot be read";

/// The protobuf form.
pub(super) fn of_proto(bytes: &[u8]) -> Accepted {
    let Ok(response) = ExportTraceServiceResponse::decode(bytes) else {
        return unreadable();
    };
    let partial = response.partial_success.unwrap_or_default();
    Accepted {
        rejected_spans: u64::try_from(partial.rejected_spans).unwrap_or_default(),
        message: partial.error_message,
    }
}

/// The JSON form.
pub(super) fn of_json(bytes: &[u8]) -> Accepted {
    let Ok(response) = serde_json::from_slice::<Value>(bytes) else {
        return unreadable();
    };
    let Some(partial) = response.get("partialSuccess") else {
        return Accepted::default();
    };
    let rejected = match partial.get("rejectedSpans") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    let message = partial.get("errorMessage").and_then(Value::as_str);
    Accepted {
        rejected_spans: rejected.unwrap_or_default(),
        message: message.unwrap_or_default().to_owned(),
    }
}

pub(super) fn unreadable() -> Accepted {
    Accepted {
        rejected_spans: 0,
        message: UNREADABLE.into(),
    }
}
