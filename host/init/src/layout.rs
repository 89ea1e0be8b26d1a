//! Where linkmend stands in the pipelines of a Collector.

use crate::collector::{Collector, Pipeline, is_of};
use crate::ports::Ports;
use crate::take_over::{self, Taken};
use crate::{Check, InitError};

/// Processors that look at the connection that spans came by, or at what came with
/// the request: they must stand in front.
const OF_CONNECTION: [&str; 1] = ["k8s_attributes"];
/// Processors behind which nothing is known any more of the connection.
const ENDS_CONNECTION: [&str; 3] = ["batch", "tail_sampling", "groupbytrace"];
/// Processors that leave spans as they are, and leave none out.
const HARMLESS: [&str; 5] = [
    "memory_limiter",
    "batch",
    "k8s_attributes",
    "resource_detection",
    "resource",
];
/// Processors that leave spans out.
pub(crate) const SAMPLERS: [&str; 5] = [
    "tail_sampling",
    "probabilistic_sampler",
    "adaptive_tail_sampling",
    "adaptive_sampling",
    "filter",
];

/// How linkmend is put into a Collector's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) hops: Vec<Hop>,
    /// Where linkmend's metrics are.
    pub(crate) metrics_port: u16,
    /// The type of the Collector's exporter to linkmend, by the name that the
    /// file's version of the Collector knows.
    pub(crate) exporter_type: &'static str,
}

/// Pipelines whose spans pass linkmend together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    /// From 1.
    pub(crate) number: usize,
    pub(crate) pipelines: Vec<Pipeline>,
    /// Where linkmend takes spans.
    pub(crate) port: u16,
    pub(crate) way: Way,
}

/// Where spans go from linkmend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// Back to the Collector.
    Loop {
        /// Where the Collector takes them.
        port: u16,
        /// The pipeline that sends them to linkmend.
        front: String,
        /// Its processors.
        processors: Vec<String>,
        /// Those of them that the pipelines behind have no more.
        moved: Vec<String>,
        /// Why linkmend does not send to the backends itself.
        because: String,
    },
    /// Linkmend sends them to the backends.
    Behind(Vec<Taken>),
}

impl Plan {
    /// The Collector's exporter to linkmend.
    pub(crate) fn exporter(&self, hop: &Hop) -> String {
        format!("{}/{}", self.exporter_type, hop.name())
    }
}

impl Hop {
    /// The Collector's receiver of what comes back.
    pub(crate) fn receiver(&self) -> String {
        format!("otlp/{}", self.name())
    }

    /// What the components of this hop are called: `linkmend`, `linkmend_2`.
    fn name(&self) -> String {
        numbered("linkmend", self.number)
    }
}

pub(crate) fn numbered(name: &str, number: usize) -> String {
    match number {
        1 => name.to_owned(),
        number => format!("{name}_{number}"),
    }
}

/// Says where linkmend is to stand.
pub(crate) fn plan(collector: &Collector<'_>, check: Check<'_>) -> Result<Plan, InitError> {
    let entries = collector.entries();
    if entries.is_empty() {
        return Err(InitError::new(
            "there is no pipeline of traces with a receiver, and links are of spans: there is \
             nothing for linkmend to do here; give the configuration of the Collector that takes \
             traces",
        ));
    }
    let mut ports = Ports::beside(collector.text);
    let mut hops = Vec::new();
    for pipelines in groups(entries) {
        hops.push(hop(collector, hops.len() + 1, pipelines, &mut ports, check));
    }
    let plan = Plan {
        hops,
        metrics_port: ports.next(18_888),
        exporter_type: exporter_type(collector),
    };
    names_are_free(collector, &plan)?;
    Ok(plan)
}

/// Pipelines with the same receivers and the same front pass linkmend once.
fn groups(entries: Vec<Pipeline>) -> Vec<Vec<Pipeline>> {
    let mut groups: Vec<Vec<Pipeline>> = Vec::new();
    for pipeline in entries {
        let same = groups.iter_mut().find(|group| {
            group.first().is_some_and(|first| {
                first.receivers == pipeline.receivers && front(first) == front(&pipeline)
            })
        });
        match same {
            Some(group) => group.push(pipeline),
            None => groups.push(vec![pipeline]),
        }
    }
    groups
}

fn hop(
    collector: &Collector<'_>,
    number: usize,
    pipelines: Vec<Pipeline>,
    ports: &mut Ports,
    check: Check<'_>,
) -> Hop {
    let port = ports.next(14_317);
    let because = match &pipelines[..] {
        [one] => match behind(collector, one, check) {
            Ok(taken) => {
                return Hop {
                    number,
                    port,
                    pipelines,
                    way: Way::Behind(taken),
                };
            }
            Err(because) => because,
        },
        _ => "its spans go several ways from there".to_owned(),
    };
    let (processors, moved) = pipelines.first().map(front).unwrap_or_default();
    let front = numbered("traces/to_linkmend", number);
    Hop {
        number,
        port,
        pipelines,
        way: Way::Loop {
            port: ports.next(14_417),
            front,
            processors,
            moved,
            because,
        },
    }
}

/// The processors in front of linkmend, and which of them are not behind it.
fn front(pipeline: &Pipeline) -> (Vec<String>, Vec<String>) {
    let processors = &pipeline.processors;
    let ends = processors.iter().position(|id| is_of(id, &ENDS_CONNECTION));
    let known = processors.iter().take(ends.unwrap_or(processors.len()));
    let last = known.clone().rposition(|id| is_of(id, &OF_CONNECTION));
    let first = last.map_or(0, |last| last + 1);
    let moved = processors.iter().take(first);
    let moved = moved.filter(|id| !is_of(id, &["memory_limiter"]));
    let moved: Vec<_> = moved.cloned().collect();
    let limiters = processors
        .iter()
        .filter(|id| is_of(id, &["memory_limiter"]));
    let in_front = limiters.cloned().chain(moved.iter().cloned()).collect();
    (in_front, moved)
}

/// The exporters that linkmend takes over, or why it does not.
fn behind(
    collector: &Collector<'_>,
    pipeline: &Pipeline,
    check: Check<'_>,
) -> Result<Vec<Taken>, String> {
    if let Some(id) = pipeline.processors.iter().find(|id| !is_of(id, &HARMLESS)) {
        return Err(if is_of(id, &SAMPLERS) {
            format!("linkmend must see spans before `{id}` leaves some out")
        } else {
            format!("linkmend is to see spans before `{id}` changes them")
        });
    }
    let exporters = pipeline.exporters.iter();
    exporters
        .map(|id| {
            if collector.is_connector(id) {
                return Err(format!("the connector `{id}` is the Collector's"));
            }
            take_over::exporter(collector, id, check)
        })
        .collect()
}

/// Newer Collectors call it `otlp_grpc`, older ones know `otlp` alone; whoever has
/// the newer names in the file has a newer one.
fn exporter_type(collector: &Collector<'_>) -> &'static str {
    const NEWER: [&str; 2] = ["otlp_grpc", "otlp_http"];
    let exporters = collector.value.get("exporters");
    let exporters = exporters.and_then(serde_json::Value::as_object);
    let mut ids = exporters.into_iter().flat_map(|exporters| exporters.keys());
    if ids.any(|id| NEWER.contains(&crate::collector::kind(id))) {
        "otlp_grpc"
    } else {
        "otlp"
    }
}

/// A file that this was done to already is left alone.
fn names_are_free(collector: &Collector<'_>, plan: &Plan) -> Result<(), InitError> {
    for hop in &plan.hops {
        let mut taken = vec![(vec!["exporters"], plan.exporter(hop))];
        if let Way::Loop { front, .. } = &hop.way {
            taken.push((vec!["receivers"], hop.receiver()));
            taken.push((vec!["service", "pipelines"], front.clone()));
        }
        for (section, id) in taken {
            if collector.has(&section, &id) {
                let section = section.join(".");
                return Err(InitError::new(format!(
                    "`{section}.{id}` is there already: linkmend seems to be in the way of this \
                     Collector; give the file as it was before that"
                )));
            }
        }
    }
    Ok(())
}
