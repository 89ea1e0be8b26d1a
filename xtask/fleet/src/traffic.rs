//! What services export, and when.

use std::time::Duration;

use bytes::Bytes;
use linkmend_hop::grpc::framed;
use linkmend_tests::otlp::{batch, kind, span, text};
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::seen::pair;

/// How often a batch span processor exports, and how many spans at once.
pub const EVERY: Duration = Duration::from_secs(5);
pub const BATCH: usize = 512;

/// How long a message lies in a queue, on average.
const DWELL: f64 = 0.1;

/// What else there is.
const OTHERS: u64 = 1 << 40;

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub services: usize,
    pub messages_per_second: u64,
    /// Spans that are of no message, for each message.
    pub others: u64,
    pub time: Duration,
    pub seed: u64,
}

/// A request of a service.
pub struct Export {
    pub at: Duration,
    pub frame: Bytes,
    pub spans: u64,
    /// The messages whose consumers are in it.
    pub consumed: Vec<u64>,
}

impl Plan {
    pub fn messages(&self) -> u64 {
        (self.messages_per_second as f64 * self.time.as_secs_f64()) as u64
    }

    /// All requests, in the order of their time.
    pub fn exports(&self) -> Vec<Export> {
        let mut chance = fastrand::Rng::with_seed(self.seed);
        let phases: Vec<f64> = (0..self.services)
            .map(|_| chance.f64() * EVERY.as_secs_f64())
            .collect();
        // By service, and by how often it has exported.
        let rounds = self.time.as_secs() / EVERY.as_secs() + 3;
        let empty = || (0..rounds).map(|_| Vec::new()).collect::<Vec<_>>();
        let mut kept: Vec<Vec<Vec<(Span, Option<u64>)>>> = phases.iter().map(|_| empty()).collect();
        let mut keep = |service: usize, at: f64, span: Span, consumed: Option<u64>| {
            let phase = phases.get(service).copied().unwrap_or_default();
            let round = ((at - phase) / EVERY.as_secs_f64()).ceil().max(0.0) as usize;
            let of_service = kept.get_mut(service);
            if let Some(spans) = of_service.and_then(|rounds| rounds.get_mut(round)) {
                spans.push((span, consumed));
            }
        };
        for message in 0..self.messages() {
            let at = message as f64 / self.messages_per_second as f64;
            let (sends, receives) = (chance.usize(..self.services), chance.usize(..self.services));
            let dwell = -DWELL * (1.0 - chance.f64()).ln();
            let (producer, consumer) = pair(message);
            keep(sends, at, producer, None);
            keep(receives, at + dwell.min(3.0), consumer, Some(message));
            for other in 0..self.others {
                let number = OTHERS + message * self.others + other;
                keep(chance.usize(..self.services), at, request(number), None);
            }
        }
        let mut exports = Vec::new();
        for (phase, rounds) in phases.iter().zip(kept) {
            for (round, spans) in rounds.into_iter().enumerate() {
                let at = phase + round as f64 * EVERY.as_secs_f64();
                exports.extend(spans.chunks(BATCH).map(|spans| export(at, spans)));
            }
        }
        exports.sort_by_key(|export| export.at);
        exports
    }
}

fn export(at: f64, spans: &[(Span, Option<u64>)]) -> Export {
    let all = spans.iter().map(|(span, _)| span.clone()).collect();
    Export {
        at: Duration::from_secs_f64(at),
        frame: framed(&batch(all)),
        spans: spans.len() as u64,
        consumed: spans.iter().filter_map(|(_, message)| *message).collect(),
    }
}

fn request(number: u64) -> Span {
    let attributes = vec![
        text("http.request.method", "GET"),
        text("http.route", "/api/carts/{cart}/items"),
        text("server.address", "carts.shop.svc"),
        text("network.protocol.version", "1.1"),
    ];
    span(
        number,
        kind::SERVER,
        "GET /api/carts/{cart}/items",
        attributes,
    )
}
