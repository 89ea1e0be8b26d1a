//! How an answer is said in the protocol of the request.

use std::convert::Infallible;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;

use super::answer::Answer;
use super::read::Protocol;
use super::status::Status;

pub type Body = UnsyncBoxBody<Bytes, Infallible>;

const RESOURCE_EXHAUSTED: i32 = 8;
const UNAVAILABLE: i32 = 14;

/// What is said; not for those that say nothing.
pub fn response(protocol: Protocol, answer: &Answer) -> Response<Body> {
    match answer {
        Answer::Take | Answer::TakeAfter(_) => success(protocol, None),
        Answer::Partial(rejected, why) => success(
            protocol,
            Some(ExportTracePartialSuccess {
                rejected_spans: *rejected,
                error_message: why.clone(),
            }),
        ),
        Answer::Unavailable(wait) => failure(protocol, 503, UNAVAILABLE, *wait),
        Answer::Throttle(wait) => failure(protocol, 429, RESOURCE_EXHAUSTED, *wait),
        Answer::Refuse { http, grpc } => failure(protocol, *http, *grpc, None),
        Answer::Hang | Answer::Drop | Answer::TakeAndDrop => {
            unreachable!("nothing is said")
        }
    }
}

fn success(protocol: Protocol, partial: Option<ExportTracePartialSuccess>) -> Response<Body> {
    let response = ExportTraceServiceResponse {
        partial_success: partial,
    };
    match protocol {
        Protocol::Grpc => {
            let message = response.encode_to_vec();
            let mut frame = vec![0];
            frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
            frame.extend(message);
            let trailers = HeaderMap::from_iter([(
                "grpc-status".parse().unwrap(),
                HeaderValue::from_static("0"),
            )]);
            let body = Full::from(frame).with_trailers(async { Some(Ok(trailers)) });
            with_type("application/grpc", body.boxed_unsync())
        }
        Protocol::HttpProtobuf => {
            with_type("application/x-protobuf", full(response.encode_to_vec()))
        }
        Protocol::HttpJson => {
            let body = serde_json::to_vec(&response).unwrap();
            with_type("application/json", full(body))
        }
    }
}

fn failure(protocol: Protocol, http: u16, grpc: i32, wait: Option<Duration>) -> Response<Body> {
    let status = Status::new(grpc, "as the test wants it", wait);
    match protocol {
        Protocol::Grpc => {
            let mut response = with_type("application/grpc", full(Vec::new()));
            let headers = response.headers_mut();
            headers.insert("grpc-status", grpc.into());
            headers.insert(
                "grpc-message",
                HeaderValue::from_static("as the test wants it"),
            );
            let details = STANDARD_NO_PAD.encode(status.encode_to_vec());
            headers.insert("grpc-status-details-bin", details.parse().unwrap());
            response
        }
        Protocol::HttpProtobuf | Protocol::HttpJson => {
            let mut response = with_type("application/x-protobuf", full(status.encode_to_vec()));
            *response.status_mut() = http.try_into().unwrap();
            if let Some(wait) = wait {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, wait.as_secs().into());
            }
            response
        }
    }
}

fn with_type(kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn full(content: Vec<u8>) -> Body {
    Full::from(content).boxed_unsync()
}
