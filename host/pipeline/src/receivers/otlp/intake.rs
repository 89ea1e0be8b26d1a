//! What both protocols have in common: a request is admitted, read, and handed
//! on.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::Incoming;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Limits;
use crate::config::Id;
use crate::net::body::{BodyError, Parts, Patience};
use crate::net::budget::{Budget, Charge};
use crate::telemetry::metrics::ReceiverMetrics;
use crate::telemetry::traces as own;
use crate::traces::{Accepted, Consumer, Refusal, RefusalKind, Traces};

/// What a request takes before anything of it was read.
const BASE: u64 = 4 << 10;

/// When a sender may try again that found no room.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// What requests go through.
pub(super) struct Intake {
    pub(super) id: Id,
    /// `grpc` or `http`.
    pub(super) transport: &'static str,
    pub(super) next: Arc<dyn Consumer>,
    pub(super) metrics: ReceiverMetrics,
    pub(super) budget: Arc<Budget>,
    pub(super) limits: Limits,
    pub(super) stop: CancellationToken,
    /// How it is called where the largest request is configured.
    pub(super) limit_key: &'static str,
}

/// Why a request was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// What came could not be read, or what it was handed to has refused it.
    Refused(Refusal),
    /// It is too large, for a limit of which the text tells.
    TooLarge(String),
    /// It came too slowly; the sender may try again.
    Slow(String),
    /// Its compression is damaged, or it broke off.
    Damaged(String),
    /// A unary call of gRPC without a message, or with several.
    NotOneMessage(&'static str),
    /// The sender does not wait any longer.
    Deadline,
}

impl Failure {
    /// For people.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.message,
            Self::TooLarge(text) | Self::Slow(text) | Self::Damaged(text) => text,
            Self::NotOneMessage(text) => text,
            Self::Deadline => "the deadline of the request has passed",
        }
    }
}

impl Intake {
    /// The span of linkmend's own around a request, below that of its sender.
    pub(super) fn stage(&self, headers: &HeaderMap) -> own::Stage {
        own::Stage::receiver(&self.id, self.transport, Some(headers))
    }

    /// Lets a request in, if there is room.
    pub(super) fn admit(&self) -> Result<Charge, Failure> {
        let charge = self.budget.charge(BASE).map_err(BodyError::NoRoom);
        charge.map_err(|error| self.failure(error))
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
        deadline: Option<Instant>,
        stage: own::Stage,
    ) -> Result<Accepted, Failure> {
        let traces = Traces::new(bytes).map_err(|error| {
            self.metrics.failed();
            Failure::Refused(Refusal::malformed(format!("it is no OTLP traces: {error}")))
        })?;
        let spans = traces.spans();
        let traces = traces.with_deadline(deadline.map(Instant::into_std));
        let taking = stage.run(spans, self.next.take(traces));
        let taken = match deadline {
            None => taking.await,
            Some(deadline) => {
                let Ok(taken) = timeout_at(deadline, taking).await else {
                    let taken = Err(Refusal::retry(Failure::Deadline.message()));
                    self.metrics.taken(spans, &taken);
                    return Err(Failure::Deadline);
                };
                taken
            }
        };
        self.metrics.taken(spans, &taken);
        taken.map_err(Failure::Refused)
    }

    /// Counts a request that did not get as far as to be handed on.
    pub(super) fn count(&self, failure: &Failure) {
        match failure {
            Failure::Refused(refusal) if refusal.is_retryable() => self.metrics.refused(),
            _ => self.metrics.failed(),
        }
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

/// When a sender may try again, where that is known.
pub(super) fn retry_after(failure: &Failure) -> Option<std::time::Duration> {
    match failure {
        Failure::Refused(Refusal {
            kind: RefusalKind::Retry(after),
            ..
        }) => *after,
        _ => None,
    }
}
