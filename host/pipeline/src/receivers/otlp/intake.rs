//! What both protocols have in common: a request is admitted, read, and handed
//! on.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version};
use hyper::body::Incoming;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::limits::Limits;
use super::outcome::Outcome;
use super::unpack::{Packed, UnpackError, Unpacker};
use crate::config::Id;
use crate::net::body::{BodyError, Parts, Patience};
use crate::net::budget::{ANSWER, Budget, Charge, HTTP1_REQUEST, HTTP2_REQUEST};
use crate::net::serve::Reply;
use crate::signal::Signal;
use crate::telemetry::metrics::ReceiverMetrics;
use crate::telemetry::traces as own;
use crate::traces::{Accepted, NextConsumers, Refusal, Traces};

/// When a sender may try again that found no room.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// What requests go through.
pub(super) struct Intake {
    pub(super) id: Id,
    /// `grpc` or `http`.
    pub(super) transport: &'static str,
    pub(super) consumers: NextConsumers,
    pub(super) metrics: ReceiverMetrics,
    pub(super) budget: Arc<Budget>,
    pub(super) unpacker: Unpacker,
    pub(super) limits: Limits,
    pub(super) stop: CancellationToken,
    /// Whether what came with a request goes with its spans.
    pub(super) include_metadata: bool,
    /// How it is called where the largest request is configured.
    pub(super) limit_key: &'static str,
}

impl Intake {
    /// The span of linkmend's own around a request, below that of its sender.
    pub(super) fn stage(&self, signal: Signal, headers: &HeaderMap) -> own::ComponentSpan {
        own::ComponentSpan::receiver(&self.id, signal, self.transport, Some(headers))
    }

    /// What goes on of the headers of a request.
    pub(super) fn metadata(&self, headers: &HeaderMap) -> Option<Arc<HeaderMap>> {
        self.include_metadata.then(|| Arc::new(headers.clone()))
    }

    /// Lets a request in, if there is room.
    pub(super) fn admit<B>(&self, request: &Request<B>) -> Result<Charge, Failure> {
        let itself = match request.version() {
            Version::HTTP_2 => HTTP2_REQUEST,
            _ => HTTP1_REQUEST,
        };
        let copies = 1 + u64::from(self.include_metadata);
        let headers = copies * size_of(request.headers());
        let charge = self
            .budget
            .charge(itself + headers)
            .map_err(BodyError::NoRoom);
        charge.map_err(|error| self.failure(error))
    }

    /// An answer takes something until its client has it: what its request took, or
    /// what there is room for. Where there is none, and a client may have thousands
    /// of answers, it is told in the headers alone, which wait for no window.
    pub(super) fn settle(
        &self,
        response: &mut Response<Reply>,
        charge: Option<Charge>,
        version: Version,
    ) {
        let charge = charge.map_or_else(|| self.budget.charge(ANSWER), Ok);
        match charge {
            Ok(charge) => response.body_mut().hold(charge),
            Err(_) if version == Version::HTTP_2 => response.body_mut().clear(),
            Err(_) => {}
        }
    }

    /// The body of a request that began to come at a time, and may take so
    /// long.
    pub(super) fn parts(
        &self,
        body: Incoming,
        begun: Instant,
        read_timeout: Option<std::time::Duration>,
        deadline: Option<Instant>,
    ) -> Parts<Incoming> {
        let mut until = begun + read_timeout.unwrap_or(self.limits.body);
        if let Some(deadline) = deadline {
            until = until.min(deadline);
        }
        let part = self.limits.body_part;
        Parts::new(body, Patience { part, until })
    }

    /// Reads a request; one that is still coming when all ends has not long to
    /// come.
    pub(super) async fn read<T>(
        &self,
        reading: impl Future<Output = Result<T, Failure>>,
        deadline: Option<Instant>,
    ) -> Result<T, Failure> {
        let ends = async {
            self.stop.cancelled().await;
            sleep(self.limits.stop).await;
        };
        let read = tokio::select! {
            biased;
            read = reading => read,
            () = ends => Err(Failure::Slow("linkmend ends; send it again".into())),
        };
        match read {
            Err(Failure::Slow(_))
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) =>
            {
                Err(Failure::Deadline)
            }
            read => read,
        }
    }

    /// Hands a batch on; `bytes` are OTLP protobuf.
    pub(super) async fn hand_on(
        &self,
        bytes: Bytes,
        metadata: Option<Arc<HeaderMap>>,
        deadline: Option<Instant>,
        stage: own::ComponentSpan,
        outcome: &mut Outcome<'_>,
    ) -> Result<Accepted, Failure> {
        let signal = outcome.signal();
        let batch = self.unpacker.count(signal, bytes).await;
        let batch = batch.map_err(|error| {
            outcome.failed();
            let text = format!("it is no OTLP {signal}: {error}");
            Failure::Refused(Refusal::malformed(text))
        })?;
        let items = batch.items();
        outcome.has(items);
        // As OTLP wants it, and whatever the next hop does: it is how load
        // balancers and SDKs ask whether somebody is there.
        if batch.is_empty() {
            return self.nothing(batch, outcome).await;
        }
        let Some(next) = self.consumers.of(signal) else {
            let refused = Refusal::permanent(format!("no pipeline takes {signal}"));
            outcome.taken(&Err(refused.clone()));
            return Err(Failure::Refused(refused));
        };
        let batch = batch
            .with_deadline(deadline.map(Instant::into_std))
            .with_metadata(metadata);
        let taking = stage.run(items, next.take(batch));
        let taken = match deadline {
            None => taking.await,
            Some(deadline) => {
                let Ok(taken) = timeout_at(deadline, taking).await else {
                    let taken = Err(Refusal::retry(Failure::Deadline.message()));
                    outcome.taken(&taken);
                    return Err(Failure::Deadline);
                };
                taken
            }
        };
        outcome.taken(&taken);
        taken.map_err(Failure::Refused)
    }

    /// A batch without items goes nowhere; what is wrong with one of traces is
    /// told, as for others.
    async fn nothing(
        &self,
        traces: Traces,
        outcome: &mut Outcome<'_>,
    ) -> Result<Accepted, Failure> {
        if traces.signal() == Signal::Traces
            && let Err(error) = self.unpacker.check(traces).await
        {
            outcome.failed();
            let text = format!("it is no OTLP traces: {error}");
            return Err(Failure::Refused(Refusal::malformed(text)));
        }
        let taken = Ok(Accepted::default());
        outcome.taken(&taken);
        Ok(Accepted::default())
    }

    /// A request of which it is not known yet what becomes of it.
    pub(super) fn outcome(&self, signal: Signal) -> Outcome<'_> {
        Outcome::new(&self.metrics, signal)
    }

    /// The batch that a body is.
    pub(super) async fn unpack(
        &self,
        packed: Packed,
        charge: Charge,
    ) -> Result<(Bytes, Charge), Failure> {
        let unpacked = self.unpacker.unpack(packed, charge).await;
        unpacked.map_err(|error| match error {
            UnpackError::Body(error) => self.failure(error),
            UnpackError::Json(signal, error) => {
                let text = format!("it is no OTLP/JSON {signal}: {error}");
                Failure::Refused(Refusal::malformed(text))
            }
            UnpackError::Panicked => {
                Failure::Refused(Refusal::permanent("it cannot be read; see linkmend's log"))
            }
        })
    }

    /// What is wrong with a body, in the words of the configuration.
    pub(super) fn failure(&self, error: BodyError) -> Failure {
        match error {
            BodyError::TooLarge(limit) => Failure::TooLarge(format!(
                "the request is larger than {limit} bytes: send smaller batches, or raise `{}`",
                self.limit_key
            )),
            BodyError::NoRoom(no_room) if no_room.never => Failure::TooLarge(format!(
                "the request takes more than the {} bytes that all requests may take: send \
                 smaller batches, or raise `admission.request_limit_mib`",
                self.budget.limit()
            )),
            BodyError::NoRoom(_) => Failure::Refused(Refusal::retry_after(
                RETRY_AFTER,
                "too many requests at once (`admission.request_limit_mib`)",
            )),
            BodyError::Slow(text) => Failure::Slow(format!("the body was not waited for: {text}")),
            BodyError::Broken(text) => Failure::Damaged(format!("the body broke off: {text}")),
            BodyError::Damaged(text) => {
                Failure::Damaged(format!("the body cannot be decompressed: {text}"))
            }
        }
    }
}

/// What headers take in memory, about.
fn size_of(headers: &HeaderMap) -> u64 {
    const EACH: usize = 128;
    let sizes = headers.iter();
    let sizes = sizes.map(|(name, value)| name.as_str().len() + value.len() + EACH);
    sizes.sum::<usize>() as u64
}

/// What a sender of a signal is told that no pipeline takes.
pub(super) fn not_taken(signal: Signal) -> String {
    let variable = match signal {
        Signal::Traces => "; set OTEL_TRACES_EXPORTER=none where they are not wanted",
        Signal::Metrics => "; set OTEL_METRICS_EXPORTER=none where they are not wanted",
        Signal::Logs => "; set OTEL_LOGS_EXPORTER=none where they are not wanted",
        Signal::Profiles => "",
    };
    format!(
        "no pipeline of linkmend takes {signal} here: add one to its configuration \
         (`service.pipelines.{signal}`){variable}"
    )
}
