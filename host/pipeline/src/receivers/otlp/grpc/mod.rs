//! OTLP/gRPC: one unary method, on HTTP/2 itself; and the health service of gRPC
//! beside it, since probes ask at the port that they are for.

mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod health;
mod method;
mod request;
mod response;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use tokio::time::Instant;

use self::method::Asks;
use self::request::{Call, Refused};
use super::failure::Failure;
use super::intake::Intake;
use super::plain;
use super::unpack::Packed;
use crate::config::Encoding;
use crate::net::budget::Charge;
use crate::net::serve::{Asked, Handler, Reply};
use crate::signal::Signal;
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
            let call = match Call::new(&asked.request, &self.intake.consumers) {
                Ok(call) => call,
                Err(Refused::NotOtlp(response)) => return *response,
                Err(Refused::Export(response)) => {
                    self.intake.metrics.failed();
                    return *response;
                }
            };
            let signal = match call.asks {
                Asks::Export(signal) => signal,
                Asks::Health(method) => return self.health(&call, method, asked).await,
            };
            let (mut held, version) = (None, asked.request.version());
            let exporting = self.export(&call, signal, asked, &mut held);
            let mut response = match exporting.await {
                Ok(accepted) => response::accepted(&accepted),
                Err(failure) => response::failed(&failure),
            };
            self.intake.settle(&mut response, held, version);
            response
        })
    }
}

impl Grpc {
    async fn export(
        &self,
        call: &Call,
        signal: Signal,
        asked: Asked,
        held: &mut Option<Charge>,
    ) -> Result<Accepted, Failure> {
        let Asked { request, begun } = asked;
        let deadline = call.deadline(begun);
        let stage = self.intake.stage(signal, request.headers());
        let mut outcome = self.intake.outcome(signal);
        let reading = async {
            let charge = self.intake.admit(&request)?;
            let metadata = self.intake.metadata(request.headers());
            let message = self.message(call, request, begun, self.max_size, charge);
            Ok((message.await?, metadata))
        };
        let read = self.intake.read(reading, deadline).await;
        let read = read.inspect_err(|failure| outcome.ended(failure));
        let ((message, charge), metadata) = read?;
        *held = Some(charge);
        self.intake
            .hand_on(message, metadata, deadline, stage, &mut outcome)
            .await
    }

    /// The one message of a call that was let in, and what it takes in memory.
    async fn message(
        &self,
        call: &Call,
        request: Request<Incoming>,
        begun: Instant,
        limit: u64,
        mut charge: Charge,
    ) -> Result<(Bytes, Charge), Failure> {
        let deadline = call.deadline(begun);
        let mut parts = self
            .intake
            .parts(request.into_body(), begun, None, deadline);
        let frame = frame::read(&mut parts, limit, &mut charge).await;
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
            // It matters for JSON alone.
            signal: Signal::Traces,
            limit,
        };
        self.intake.unpack(packed, charge).await
    }
}

/// The handler behind a port.
pub(super) fn handler(intake: Intake, max_size: u64) -> Arc<dyn Handler> {
    Arc::new(Grpc { intake, max_size })
}
