//! What a request is answered with: in the form in which it came.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::json;

use crate::net::rpc::{Code, Status};
use crate::net::serve::{Reply, Unread};
use crate::receivers::otlp::failure::{Failure, retry_after};
use crate::receivers::otlp::plain::partial_success;
use crate::signal::Signal;
use crate::traces::{Accepted, RefusalKind};

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Protobuf,
    Json,
}

/// A batch was taken.
pub(super) fn accepted(signal: Signal, accepted: &Accepted, form: Form) -> Response<Reply> {
    let partial_success = partial_success(accepted);
    let body = match (form, partial_success) {
        (Form::Protobuf, partial_success) => {
            ExportTraceServiceResponse { partial_success }.encode_to_vec()
        }
        (Form::Json, None) => b"{}".to_vec(),
        (Form::Json, Some(partial)) => {
            // 64-bit integers are texts in JSON.
            let rejected = partial.rejected_spans.to_string();
            let message = partial.error_message;
            let name = match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Metrics => "rejectedDataPoints",
                Signal::Logs => "rejectedLogRecords",
                Signal::Profiles => "rejectedProfiles",
            };
            let partial = json!({name: rejected, "errorMessage": message});
            json!({ "partialSuccess": partial })
                .to_string()
                .into_bytes()
        }
    };
    response(StatusCode::OK, body, form)
}

/// A batch was not taken.
pub(super) fn failed(failure: &Failure, form: Form) -> Response<Reply> {
    // Senders of OTLP/HTTP try again after 429, 502, 503 and 504 alone.
    let (status, code) = match failure {
        Failure::Refused(refusal) => match refusal.kind {
            RefusalKind::Retry(_) => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
            RefusalKind::Malformed => (StatusCode::BAD_REQUEST, Code::InvalidArgument),
            RefusalKind::Permanent => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal),
        },
        Failure::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted),
        Failure::Slow(_) => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
        Failure::Damaged(_) | Failure::NotOneMessage(_) => {
            (StatusCode::BAD_REQUEST, Code::InvalidArgument)
        }
        Failure::Deadline => (StatusCode::GATEWAY_TIMEOUT, Code::DeadlineExceeded),
    };
    error(status, code, failure.message(), retry_after(failure), form)
}

/// An error, with `google.rpc.Status` as its body.
pub(super) fn error(
    status: StatusCode,
    code: Code,
    text: &str,
    retry_after: Option<Duration>,
    form: Form,
) -> Response<Reply> {
    let mut given = Status::new(code, text);
    if let Some(delay) = retry_after {
        given = given.with_retry_delay(delay);
    }
    let body = match form {
        Form::Protobuf => given.encode_to_vec(),
        Form::Json => json!({"code": given.code, "message": given.message})
            .to_string()
            .into_bytes(),
    };
    let mut response = response(status, body, form);
    if let Some(delay) = retry_after {
        // Whole seconds, and not too early.
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        let seconds = HeaderValue::from(seconds.max(1));
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response.extensions_mut().insert(Unread);
    response
}

fn response(status: StatusCode, body: Vec<u8>, form: Form) -> Response<Reply> {
    let mut response = Response::new(Reply::new(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(match form {
        Form::Protobuf => "application/x-protobuf",
        Form::Json => "application/json",
    });
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
