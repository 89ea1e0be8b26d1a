//! What happens to traces before anyone mends them.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::span::Link;

use crate::arrival::Arrival;
use crate::context::SpanContext;
use crate::random::Random;
use crate::world::{Emitted, Service, World};

/// A damage: each part on its own, and together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// A short name.
    pub name: &'static str,
    /// Of 100 spans on the side of the consumer, how many never get the
    /// context of their messages: no parent of another service, and links as
    /// the next field says.
    pub lost: u64,
    /// What becomes of the links of these.
    pub links: Links,
    /// Every link is there twice.
    pub doubled_links: bool,
    /// The clocks of services differ, by up to four seconds.
    pub skewed: bool,
    /// How the spans arrive.
    pub arrival: Arrival,
}

/// What becomes of the links of a span that lost its contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// All go.
    Dropped,
    /// Some go, and some lose their ids.
    Mixed,
    /// All lose their ids, and keep their attributes (as OpenTelemetry's
    /// specification has it since 1.33).
    Zeroed,
}

const NONE: Damage = Damage {
    name: "intact",
    lost: 0,
    links: Links::Dropped,
    doubled_links: false,
    skewed: false,
    arrival: Arrival::IN_ORDER,
};

/// The kinds of damage.
pub const DAMAGES: &[Damage] = &[
    NONE,
    Damage {
        name: "contexts lost",
        lost: 100,
        ..NONE
    },
    Damage {
        name: "contexts zeroed",
        lost: 100,
        links: Links::Zeroed,
        ..NONE
    },
    Damage {
        name: "some contexts lost, arrival shuffled",
        lost: 50,
        links: Links::Mixed,
        arrival: Arrival::SHUFFLED,
        ..NONE
    },
    Damage {
        name: "contexts lost, clocks apart",
        lost: 100,
        skewed: true,
        ..NONE
    },
    Damage {
        name: "links and batches doubled",
        doubled_links: true,
        arrival: Arrival::DOUBLED,
        ..NONE
    },
    Damage {
        name: "all of it",
        lost: 80,
        links: Links::Mixed,
        doubled_links: true,
        skewed: true,
        arrival: Arrival {
            is_shuffled: true,
            is_doubled: true,
        },
    },
];

impl Damage {
    /// Does it to a world; what is true of the spans stays known.
    pub fn apply(&self, world: &mut World, random: &mut Random) {
        let mut severed = Vec::new();
        for (number, emitted) in world.spans.iter_mut().enumerate() {
            if !emitted.deliveries.is_empty() && random.chance(self.lost) {
                severed.push(number);
                if emitted.has_remote_parent {
                    emitted.span.parent_span_id.clear();
                    emitted.has_remote_parent = false;
                }
            }
        }
        rename_traces(world, &severed, random);
        for number in severed {
            if let Some(emitted) = world.spans.get_mut(number) {
                self.damage_links(emitted, random);
            }
        }
        if self.skewed {
            skew(world, random);
        }
        if self.doubled_links {
            for emitted in &mut world.spans {
                let mut again = emitted.span.links.clone();
                emitted.span.links.append(&mut again);
            }
        }
    }

    fn damage_links(&self, emitted: &mut Emitted, random: &mut Random) {
        let links = std::mem::take(&mut emitted.span.links);
        for (place, mut link) in links.into_iter().enumerate() {
            let mut deliveries = emitted.deliveries.iter_mut();
            if let Some(delivery) = deliveries.find(|delivery| delivery.link == Some(place)) {
                let is_dropped = match self.links {
                    Links::Dropped => true,
                    Links::Mixed => random.chance(50),
                    Links::Zeroed => false,
                };
                if is_dropped {
                    delivery.is_nameless = delivery.is_named_by_link;
                    continue;
                }
                zero(&mut link, random);
            }
            emitted.span.links.push(link);
        }
    }
}

/// Sets the clocks of the services apart.
fn skew(world: &mut World, random: &mut Random) {
    // Two of them, one ahead and one behind, stay under the rule's `clock_skew`.
    const MOST: u64 = 2_000_000_000;
    for service in 0..world.services.len() {
        let is_first = world.services.get(service).is_some_and(Service::sends);
        let by = if world.republishes && is_first {
            0
        } else {
            random.below(MOST)
        };
        // Where messages are sent again, by the service that received them,
        // clocks have the say which producer was the last: there the clock of
        // that service may only be ahead of that of the first one.
        let is_behind = !world.republishes && random.chance(50);
        let spans = world.spans.iter_mut();
        for emitted in spans.filter(|emitted| emitted.service == service) {
            let span = &mut emitted.span;
            for time in [&mut span.start_time_unix_nano, &mut span.end_time_unix_nano] {
                *time = if is_behind { *time - by } else { *time + by };
            }
        }
    }
}

/// Makes the ids of a link invalid in one way or another.
fn zero(link: &mut Link, random: &mut Random) {
    match random.below(4) {
        0 => (link.trace_id, link.span_id) = (Vec::new(), Vec::new()),
        1 => link.trace_id = vec![0; 16],
        2 => link.span_id = vec![0; 8],
        _ => (link.trace_id, link.span_id) = (vec![0; 16], vec![0; 8]),
    }
}

/// A span that lost its parent begins a trace, and its children are in it.
fn rename_traces(world: &mut World, severed: &[usize], random: &mut Random) {
    let mut traces = BTreeMap::new();
    for (number, emitted) in world.spans.iter_mut().enumerate() {
        let context = emitted.context();
        let parent = emitted.span.parent_span_id.as_slice().try_into();
        let parent = parent.map(u64::from_be_bytes).unwrap_or_default();
        let of_parent = traces.get(&parent).copied();
        let is_new = of_parent.is_none() && severed.binary_search(&number).is_ok();
        let own = if is_new {
            SpanContext::random(random).trace_id
        } else {
            context.trace_id
        };
        let trace_id = of_parent.unwrap_or(own);
        traces.insert(context.span_id, trace_id);
        emitted.span.trace_id = trace_id.to_be_bytes().to_vec();
    }
    for emitted in &mut world.spans {
        for delivery in &mut emitted.deliveries {
            if let Some(&trace_id) = traces.get(&delivery.creation.span_id) {
                delivery.creation.trace_id = trace_id;
            }
        }
        for link in &mut emitted.span.links {
            if let Some(trace_id) = traces.get(&SpanContext::linked(link).span_id) {
                link.trace_id = trace_id.to_be_bytes().to_vec();
            }
        }
    }
}
