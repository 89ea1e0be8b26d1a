//! Answers that both protocols give.

use http::{HeaderValue, Response, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

use crate::net::serve::{Reply, Unread};
use crate::traces::Accepted;

/// A text for people, to a request that is none of OTLP.
pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Response<Reply> {
    let mut text = text.into();
    text.push('\n');
    let mut response = Response::new(Reply::new(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, kind);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response.extensions_mut().insert(Unread);
    response
}

/// OTLP's partial success, where there is something to tell. That of each signal
/// has the same form.
pub(super) fn partial_success(accepted: &Accepted) -> Option<ExportTracePartialSuccess> {
    let tells = *accepted != Accepted::default();
    tells.then(|| ExportTracePartialSuccess {
        rejected_spans: i64::try_from(accepted.rejected).unwrap_or(i64::MAX),
        error_message: accepted.message.clone(),
    })
}
