//! The same as JSON: all flows, none left out.

use serde_json::{Value, json};

use super::text::hex;
use super::{Page, Unlinked};
use crate::flow::{End, Flow, Joined};
use crate::sums::{EdgeSums, Quantiles};

pub(super) fn json(page: &Page<'_>) -> Value {
    let edges = page.sums.edges().map(|(edge, sums)| {
        json!({
            "client": &*edge.client,
            "server": &*edge.server,
            "messaging_system": &*edge.system,
            "destination": &*edge.destination,
            "sums": of_edge(sums),
        })
    });
    let destinations = page.sums.destinations();
    let destinations = destinations.iter().map(|((system, name), sums)| {
        json!({
            "messaging_system": &**system,
            "destination": &**name,
            "sums": sums_of(sums),
        })
    });
    json!({
        "total": sums_of(&page.sums.total()),
        "edges": edges.collect::<Vec<_>>(),
        "destinations": destinations.collect::<Vec<_>>(),
        "unlinked": page.unlinked.iter().map(unlinked).collect::<Vec<_>>(),
        "flows": page.flows.iter().map(flow).collect::<Vec<_>>(),
    })
}

fn sums_of(sums: &EdgeSums) -> Value {
    let [mended, linked, parent] = sums.joined;
    json!({
        "count": sums.count,
        "failed": sums.failed,
        "messages": sums.messages,
        "joined": {"mended": mended, "linked": linked, "parent": parent},
        "waited_seconds": quantiles(&sums.waited),
    })
}

/// A message that several services receive is one message on several edges: it is
/// counted where it waits.
fn of_edge(sums: &EdgeSums) -> Value {
    let mut sums = sums_of(sums);
    if let Some(sums) = sums.as_object_mut() {
        sums.remove("messages");
    }
    sums
}

fn quantiles(of: &Quantiles) -> Value {
    json!({
        "count": of.count(),
        "p50": of.at(50).map(seconds),
        "p95": of.at(95).map(seconds),
        "p99": of.at(99).map(seconds),
        "max": of.max().map(seconds),
    })
}

fn unlinked(of: &Unlinked) -> Value {
    json!({
        "reason": of.reason,
        "why": of.why,
        "service": of.service,
        "messaging_system": of.system,
        "count": of.count,
        "advice": of.advice,
    })
}

fn flow(flow: &Flow) -> Value {
    json!({
        "producer": end(&flow.producer),
        "consumer": end(&flow.consumer),
        "messaging_system": &**flow.system(),
        "destination": &**flow.destination(),
        "message_id": flow.message.as_deref(),
        "joined": flow.joined.as_str(),
        "waited_seconds": flow.waited().map(seconds),
        "failed": flow.is_failed(),
        "again": flow.is_again,
    })
}

fn end(end: &End) -> Value {
    json!({
        "service": &*end.site.service,
        "namespace": &*end.site.namespace,
        "trace_id": hex(&end.context.trace),
        "span_id": hex(&end.context.span),
        "name": &*end.site.name,
        "operation": &*end.site.operation,
        "kind": end.site.kind,
        "status": end.status,
        "start_time_unix_nano": end.start.to_string(),
        "end_time_unix_nano": end.end.to_string(),
    })
}

#[allow(
    clippy::cast_precision_loss,
    reason = "nanoseconds of a hundred days are exact"
)]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// For the order of ways in tables and JSON.
const _: () = assert!(matches!(
    Joined::ALL,
    [Joined::Mended, Joined::Linked, Joined::Parent]
));
