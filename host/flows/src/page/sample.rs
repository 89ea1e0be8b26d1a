//! Which flows are on the page where there are too many for it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::flow::Flow;
use crate::sums::Edge;

/// So many flows are on a page.
const MOST: usize = 4_000;
/// Of each edge those that waited longest.
const OF_EDGE: usize = 12;
/// Of all, those that waited longest.
const LONGEST: usize = 100;
/// Of those that failed.
const FAILED: usize = 1_000;

/// The places of the flows that are shown, the most important first: those that
/// waited longest, of all and of each edge, those that failed, and of the rest
/// every so-and-so-many-th.
pub(super) fn places(flows: &[Flow]) -> Vec<usize> {
    if flows.len() <= MOST {
        return (0..flows.len()).collect();
    }
    let mut by_wait: Vec<usize> = (0..flows.len()).collect();
    by_wait.sort_by_key(|place| Reverse(flows.get(*place).and_then(Flow::waited)));
    let mut chosen = Chosen::default();
    for place in by_wait.iter().take(LONGEST) {
        chosen.add(*place);
    }
    let failed = by_wait.iter();
    let failed = failed.filter(|place| flows.get(**place).is_some_and(Flow::is_failed));
    for place in failed.take(FAILED) {
        chosen.add(*place);
    }
    let mut longest: BTreeMap<Edge, usize> = BTreeMap::new();
    for place in by_wait {
        let edge = flows.get(place).map(|flow| Edge::of(flow.as_told()));
        if edge.is_some_and(|edge| within(&mut longest, &edge)) {
            chosen.add(place);
        }
        if chosen.order.len() >= MOST * 3 / 4 {
            break;
        }
    }
    let left = MOST.saturating_sub(chosen.order.len());
    for place in (0..flows.len()).step_by(flows.len().div_ceil(left.max(1))) {
        chosen.add(place);
    }
    chosen.order
}

fn within(counts: &mut BTreeMap<Edge, usize>, edge: &Edge) -> bool {
    if !counts.contains_key(edge) {
        counts.insert(edge.clone(), 0);
    }
    counts.get_mut(edge).is_some_and(|count| {
        *count += 1;
        *count <= OF_EDGE
    })
}

#[derive(Default)]
struct Chosen {
    order: Vec<usize>,
    known: BTreeSet<usize>,
}

impl Chosen {
    fn add(&mut self, place: usize) {
        if self.known.insert(place) {
            self.order.push(place);
        }
    }
}
