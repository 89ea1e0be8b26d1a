//! A line becomes a batch, and the batch is handed on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use linkmend_files::json;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::Id;
use crate::signal::Signal;
use crate::telemetry::logs::Throttle;
use crate::telemetry::metrics::ReceiverMetrics;
use crate::telemetry::traces::ComponentSpan;
use crate::traces::{ConsumeResult, Consumer, RefusalKind, Traces};

/// The first wait before a batch is handed on again, and the longest.
const WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(30)];
/// How long a batch may still take that is on its way when all is to end.
const GRACE: Duration = Duration::from_secs(5);

/// Where a line stands, for people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) path: &'a Path,
    /// From 1; not known when the file was not read from its beginning.
    pub(super) line: Option<u64>,
    /// Bytes before it.
    pub(super) offset: u64,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}", self.path.display()),
            None => write!(
                f,
                "{}, the line at byte {}",
                self.path.display(),
                self.offset
            ),
        }
    }
}

/// Hands lines on, from a thread that may block.
pub(super) struct HandOver {
    id: Id,
    metrics: ReceiverMetrics,
    next: Arc<dyn Consumer>,
    runtime: Handle,
    stop: CancellationToken,
    said_bad: Throttle,
    said_refused: Throttle,
    said_again: Throttle,
    said_other: bool,
}

impl HandOver {
    pub(super) fn new(
        id: Id,
        metrics: ReceiverMetrics,
        next: Arc<dyn Consumer>,
        runtime: Handle,
        stop: CancellationToken,
    ) -> Self {
        Self {
            id,
            metrics,
            next,
            runtime,
            stop,
            said_bad: Throttle::default(),
            said_refused: Throttle::default(),
            said_again: Throttle::default(),
            said_other: false,
        }
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits for so long, unless all is to end.
    pub(super) fn wait(&self, time: Duration) {
        let stopped = self.stop.cancelled();
        // Either is a reason to look again.
        let _ = self
            .runtime
            .block_on(async { timeout(time, stopped).await });
    }

    /// Hands a line on; one that cannot be read is told of.
    pub(super) fn line(&mut self, line: &[u8], place: Place<'_>) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        match json::decode(line) {
            Ok(traces) => self.batch(traces, place),
            Err(_) if is_other_signal(line) => self.other_signal(place),
            Err(error) => {
                let path = if error.path.is_empty() {
                    String::new()
                } else {
                    format!("{}: ", error.path)
                };
                let text = format!("column {}: {path}{}", error.column, error.reason);
                self.bad(&text, place);
            }
        }
    }

    /// Tells of a line that is no batch.
    pub(super) fn bad(&self, text: &str, place: Place<'_>) {
        self.metrics.failed();
        self.said_bad.tell(|more| {
            tracing::error!(receiver = %self.id, "{place}: {text}; the line is skipped{more}");
        });
    }

    fn other_signal(&mut self, place: Place<'_>) {
        if !self.said_other {
            self.said_other = true;
            tracing::warn!(
                receiver = %self.id,
                "{place}: it has no traces but another signal; such lines are skipped"
            );
        }
    }

    fn batch(&self, traces: Vec<u8>, place: Place<'_>) {
        let traces = match Traces::new(traces.into()) {
            Ok(traces) => traces,
            Err(error) => return self.bad(&error.to_string(), place),
        };
        let spans = traces.items();
        let taken = self.runtime.block_on(self.until_taken(traces, place));
        let Some(taken) = taken else { return };
        self.metrics.taken(Signal::Traces, spans, &taken);
        match taken {
            Ok(accepted) if accepted.rejected > 0 => self.said_refused.tell(|more| {
                let (count, text) = (accepted.rejected, accepted.message);
                tracing::warn!(receiver = %self.id, "{place}: {count} spans were refused: {text}{more}");
            }),
            Ok(_) => {}
            Err(refusal) => self.said_refused.tell(|more| {
                tracing::error!(receiver = %self.id, "{place}: it was refused for good: {refusal}{more}");
            }),
        }
    }

    /// Hands a batch on until it is taken, or refused for good; `None` if all
    /// ends before.
    async fn until_taken(&self, traces: Traces, place: Place<'_>) -> Option<ConsumeResult> {
        let [mut wait, longest] = WAITS;
        loop {
            let taken = self.once(traces.clone()).await?;
            let Err(refusal) = &taken else {
                return Some(taken);
            };
            let RefusalKind::Retry(after) = refusal.kind else {
                return Some(taken);
            };
            let pause = after.unwrap_or(wait);
            self.said_again.tell(|more| {
                tracing::warn!(receiver = %self.id, "{place}: it is handed on again in {pause:?}: {refusal}{more}");
            });
            self.stop.run_until_cancelled(sleep(pause)).await?;
            wait = (wait * 2).min(longest);
        }
    }

    /// When all is to end, what is on its way has a little time left.
    async fn once(&self, traces: Traces) -> Option<ConsumeResult> {
        let stage = ComponentSpan::receiver(&self.id, Signal::Traces, "file", None);
        let taking = stage.run(traces.items(), self.next.take(traces));
        let mut taking = std::pin::pin!(taking);
        tokio::select! {
            taken = &mut taking => Some(taken),
            () = self.stop.cancelled() => timeout(GRACE, taking).await.ok(),
        }
    }
}

/// An object of one of OTLP's other signals.
fn is_other_signal(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Other {
        #[serde(rename = "resourceMetrics", alias = "resource_metrics")]
        #[serde(alias = "resourceLogs", alias = "resource_logs")]
        #[serde(alias = "resourceProfiles", alias = "resource_profiles")]
        other: IgnoredAny,
    }
    serde_json::from_slice::<Other>(line).is_ok_and(|Other { other: IgnoredAny }| true)
}
