//! OTLP/HTTP: protobuf and JSON, by HTTP/1.1 and HTTP/2.

mod answer;
mod cors;
mod request;
mod settings;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use self::answer::Form;
use self::request::{Call, Refused};
use super::failure::Failure;
use super::grpc;
use super::intake::Intake;
use super::unpack::Packed;
use crate::net::body::{BodyError, Gathered};
use crate::net::budget::Charge;
use crate::net::serve::{Asked, Handler, Reply};
use crate::traces::{Accepted, BoxFuture};

pub(super) use self::settings::Settings;

/// Answers requests of OTLP/HTTP.
struct Http {
    intake: Intake,
    settings: Settings,
}

/// The handler behind a port.
pub(super) fn handler(intake: Intake, settings: Settings) -> Arc<dyn Handler> {
    Arc::new(Http { intake, settings })
}

impl Handler for Http {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<Reply>> {
        Box::pin(async move {
            let cors = self.settings.cors.as_ref();
            let request = asked.request.headers();
            if let Some(cors) = cors
                && asked.request.method() == Method::OPTIONS
                && request.contains_key(http::header::ACCESS_CONTROL_REQUEST_METHOD)
            {
                let response = cors.preflight(request);
                return self.finish(response);
            }
            let headers = cors.map(|cors| cors.headers(request));
            let mut response = self.respond(asked).await;
            if let Some(headers) = headers {
                response.headers_mut().extend(headers);
            }
            self.finish(response)
        })
    }
}

impl Http {
    async fn respond(&self, asked: Asked) -> Response<Reply> {
        let (mut held, version) = (None, asked.request.version());
        let mut response = self.respond_to(asked, &mut held).await;
        self.intake.settle(&mut response, held, version);
        response
    }

    async fn respond_to(&self, asked: Asked, held: &mut Option<Charge>) -> Response<Reply> {
        let call = match Call::new(&asked.request, &self.settings, &self.intake.consumers) {
            Ok(call) => call,
            Err(Refused::OtherProtocol) => return grpc::refuse_other_protocol(),
            Err(Refused::NotOtlp(response)) => return *response,
            Err(Refused::Export(response)) => {
                self.intake.metrics.failed();
                return *response;
            }
        };
        match self.export(&call, asked, held).await {
            Ok(accepted) => answer::accepted(call.signal, &accepted, call.form),
            Err(failure) => answer::failed(&failure, call.form),
        }
    }

    /// What every response has.
    fn finish(&self, mut response: Response<Reply>) -> Response<Reply> {
        let headers = self.settings.response_headers.clone();
        response.headers_mut().extend(headers);
        response
    }

    async fn export(
        &self,
        call: &Call,
        asked: Asked,
        held: &mut Option<Charge>,
    ) -> Result<Accepted, Failure> {
        let Asked { request, begun } = asked;
        let write_timeout = self.settings.write_timeout;
        let deadline = write_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let stage = self.intake.stage(call.signal, request.headers());
        let mut outcome = self.intake.outcome(call.signal);
        let reading = async {
            let mut charge = self.intake.admit(&request)?;
            let metadata = self.intake.metadata(request.headers());
            let body = self.gather(call, request, begun, &mut charge).await;
            let packed = Packed {
                body: body.map_err(|error| self.intake.failure(error))?,
                encoding: call.encoding,
                is_json: call.form == Form::Json,
                signal: call.signal,
                limit: self.settings.max_size,
            };
            Ok((self.intake.unpack(packed, charge).await?, metadata))
        };
        let read = match deadline {
            None => self.intake.read(reading, None).await,
            Some(at) => {
                let read = timeout_at(at, self.intake.read(reading, deadline)).await;
                read.unwrap_or(Err(Failure::Deadline))
            }
        };
        let read = read.inspect_err(|failure| outcome.ended(failure));
        let ((bytes, charge), metadata) = read?;
        *held = Some(charge);
        self.intake
            .hand_on(bytes, metadata, deadline, stage, &mut outcome)
            .await
    }

    async fn gather(
        &self,
        call: &Call,
        request: Request<Incoming>,
        begun: Instant,
        charge: &mut Charge,
    ) -> Result<Bytes, BodyError> {
        let limit = self.settings.max_size;
        let timeout = self.settings.read_timeout;
        let mut parts = self.intake.parts(request.into_body(), begun, timeout, None);
        let mut gathered = Gathered::default();
        while let Some(part) = parts.next().await? {
            if (gathered.len() + part.len()) as u64 > limit {
                return Err(BodyError::TooLarge(limit));
            }
            gathered.push(part, call.length, charge)?;
        }
        Ok(gathered.into_bytes())
    }
}
