//! What is told of both files: what was left where, and why; what to mind.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env::VarError;

use linkmend_config::Layers;
use serde_json::Value;

use crate::collector::{Collector, is_of};
use crate::layout::{Hop, Plan, SAMPLERS, Way};

/// In the order in which they matter.
pub(crate) fn of(collector: &Collector<'_>, plan: &Plan) -> Vec<String> {
    let mut notes = Vec::new();
    for hop in &plan.hops {
        notes.push(way(hop));
        notes.extend(samplers(hop));
        notes.extend(batches(hop));
        notes.extend(context(collector, hop));
    }
    notes.extend(variables(plan));
    notes.push(left(collector, plan));
    notes.push(
        "linkmend must see producers and consumers: one for all Collectors that take spans, or one \
         behind a gateway; docs/collector.md has the ways"
            .into(),
    );
    notes
}

fn ids(hop: &Hop) -> String {
    words(hop.pipelines.iter().map(|pipeline| &pipeline.id))
}

fn words<'i>(ids: impl IntoIterator<Item = &'i String>) -> String {
    let ids = ids.into_iter().map(|id| format!("`{id}`"));
    ids.collect::<Vec<_>>().join(", ")
}

fn way(hop: &Hop) -> String {
    let port = hop.port;
    match &hop.way {
        Way::Loop {
            port: back,
            front,
            processors,
            because,
            ..
        } => {
            let front_processors = if processors.is_empty() {
                String::new()
            } else {
                format!(", through {}", words(processors))
            };
            format!(
                "{}: the Collector sends spans to linkmend (`{front}`{front_processors}, to \
                 127.0.0.1:{port}) and gets them back (127.0.0.1:{back}); the rest of the pipeline \
                 is as it was. Why not from linkmend to the backends: {because}",
                ids(hop)
            )
        }
        Way::Behind(taken) => {
            let exporters = words(taken.iter().map(|taken| &taken.id));
            let headers = taken
                .iter()
                .filter_map(|taken| taken.authenticator.as_ref());
            let headers: BTreeSet<_> = headers.collect();
            let headers = if headers.is_empty() {
                String::new()
            } else {
                format!("; a header takes the place of {}", words(headers))
            };
            format!(
                "{}: the Collector sends spans to linkmend (127.0.0.1:{port}), and linkmend to \
                 {exporters}, which it has from the Collector{headers}",
                ids(hop)
            )
        }
    }
}

/// What leaves spans out must stand behind linkmend.
fn samplers(hop: &Hop) -> Vec<String> {
    let Way::Loop {
        processors, moved, ..
    } = &hop.way
    else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    let all = hop
        .pipelines
        .iter()
        .flat_map(|pipeline| &pipeline.processors);
    let samplers: BTreeSet<_> = all.filter(|id| is_of(id, &SAMPLERS)).collect();
    let (in_front, behind): (Vec<_>, Vec<_>) = samplers
        .into_iter()
        .partition(|id| moved.contains(id) || processors.contains(id));
    if !behind.is_empty() {
        notes.push(format!(
            "{} of {} stands behind linkmend, as it must: a producer that is left out can get no \
             link from its consumers. A trace that is kept may have links to one that is not",
            words(behind),
            ids(hop)
        ));
    }
    if !in_front.is_empty() {
        notes.push(format!(
            "{} of {} stands before a processor that needs the sender's connection, and so before \
             linkmend: what it leaves out gets no links. Put it behind that processor, if you can",
            words(in_front),
            ids(hop)
        ));
    }
    notes
}

fn batches(hop: &Hop) -> Option<String> {
    let all = hop
        .pipelines
        .iter()
        .flat_map(|pipeline| &pipeline.processors);
    let batches: BTreeSet<_> = all.filter(|id| is_of(id, &["batch"])).collect();
    if batches.is_empty() {
        return None;
    }
    let where_it_is = match &hop.way {
        Way::Loop { .. } => "behind linkmend, which gets spans as they come",
        Way::Behind(_) => "in front of linkmend",
    };
    Some(format!(
        "{} of {} stays, {where_it_is}: it answers before spans are anywhere but in the Collector's \
         memory, as before. An exporter's `sending_queue` with `batch` and `storage` loses nothing",
        words(batches),
        ids(hop)
    ))
}

/// What comes with a request does not go on with its spans.
fn context(collector: &Collector<'_>, hop: &Hop) -> Option<String> {
    let receivers = hop
        .pipelines
        .iter()
        .flat_map(|pipeline| &pipeline.receivers);
    let with_metadata: BTreeSet<_> = receivers
        .filter(|id| {
            let section = collector.component("receivers", id);
            section.is_some_and(|section| says(section, "include_metadata"))
        })
        .collect();
    if with_metadata.is_empty() {
        return None;
    }
    Some(format!(
        "{} keeps the headers of requests (`include_metadata`), and what comes back from linkmend \
         has them no more: processors and extensions that read them (`from_context`, \
         `metadata_keys`) find none behind linkmend",
        words(with_metadata)
    ))
}

/// Whether a key is `true` somewhere in a value.
fn says(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| (name == key && *value == Value::Bool(true)) || says(value, key)),
        Value::Array(elements) => elements.iter().any(|element| says(element, key)),
        _ => false,
    }
}

/// The environment that linkmend needs, too.
fn variables(plan: &Plan) -> Option<String> {
    let mut exporters = "exporters:\n".to_owned();
    for hop in &plan.hops {
        if let Way::Behind(taken) = &hop.way {
            exporters.extend(taken.iter().map(|taken| taken.lines.as_str()));
        }
    }
    let names = RefCell::new(BTreeSet::new());
    let mut layers = Layers::default();
    // It was read and found good before.
    layers.add(&exporters).ok()?;
    layers.expand(&|name| {
        names.borrow_mut().insert(name.to_owned());
        Err(VarError::NotPresent)
    });
    let names = names.into_inner();
    (!names.is_empty()).then(|| {
        format!(
            "linkmend needs these of the Collector's environment: {}",
            words(&names)
        )
    })
}

fn left(collector: &Collector<'_>, plan: &Plan) -> String {
    let hops = plan.hops.iter().flat_map(|hop| &hop.pipelines);
    let changed: BTreeSet<_> = hops.map(|pipeline| pipeline.id.clone()).collect();
    let others = collector
        .pipelines()
        .into_iter()
        .map(|pipeline| pipeline.id);
    let others: Vec<_> = others.filter(|id| !changed.contains(id)).collect();
    let of_pipelines = if others.is_empty() {
        String::new()
    } else {
        format!(", with {}", words(&others))
    };
    format!("all the rest is left to the Collector as it is{of_pipelines}")
}
