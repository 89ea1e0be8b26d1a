//! What became of a request, for the metrics: once, however it ended.

use super::failure::Failure;
use crate::signal::Signal;
use crate::telemetry::metrics::ReceiverMetrics;
use crate::traces::{ConsumeResult, Refusal};

/// A request that is counted when it is known what became of it. One that is
/// dropped before that was refused: its sender has gone, and was told nothing.
pub(super) struct Outcome<'m> {
    metrics: &'m ReceiverMetrics,
    signal: Signal,
    /// What it has, as far as is known.
    items: usize,
    is_counted: bool,
}

impl<'m> Outcome<'m> {
    pub(super) fn new(metrics: &'m ReceiverMetrics, signal: Signal) -> Self {
        Self {
            metrics,
            signal,
            items: 0,
            is_counted: false,
        }
    }

    /// What it is of.
    pub(super) fn signal(&self) -> Signal {
        self.signal
    }

    /// It was read, and has so many items.
    pub(super) fn has(&mut self, items: usize) {
        self.items = items;
    }

    /// It was not of its signal.
    pub(super) fn failed(&mut self) {
        self.is_counted = true;
        self.metrics.failed();
    }

    /// It did not get as far as to be handed on.
    pub(super) fn ended(&mut self, failure: &Failure) {
        match failure {
            Failure::Refused(refusal) if refusal.is_retryable() => {
                self.is_counted = true;
                self.metrics.refused();
            }
            _ => self.failed(),
        }
    }

    /// It was handed on, and answered so.
    pub(super) fn taken(&mut self, taken: &ConsumeResult) {
        self.is_counted = true;
        self.metrics.taken(self.signal, self.items, taken);
    }
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        if !self.is_counted {
            let gone = Err(Refusal::retry("the sender has gone"));
            self.metrics.taken(self.signal, self.items, &gone);
        }
    }
}
