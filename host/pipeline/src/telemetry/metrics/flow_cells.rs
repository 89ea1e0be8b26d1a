//! What is counted of flows, by edge: found by the numbers of both sites, added up for
//! a batch, and told once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use linkmend_flows::{Edge, FlowRef, Joined};
use prometheus::local::LocalHistogram;
use prometheus::{Histogram, HistogramVec, IntCounter};

use super::flow_families::Families;
use crate::config;

const OTHER: &str = "other";
/// Where there is no name.
const NO_NAME: &str = "-";
/// So many pairs of sites are known before they are looked up anew.
const MOST_PAIRS: usize = 65_536;

/// The cells of a processor.
pub(super) struct Cells {
    id: String,
    families: Arc<Families>,
    config: config::Flows,
    joined: [IntCounter; 3],
    list: Vec<Cell>,
    by_edge: HashMap<Edge, usize>,
    /// That of all edges beyond the bound.
    other: Option<usize>,
    /// By the numbers of both sites.
    by_sites: HashMap<(u64, u64), usize>,
    last: Option<((u64, u64), usize)>,
    /// What was added since it was told last.
    added: Added,
}

#[derive(Default)]
struct Added {
    joined: [u64; 3],
    cells: HashSet<usize>,
    last: Option<usize>,
}

/// What has the same labels.
struct Cell {
    /// Of the service graph.
    edge: [String; 5],
    /// Of our own metrics.
    by: [String; 3],
    requests: IntCounter,
    deliveries: IntCounter,
    messages: IntCounter,
    server: LocalHistogram,
    client: LocalHistogram,
    /// How long messages waited, by both names; where one has.
    waited: Option<(LocalHistogram, LocalHistogram)>,
    counts: Counts,
}

/// What a batch adds.
#[derive(Clone, Copy, Default)]
struct Counts {
    requests: u64,
    failed: u64,
    messages: u64,
}

impl Cells {
    pub(super) fn new(
        id: &str,
        families: &Arc<Families>,
        config: &config::Flows,
        joined: [IntCounter; 3],
    ) -> Self {
        Self {
            id: id.to_owned(),
            families: Arc::clone(families),
            config: config.clone(),
            joined,
            list: Vec::new(),
            by_edge: HashMap::new(),
            other: None,
            by_sites: HashMap::new(),
            last: None,
            added: Added::default(),
        }
    }

    /// Counts a flow of a batch.
    pub(super) fn add(&mut self, flow: FlowRef<'_>, is_new: bool) {
        if flow.is_again {
            return;
        }
        for (count, way) in self.added.joined.iter_mut().zip(Joined::ALL) {
            *count += u64::from(flow.joined == way);
        }
        let place = self.place(flow);
        if self.added.last != Some(place) {
            self.added.cells.insert(place);
            self.added.last = Some(place);
        }
        if let Some(cell) = self.list.get_mut(place) {
            cell.add(&self.families, flow, is_new);
        }
    }

    /// Adds what was counted to what is shown.
    pub(super) fn tell(&mut self) {
        for (counter, count) in self.joined.iter().zip(&mut self.added.joined) {
            counter.inc_by(std::mem::take(count));
        }
        self.added.last = None;
        for place in self.added.cells.drain() {
            if let Some(cell) = self.list.get_mut(place) {
                cell.tell(&self.families);
            }
        }
    }

    /// The cell of a flow.
    fn place(&mut self, flow: FlowRef<'_>) -> usize {
        let sites = (flow.producer.site.number(), flow.consumer.site.number());
        if let Some((last, place)) = self.last
            && last == sites
        {
            return place;
        }
        let place = match self.by_sites.get(&sites) {
            Some(place) => *place,
            None => self.find(flow, sites),
        };
        self.last = Some((sites, place));
        place
    }

    fn find(&mut self, flow: FlowRef<'_>, sites: (u64, u64)) -> usize {
        let edge = Edge::of(flow);
        let place = match (self.by_edge.get(&edge), self.other) {
            (Some(place), _) => *place,
            (None, _) if self.by_edge.len() < self.config.max_edges => {
                let place = self.make(Some(&edge));
                self.by_edge.insert(edge, place);
                place
            }
            (None, Some(other)) => other,
            (None, None) => {
                let place = self.make(None);
                self.other = Some(place);
                place
            }
        };
        if self.by_sites.len() >= MOST_PAIRS {
            self.by_sites.clear();
        }
        self.by_sites.insert(sites, place);
        place
    }

    fn make(&mut self, edge: Option<&Edge>) -> usize {
        let shown = |name: fn(&Edge) -> &Arc<str>| match edge.map(|edge| &**name(edge)) {
            None => OTHER.to_owned(),
            Some("") => NO_NAME.to_owned(),
            Some(name) => linkmend::plain(name).into_owned(),
        };
        let (system, destination) = (shown(|edge| &edge.system), shown(|edge| &edge.destination));
        // For Prometheus an empty label is the same as none.
        let wanted = |is_wanted: bool, name: &String| {
            if is_wanted {
                name.clone()
            } else {
                String::new()
            }
        };
        let labels = [
            shown(|edge| &edge.client),
            shown(|edge| &edge.server),
            "messaging_system".to_owned(),
            wanted(self.config.dimensions.system, &system),
            wanted(self.config.dimensions.destination, &destination),
        ];
        let by = [self.id.clone(), system, destination];
        self.list.push(Cell::new(&self.families, labels, by));
        self.list.len() - 1
    }
}

impl Cell {
    fn new(families: &Families, edge: [String; 5], by: [String; 3]) -> Self {
        let local = |family: &HistogramVec| -> LocalHistogram {
            Histogram::local(&family.with_label_values(&edge))
        };
        Self {
            requests: families.requests.with_label_values(&edge),
            deliveries: families.deliveries.with_label_values(&by),
            messages: families.messages.with_label_values(&by),
            server: local(&families.server),
            client: local(&families.client),
            waited: None,
            counts: Counts::default(),
            edge,
            by,
        }
    }

    fn add(&mut self, families: &Families, flow: FlowRef<'_>, is_new: bool) {
        self.counts.requests += 1;
        self.counts.failed += u64::from(flow.is_failed());
        self.counts.messages += u64::from(is_new);
        self.server.observe(seconds(flow.consumer.nanoseconds()));
        self.client.observe(seconds(flow.producer.nanoseconds()));
        let Some(waited) = flow.waited() else {
            return;
        };
        let (edge, by) = (&self.edge, &self.by);
        let (graph, own) = self.waited.get_or_insert_with(|| {
            let graph = families.system.with_label_values(edge).local();
            (graph, families.waited.with_label_values(by).local())
        });
        graph.observe(seconds(waited));
        own.observe(seconds(waited));
    }

    /// Adds what was counted to what is shown.
    fn tell(&mut self, families: &Families) {
        let counts = std::mem::take(&mut self.counts);
        self.requests.inc_by(counts.requests);
        self.deliveries.inc_by(counts.requests);
        self.messages.inc_by(counts.messages);
        if counts.failed > 0 {
            let failed = families.failed.with_label_values(&self.edge);
            failed.inc_by(counts.failed);
        }
        self.server.flush();
        self.client.flush();
        if let Some((graph, own)) = &self.waited {
            graph.flush();
            own.flush();
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "nanoseconds of a hundred days are exact"
)]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}
