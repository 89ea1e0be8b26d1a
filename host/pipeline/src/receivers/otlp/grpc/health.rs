//! The health service of gRPC (`grpc.health.v1.Health`), at the port of the
//! receiver.
//!
//! Who is answered here can be sent spans: the receiver opens its ports when all
//! else runs, and closes them first.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use prost::Message;
use tokio_util::sync::CancellationToken;

use super::method::{HEALTH_SERVICE, HealthMethod};
use super::request::Call;
use super::{Grpc, frame, response};
use crate::net::rpc::{Code, Status};
use crate::net::serve::{Asked, Reply};

/// A request is the name of a service, or nothing.
const LARGEST: u64 = 4 << 10;

/// `HealthCheckRequest`.
#[derive(Clone, PartialEq, Message)]
struct Asking {
    #[prost(string, tag = "1")]
    service: String,
}

/// `HealthCheckResponse`.
#[derive(Clone, PartialEq, Message)]
struct Health {
    #[prost(int32, tag = "1")]
    status: i32,
}

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;
const SERVICE_UNKNOWN: i32 = 3;

impl Grpc {
    /// Answers a call of the service. It is not one of OTLP, and counts as none.
    pub(super) async fn health(
        &self,
        call: &Call,
        method: HealthMethod,
        asked: Asked,
    ) -> Response<Reply> {
        let begun = asked.begun;
        let reading = async {
            let charge = self.intake.admit(&asked.request)?;
            self.message(call, asked.request, begun, LARGEST, charge)
                .await
        };
        let read = self.intake.read(reading, call.deadline(begun)).await;
        let asking = match read {
            Ok((message, _charge)) => Asking::decode(message),
            Err(failure) => return response::failed(&failure),
        };
        let Ok(Asking { service }) = asking else {
            let text = "it is no `HealthCheckRequest`";
            return response::status(&Status::new(Code::InvalidArgument, text));
        };
        let status = self.health_of(&service);
        match method {
            HealthMethod::Check if status == SERVICE_UNKNOWN => {
                let text = format!("there is no service `{service}` here");
                response::status(&Status::new(Code::NotFound, text))
            }
            HealthMethod::Check => response::message(said(status)),
            HealthMethod::Watch => {
                let end = end(status, self.intake.stop.clone());
                response::stream(said(status), end)
            }
        }
    }

    fn health_of(&self, service: &str) -> i32 {
        let is_known = service.is_empty()
            || service == HEALTH_SERVICE
            || (self.intake.consumers.signals()).any(|signal| signal.service() == service);
        match is_known {
            false => SERVICE_UNKNOWN,
            true if self.intake.stop.is_cancelled() => NOT_SERVING,
            true => SERVING,
        }
    }
}

fn said(status: i32) -> Bytes {
    frame::write(&Health { status }.encode_to_vec())
}

/// What who watches is told when all ends.
async fn end(status: i32, stop: CancellationToken) -> (Bytes, HeaderMap) {
    stop.cancelled().await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(Code::Unavailable as i32));
    let text = HeaderValue::from_static("linkmend ends");
    trailers.insert("grpc-message", text);
    let status = match status {
        SERVING => NOT_SERVING,
        other => other,
    };
    (said(status), trailers)
}
