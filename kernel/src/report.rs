//! What is told to people: figures, and why spans were or were not mended. JSON.

use linkmend_core::index::{IndexStats, Lookups};
use linkmend_core::{Counts, Explanation, HoldStats, Processor};
use serde_json::{Map, Value, json};

/// All that was done since the kernel was configured.
pub(crate) fn counts(
    processor: &Processor,
    counts: &Counts,
    index: IndexStats,
    lookups: Option<Lookups>,
) -> Vec<u8> {
    let mut all = serde_json::to_value(counts).unwrap_or_default();
    if let Some(all) = all.as_object_mut() {
        all.insert("rule_calls".into(), counts.rule_calls.into());
        all.insert("unnamed_spans".into(), counts.unnamed_spans.into());
    }
    let reasons = counts.reasons.iter();
    let reasons: Vec<Value> = reasons
        .map(|(reason, service, messaging_system, count)| {
            json!({
                "reason": reason,
                "service": service,
                "messaging_system": messaging_system,
                "count": count,
            })
        })
        .collect();
    let systems = counts.systems.iter();
    let systems: Map<String, Value> = systems
        .map(|(system, counts)| {
            let counts = serde_json::to_value(counts).unwrap_or_default();
            (system.to_owned(), counts)
        })
        .collect();
    let rules = processor.rules().into_iter().zip(processor.rule_usage());
    let rules: Vec<Value> = rules
        .map(|(about, usage)| {
            json!({
                "name": about.name,
                "memory": usage.memory,
                "longest_call_ns": usage.longest_call.as_nanos() as u64,
            })
        })
        .collect();
    let shared = lookups.map(|lookups| {
        json!({
            "here": lookups.here,
            "there": lookups.there,
            "nowhere": lookups.nowhere,
        })
    });
    json!({
        "counts": all,
        "shared": shared,
        "reasons": reasons,
        "systems": systems,
        "hold": hold(processor.hold_stats()),
        "index": {
            "entries": index.entries,
            "evicted": index.evicted,
            "expired": index.expired,
        },
        "rules": rules,
    })
    .to_string()
    .into_bytes()
}

fn hold(stats: HoldStats) -> Value {
    json!({
        "held": stats.held,
        "bytes": stats.bytes,
        "held_total": stats.held_total,
        "released_ready": stats.released_ready,
        "released_due": stats.released_due,
        "released_overflow": stats.released_overflow,
        "released_drained": stats.released_drained,
        "given_up": stats.given_up,
    })
}

/// Why spans were or were not mended.
pub(crate) fn explanations(explanations: &[Explanation]) -> Vec<u8> {
    let spans: Vec<Value> = explanations
        .iter()
        .map(|explanation| {
            let rules: Vec<Value> = explanation
                .rules
                .iter()
                .map(|rule| json!({"rule": rule.rule, "text": rule.text}))
                .collect();
            json!({
                "trace_id": explanation.trace_id_hex(),
                "span_id": explanation.span_id_hex(),
                "name": explanation.name,
                "kind": explanation.kind_name(),
                "service": explanation.service,
                "rules": rules,
            })
        })
        .collect();
    Value::from(spans).to_string().into_bytes()
}
