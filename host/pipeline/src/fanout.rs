//! One batch for several consumers.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::traces::{Accepted, BoxFuture, ConsumeResult, Consumer, Refusal, RefusalKind, Traces};

/// Gives each batch to all of several consumers at once.
///
/// The batch is taken when all have taken it. When one is to get it again, the
/// sender is told so, and the others get it a second time: at least once is
/// what OTLP promises.
pub(crate) struct FanOut {
    consumers: Vec<Arc<dyn Consumer>>,
}

impl FanOut {
    /// One consumer is itself.
    pub(crate) fn of(mut consumers: Vec<Arc<dyn Consumer>>) -> Arc<dyn Consumer> {
        match (consumers.pop(), consumers.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                consumers.extend(last);
                Arc::new(Self { consumers })
            }
        }
    }
}

impl Consumer for FanOut {
    fn take(&self, traces: Traces) -> BoxFuture<'_, ConsumeResult> {
        let takings = self.consumers.iter();
        let takings = takings.map(|consumer| consumer.take(traces.clone()));
        let takings = takings.collect();
        Box::pin(async { joined(all(takings).await) })
    }
}

/// Waits for all of them, at the same time.
async fn all(takings: Vec<BoxFuture<'_, ConsumeResult>>) -> Vec<ConsumeResult> {
    let mut takings: Vec<_> = takings
        .into_iter()
        .map(|taking| (Some(taking), None))
        .collect();
    poll_fn(move |context| {
        for (taking, taken) in &mut takings {
            if let Some(future) = taking
                && let Poll::Ready(result) = future.as_mut().poll(context)
            {
                *taking = None;
                *taken = Some(result);
            }
        }
        if takings.iter().any(|(taking, _)| taking.is_some()) {
            return Poll::Pending;
        }
        Poll::Ready(
            takings
                .iter_mut()
                .filter_map(|(_, taken)| taken.take())
                .collect(),
        )
    })
    .await
}

/// What the sender is told: to send it again, if that helps one of them.
fn joined(takens: Vec<ConsumeResult>) -> ConsumeResult {
    let mut accepted = Accepted::default();
    let mut refusal: Option<Refusal> = None;
    for taken in takens {
        match taken {
            Ok(one) => accepted = accepted.and(&one),
            Err(one) => {
                refusal = Some(match refusal {
                    None => one,
                    Some(other) => worse(&other, &one),
                });
            }
        }
    }
    refusal.map_or(Ok(accepted), Err)
}

fn worse(a: &Refusal, b: &Refusal) -> Refusal {
    let kind = match (a.kind, b.kind) {
        (RefusalKind::Retry(a), RefusalKind::Retry(b)) => RefusalKind::Retry(a.max(b)),
        (retry @ RefusalKind::Retry(_), _) | (_, retry @ RefusalKind::Retry(_)) => retry,
        (other, _) => other,
    };
    Refusal {
        kind,
        message: format!("{}; {}", a.message, b.message),
    }
}
