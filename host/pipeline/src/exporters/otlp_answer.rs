//! What OTLP answers to a batch that was taken: nothing, or that some of it was
//! not (`ExportTraceServiceResponse`; those of the other signals have the same
//! form).

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::Value;

use crate::net::client::{Answered, Unreadable};
use crate::traces::Accepted;

/// The protobuf form.
pub(super) fn of_proto(bytes: &[u8]) -> Answered<Accepted> {
    let response = ExportTraceServiceResponse::decode(bytes);
    let response =
        response.map_err(|error| Unreadable::new(format!("it is no answer of OTLP: {error}")))?;
    let partial = response.partial_success.unwrap_or_default();
    Ok(Accepted {
        rejected: u64::try_from(partial.rejected_spans).unwrap_or_default(),
        message: partial.error_message,
    })
}

/// How each signal calls what was rejected.
const REJECTED: [&str; 4] = [
    "rejectedSpans",
    "rejectedDataPoints",
    "rejectedLogRecords",
    "rejectedProfiles",
];

/// The JSON form.
pub(super) fn of_json(bytes: &[u8]) -> Answered<Accepted> {
    let response = serde_json::from_slice::<Value>(bytes);
    let response =
        response.map_err(|error| Unreadable::new(format!("it is no answer of OTLP: {error}")))?;
    let Some(partial) = response.get("partialSuccess") else {
        return Ok(Accepted::default());
    };
    let rejected = REJECTED.iter().find_map(|name| partial.get(name));
    let rejected = match rejected {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    let message = partial.get("errorMessage").and_then(Value::as_str);
    Ok(Accepted {
        rejected: rejected.unwrap_or_default(),
        message: message.unwrap_or_default().to_owned(),
    })
}
