//! Spans that are projected, sent after the batch that their flows are in.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use super::elsewhere::OfScope;
use super::flows::Flows;
use super::stage::Stage;
use crate::signal::Signal;
use crate::traces::Traces;

impl Stage {
    /// Looks for flows in a batch that was handed on, and sends the spans that are
    /// projected after it, as a batch of their own.
    pub(super) async fn tell_flows(
        &self,
        batch: Bytes,
        of: OfScope,
        metadata: Option<Arc<HeaderMap>>,
    ) {
        let Some(flows) = self.flows.clone() else {
            return;
        };
        let finder = Arc::clone(&flows);
        let found = self.workers.run(move || finder.take(&batch, of)).await;
        let taken = found.unwrap_or_default();
        self.missed(&flows, &taken.missed);
        self.project(&flows, taken.projected, metadata).await;
    }

    /// Sends spans that are projected, if there are any.
    pub(super) async fn project(
        &self,
        flows: &Flows,
        projected: Vec<u8>,
        metadata: Option<Arc<HeaderMap>>,
    ) {
        if projected.is_empty() {
            return;
        }
        let traces = Traces::checked(Signal::Traces, projected.into()).with_metadata(metadata);
        let spans = traces.items();
        let result = match self.next.take(traces).await {
            Ok(_) => "sent",
            Err(refusal) => {
                self.failed.tell(|more| {
                    tracing::warn!(
                        processor = %self.id, spans, %refusal,
                        "projected spans were not taken{more}"
                    );
                });
                "refused"
            }
        };
        flows.projected(result, spans as u64);
    }
}
