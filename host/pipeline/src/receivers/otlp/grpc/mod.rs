//! OTLP/gRPC: one unary method, on HTTP/2 itself.

mod frame;
mod request;
mod response;

use std::sync::Arc;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use tokio::time::Instant;

use self::request::Call;
use super::intake::{Failure, Intake, size_of};
use super::plain;
use super::unpack::Packed;
use crate::config::Encoding;
use crate::net::serve::{Asked, Handler, Reply};
use crate::traces::{Accepted, BoxFuture};

pub(super) use response::refuse_other_protocol;

/// Answers requests of OTLP/gRPC.
pub(super) struct Grpc {
    pub(super) intake: Intake,
    /// The largest message, in bytes.
    pub(super) max_size: u64,
}

impl Handler for Grpc {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<Reply>> {
        Box::pin(async move {
            if asked.request.version() < Version::HTTP_2 {
                return plain::text(
                    http::StatusCode::BAD_REQUEST,
                    "this port speaks OTLP/gRPC, which is HTTP/2 alone; OTLP/HTTP has its own \
                     port (`protocols.http`, 4318 by default)",
                );
            }
            match Call::new(&asked.request) {
                Ok(call) => match self.export(&call, asked.request, asked.begun).await {
                    Ok(accepted) => response::accepted(&accepted),
                    Err(failure) => response::failed(&failure),
                },
                Err(response) => {
                    self.intake.metrics.failed();
                    *response
                }
            }
        })
    }
}

impl Grpc {
    async fn export(
        &self,
        call: &Call,
        request: Request<Incoming>,
        begun: Instant,
    ) -> Result<Accepted, Failure> {
        let deadline = call.timeout.and_then(|timeout| begun.checked_add(timeout));
        let stage = self.intake.stage(request.headers());
        let mut outcome = self.intake.outcome();
        let reading = async {
            let mut charge = self.intake.admit(size_of(request.headers()))?;
            let mut parts = self
                .intake
                .parts(request.into_body(), begun, None, deadline);
            let frame = frame::read(&mut parts, self.max_size, &mut charge).await;
            let frame = frame.map_err(|error| match error {
                frame::FrameError::Body(error) => self.intake.failure(error),
                frame::FrameError::Protocol(text) => Failure::Damaged(text.into()),
                frame::FrameError::NotOne(text) => Failure::NotOneMessage(text),
            })?;
            let encoding = match (frame.is_compressed, call.encoding) {
                (false, _) => Encoding::Identity,
                (true, Encoding::Identity) => {
                    let text = "the message is compressed, but `grpc-encoding` does not say how";
                    return Err(Failure::Damaged(text.into()));
                }
                (true, encoding) => encoding,
            };
            let packed = Packed {
                body: frame.message,
                encoding,
                is_json: false,
                limit: self.max_size,
            };
            self.intake.unpack(packed, charge).await
        };
        let read = self.intake.read(reading, deadline).await;
        let (message, _charge) = read.inspect_err(|failure| outcome.ended(failure))?;
        self.intake
            .hand_on(message, deadline, stage, &mut outcome)
            .await
    }
}

/// The handler behind a port.
pub(super) fn handler(intake: Intake, max_size: u64) -> Arc<dyn Handler> {
    Arc::new(Grpc { intake, max_size })
}
