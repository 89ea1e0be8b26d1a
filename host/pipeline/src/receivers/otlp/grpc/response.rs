//! What a call is answered with: a message and trailers, or trailers alone.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use super::frame;
use crate::net::rpc::{Code, Status};
use crate::net::serve::Reply;
use crate::receivers::otlp::failure::{Failure, retry_after};
use crate::receivers::otlp::plain::partial_success;
use crate::traces::{Accepted, RefusalKind};

/// The longest text in a header; clients bound what they take.
const LONGEST: usize = 1024;

/// A batch was taken.
pub(super) fn accepted(accepted: &Accepted) -> Response<Reply> {
    let message = ExportTraceServiceResponse {
        partial_success: partial_success(accepted),
    };
    self::message(frame::write(&message.encode_to_vec()))
}

/// A message in its frame; all is well.
pub(super) fn message(framed: Bytes) -> Response<Reply> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    response(Reply::with_trailers(framed, trailers))
}

/// A message in its frame, and another one at the end.
pub(super) fn stream(
    framed: Bytes,
    end: impl Future<Output = (Bytes, HeaderMap)> + Send + 'static,
) -> Response<Reply> {
    response(Reply::with_end(framed, Box::pin(end)))
}

/// A batch was not taken.
pub(super) fn failed(failure: &Failure) -> Response<Reply> {
    let code = match failure {
        Failure::Refused(refusal) => match refusal.kind {
            RefusalKind::Retry(_) => Code::Unavailable,
            RefusalKind::Malformed => Code::InvalidArgument,
            RefusalKind::Permanent => Code::Internal,
        },
        // Without RetryInfo: it would be too large the next time, too.
        Failure::TooLarge(_) => Code::ResourceExhausted,
        Failure::Slow(_) => Code::Unavailable,
        Failure::Damaged(_) => Code::Internal,
        Failure::NotOneMessage(_) => Code::Unimplemented,
        Failure::Deadline => Code::DeadlineExceeded,
    };
    let mut given = Status::new(code, shortened(failure.message()));
    if let Some(delay) = retry_after(failure) {
        given = given.with_retry_delay(delay);
    }
    status(&given)
}

/// A call that there is not.
pub(super) fn unimplemented(text: &str) -> Box<Response<Reply>> {
    Box::new(status(&Status::new(Code::Unimplemented, text)))
}

/// The answer of another port to a client of gRPC: what it is told is what its
/// user reads.
pub(in crate::receivers::otlp) fn refuse_other_protocol() -> Response<Reply> {
    let text = "this port speaks OTLP/HTTP; OTLP/gRPC has its own (`protocols.grpc`, 4317 by \
                default)";
    *unimplemented(text)
}

/// Trailers alone: they are the headers, and there is no body.
pub(super) fn status(status: &Status) -> Response<Reply> {
    let mut response = response(Reply::default());
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(status.code));
    if let Ok(message) = HeaderValue::try_from(percent_encoded(&status.message)) {
        headers.insert("grpc-message", message);
    }
    if !status.details.is_empty()
        && let Ok(details) = HeaderValue::try_from(STANDARD_NO_PAD.encode(status.encode_to_vec()))
    {
        headers.insert("grpc-status-details-bin", details);
    }
    // The OTLP exporter of Python looks here alone for the time to wait.
    if let Some(retry) = status.retry_info()
        && let Ok(retry) = HeaderValue::try_from(STANDARD_NO_PAD.encode(retry))
    {
        headers.insert("google.rpc.retryinfo-bin", retry);
    }
    response
}

fn response(body: Reply) -> Response<Reply> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/grpc");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, kind);
    response
}

/// The beginning of a text.
fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST))
        .unwrap_or(text)
}

/// `grpc-message`: printable ASCII but for the per cent sign stays.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_printable() {
        assert_eq!(percent_encoded("all is well~"), "all is well~");
        assert_eq!(percent_encoded("5 %\n\u{e9}"), "5 %25%0A%C3%A9");
        let long = "\u{e9}".repeat(LONGEST);
        assert_eq!(shortened(&long).len(), LONGEST);
        assert_eq!(shortened(&format!("x{long}")).len(), LONGEST - 1);
    }

    #[test]
    fn details_are_those_of_the_status() {
        let given = Status::new(Code::Unavailable, "busy");
        let given = given.with_retry_delay(std::time::Duration::from_millis(1500));
        let response = status(&given);
        let details = response.headers().get("grpc-status-details-bin");
        let details = details.map(|details| STANDARD_NO_PAD.decode(details));
        let bytes = details.and_then(Result::ok).unwrap_or_default();
        assert_eq!(Status::decode(bytes.as_slice()), Ok(given));
        // 1 s and 500,000,000 ns.
        let retry = response.headers().get("google.rpc.retryinfo-bin");
        let retry = retry.map(|retry| STANDARD_NO_PAD.decode(retry));
        let bytes = retry.and_then(Result::ok).unwrap_or_default();
        assert_eq!(bytes, b"\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01");
    }
}
