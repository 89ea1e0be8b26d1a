//! Flows, summed up by edge.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::quantiles::Quantiles;
use crate::flow::{Flow, FlowRef, Joined};

/// What stands for all edges beyond the bound.
const OTHER: &str = "other";

/// How many edges are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SumsOptions {
    /// All others are one, `other`.
    pub max_edges: usize,
}

impl Default for SumsOptions {
    fn default() -> Self {
        Self { max_edges: 1_000 }
    }
}

/// Who sends to whom, over what.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// The producers' service.
    pub client: Arc<str>,
    /// The consumers' service.
    pub server: Arc<str>,
    /// The messaging system; empty: not known.
    pub system: Arc<str>,
    /// Where the messages waited; empty: not known.
    pub destination: Arc<str>,
}

impl Edge {
    /// The edge that a flow is on.
    #[must_use]
    pub fn of(flow: FlowRef<'_>) -> Self {
        Self {
            client: Arc::clone(&flow.producer.site.service),
            server: Arc::clone(&flow.consumer.site.service),
            system: Arc::clone(flow.system()),
            destination: Arc::clone(flow.destination()),
        }
    }

    fn other() -> Self {
        let other: Arc<str> = Arc::from(OTHER);
        Self {
            client: Arc::clone(&other),
            server: Arc::clone(&other),
            system: Arc::clone(&other),
            destination: other,
        }
    }
}

/// What went over an edge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EdgeSums {
    /// Deliveries.
    pub count: u64,
    /// Those of which either span failed.
    pub failed: u64,
    /// Messages, each counted with its first delivery: right for a destination, and
    /// for all of them together.
    pub messages: u64,
    /// Deliveries by how they were joined, in the order of [`Joined::ALL`].
    pub joined: [u64; 3],
    /// How long messages waited. Not of those whose consumer began before its
    /// producer had ended.
    pub waited: Quantiles,
}

impl EdgeSums {
    fn add(&mut self, flow: &Flow, is_new: bool) {
        self.count += 1;
        self.failed += u64::from(flow.is_failed());
        self.messages += u64::from(is_new);
        for (joined, way) in self.joined.iter_mut().zip(Joined::ALL) {
            *joined += u64::from(flow.joined == way);
        }
        if let Some(waited) = flow.waited() {
            self.waited.add(waited);
        }
    }

    /// Adds up.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.messages += other.messages;
        for (joined, more) in self.joined.iter_mut().zip(other.joined) {
            *joined += more;
        }
        self.waited.merge(&other.waited);
    }
}

/// Flows, summed up.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    options: SumsOptions,
    edges: BTreeMap<Edge, EdgeSums>,
}

impl Sums {
    /// Of no flows yet.
    #[must_use]
    pub fn new(options: SumsOptions) -> Self {
        Self {
            options,
            edges: BTreeMap::new(),
        }
    }

    /// Counts a flow, unless its delivery was told of before. `is_new`: its message
    /// was not received before.
    pub fn add(&mut self, flow: &Flow, is_new: bool) {
        if !flow.is_again {
            self.entry(Edge::of(flow.as_told())).add(flow, is_new);
        }
    }

    /// Adds up.
    pub fn merge(&mut self, other: &Self) {
        for (edge, sums) in &other.edges {
            self.entry(edge.clone()).merge(sums);
        }
    }

    /// By edge.
    pub fn edges(&self) -> impl Iterator<Item = (&Edge, &EdgeSums)> {
        self.edges.iter()
    }

    /// Over all edges.
    #[must_use]
    pub fn total(&self) -> EdgeSums {
        let mut total = EdgeSums::default();
        for sums in self.edges.values() {
            total.merge(sums);
        }
        total
    }

    /// By messaging system and destination.
    #[must_use]
    pub fn destinations(&self) -> BTreeMap<(Arc<str>, Arc<str>), EdgeSums> {
        let mut all: BTreeMap<_, EdgeSums> = BTreeMap::new();
        for (edge, sums) in &self.edges {
            let key = (Arc::clone(&edge.system), Arc::clone(&edge.destination));
            all.entry(key).or_default().merge(sums);
        }
        all
    }

    fn entry(&mut self, edge: Edge) -> &mut EdgeSums {
        let is_full = self.edges.len() >= self.options.max_edges;
        if is_full && !self.edges.contains_key(&edge) {
            return self.edges.entry(Edge::other()).or_default();
        }
        self.edges.entry(edge).or_default()
    }
}
