//! linkmend's own metrics: what became of links, and of the rules.

use std::sync::Arc;
use std::time::Duration;

use linkmend::index::{IndexStats, ScopeStats};
use linkmend::{Counts, HoldStats, Reasons, SystemCounts};
use linkmend_redis::Stats;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::names::Known;
use super::registry::{Names, counter, gauge};
use super::shared;
use super::total::Total;
use crate::config::{Id, MetricsLevel};

/// From 10 µs, a batch in which there is little to do, to the second after
/// which a rule is stopped.
const BUCKETS: [f64; 16] = [
    1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5,
    1.0,
];

/// The families, of which each processor has members.
pub(super) struct Families {
    level: MetricsLevel,
    links_in: IntCounterVec,
    links_out: IntCounterVec,
    added: IntCounterVec,
    repaired: IntCounterVec,
    dropped: IntCounterVec,
    cut: IntCounterVec,
    typed: IntCounterVec,
    unresolved: IntCounterVec,
    held: IntGaugeVec,
    held_bytes: IntGaugeVec,
    holds: IntCounterVec,
    given_up: IntCounterVec,
    releases: IntCounterVec,
    set_aside: IntCounterVec,
    spans_invalid: IntCounterVec,
    index_entries: IntGaugeVec,
    index_unwritten: IntGaugeVec,
    index_evictions: IntCounterVec,
    scopes: IntGaugeVec,
    shared: shared::Families,
    scopes_refused: IntCounterVec,
    rule_calls: IntCounterVec,
    rule_faults: IntCounterVec,
    rule_duration: HistogramVec,
    rule_reloads: IntCounterVec,
}

const SET_ASIDE: &str = "Batches of held spans that could not be taken up again at a start.";

const SPANS_INVALID: &str = "Spans whose own trace id or span id is invalid, so that no link \
                             leads to them.";

const SCOPES_REFUSED: &str = "How often spans went on without what is known of messages, since \
                              there were too many scopes.";

impl Families {
    pub(super) fn new(names: &Names, level: MetricsLevel) -> Self {
        let own = ["processor"];
        let counters = |name: &str, help: &str, label: Option<&str>| {
            let labels: Vec<_> = own.into_iter().chain(label).collect();
            names.counters(&format!("linkmend_{name}"), help, &labels)
        };
        let links = |name: &str, help: &str| counters(&format!("links_{name}"), help, None);
        let system = (level > MetricsLevel::Basic).then_some("messaging_system");
        let by_system = |name: &str, help: &str, label: Option<&str>| {
            let labels: Vec<_> = own.into_iter().chain(label).chain(system).collect();
            names.counters(&format!("linkmend_links_{name}"), help, &labels)
        };
        let gauges = |name: &str, help: &str| names.gauges(&format!("linkmend_{name}"), help, &own);
        let reasons = ["processor", "reason", "service", "messaging_system"];
        let reasons = if level == MetricsLevel::Basic {
            &reasons[..2]
        } else {
            &reasons
        };
        Self {
            level,
            links_in: links("in", "Links that came in."),
            links_out: links("out", "Links that went out."),
            added: by_system(
                "added",
                "Links that were made, those that found no room among them.",
                None,
            ),
            repaired: by_system(
                "repaired",
                "Links with an invalid context that were given the right one.",
                None,
            ),
            dropped: by_system(
                "dropped",
                "Links that were dropped, by why.",
                Some("reason"),
            ),
            cut: by_system("cut", "Links that did not fit under the limit.", None),
            typed: by_system(
                "typed",
                "Links that were told why they exist.",
                Some("link_type"),
            ),
            unresolved: names.counters(
                "linkmend_unresolved",
                "Links that could not be made, by why and whose they would have been.",
                reasons,
            ),
            held: gauges(
                "held_spans",
                "Spans that wait for those that they are to be linked to.",
            ),
            held_bytes: gauges("held_bytes", "The memory that they take."),
            holds: counters("held", "Spans that were held, each once.", None),
            given_up: counters(
                "not_held",
                "Spans that were not held, since many of their service were held in vain.",
                None,
            ),
            releases: counters(
                "released",
                "Spans that were held and went on, by why.",
                Some("reason"),
            ),
            set_aside: counters("held_set_aside", SET_ASIDE, None),
            spans_invalid: counters("spans_invalid", SPANS_INVALID, None),
            index_entries: gauges(
                "index_entries",
                "Producers of messages that are remembered.",
            ),
            index_unwritten: gauges(
                "index_unwritten",
                "Producers that are remembered, and not on disk yet where they are to be.",
            ),
            index_evictions: counters(
                "index_evictions",
                "Producers that are not remembered any more, by why.",
                Some("reason"),
            ),
            shared: shared::Families::new(names),
            scopes: gauges("scopes", "Scopes of senders whose messages are remembered."),
            scopes_refused: counters("scopes_refused", SCOPES_REFUSED, None),
            rule_calls: counters("rule_calls", "How often a rule was shown spans.", None),
            rule_faults: counters(
                "rule_faults",
                "Batches that a rule failed on.",
                Some("rule"),
            ),
            rule_duration: names.histograms(
                "linkmend_rule_duration",
                "How long a batch took in the rule, in seconds.",
                &own,
                &BUCKETS,
            ),
            rule_reloads: counters(
                "rule_reloads",
                "Rules that were loaded anew, by what became of it.",
                Some("outcome"),
            ),
        }
    }

    pub(super) fn of(self: &Arc<Self>, id: &Id) -> LinkMetrics {
        let id = id.to_string();
        let one = |family: &IntCounterVec| counter(family, &[id.as_str()]);
        let by = |family: &IntCounterVec, value: &str| counter(family, &[id.as_str(), value]);
        let total = Total::new;
        let released = |reason| total(by(&self.releases, reason));
        let handles = LinkMetrics(Arc::new(Handles {
            links_in: one(&self.links_in),
            links_out: one(&self.links_out),
            held: gauge(&self.held, &[id.as_str()]),
            held_bytes: gauge(&self.held_bytes, &[id.as_str()]),
            holds: total(one(&self.holds)),
            given_up: total(one(&self.given_up)),
            released: ["ready", "due", "overflow", "drained"].map(released),
            index_entries: gauge(&self.index_entries, &[id.as_str()]),
            index_unwritten: gauge(&self.index_unwritten, &[id.as_str()]),
            set_aside: one(&self.set_aside),
            spans_invalid: one(&self.spans_invalid),
            evicted: total(by(&self.index_evictions, "full")),
            expired: total(by(&self.index_evictions, "expired")),
            scopes: gauge(&self.scopes, &[id.as_str()]),
            scopes_refused: total(one(&self.scopes_refused)),
            shared: self.shared.of(&id),
            rule_calls: one(&self.rule_calls),
            rule_duration: (self.level > MetricsLevel::Basic)
                .then(|| self.rule_duration.with_label_values(&[id.as_str()])),
            reloads: ["success", "failure"].map(|outcome| by(&self.rule_reloads, outcome)),
            known: Known::default(),
            families: Arc::clone(self),
            id,
        }));
        // All of them are there from the start, so that rates can be told.
        handles.add_of_system(Reasons::NO_NAME, &SystemCounts::default());
        handles
    }
}

/// Of a processor `linkmend`. Its clones count together.
#[derive(Clone)]
pub struct LinkMetrics(Arc<Handles>);

struct Handles {
    id: String,
    families: Arc<Families>,
    known: Known,
    links_in: IntCounter,
    links_out: IntCounter,
    held: IntGauge,
    held_bytes: IntGauge,
    holds: Total,
    given_up: Total,
    released: [Total; 4],
    index_entries: IntGauge,
    index_unwritten: IntGauge,
    set_aside: IntCounter,
    spans_invalid: IntCounter,
    evicted: Total,
    expired: Total,
    scopes: IntGauge,
    scopes_refused: Total,
    shared: shared::Handles,
    rule_calls: IntCounter,
    rule_duration: Option<Histogram>,
    reloads: [IntCounter; 2],
}

impl LinkMetrics {
    /// What was done to a batch, and what the calls of its rules took.
    pub fn add(&self, counts: &Counts, rule_time: Duration) {
        let Self(of) = self;
        of.rule_calls.inc_by(counts.rule_calls);
        if let Some(histogram) = of.rule_duration.as_ref().filter(|_| counts.rule_calls > 0) {
            histogram.observe(rule_time.as_secs_f64());
        }
        of.spans_invalid.inc_by(counts.spans_invalid);
        of.links_in.inc_by(counts.links_in);
        of.links_out.inc_by(counts.links_out);
        let mut rest = all_systems(counts);
        for (system, counts) in counts.systems.iter() {
            self.add_of_system(of.known.system(system), counts);
            subtract(&mut rest, counts);
        }
        // What is not told by system.
        self.add_of_system(Reasons::NO_NAME, &rest);
        let is_basic = of.families.level == MetricsLevel::Basic;
        for (reason, service, system, count) in counts.reasons.iter() {
            let (service, system) = of.known.pair(service, system);
            let labels = [of.id.as_str(), reason.as_str(), service, system];
            let labels = if is_basic {
                labels.get(..2)
            } else {
                Some(&labels[..])
            };
            counter(&of.families.unresolved, labels.unwrap_or_default()).inc_by(count);
        }
    }

    fn add_of_system(&self, system: &str, counts: &SystemCounts) {
        let Self(of) = self;
        let families = &of.families;
        let add = |family: &IntCounterVec, value: Option<&str>, count: u64| {
            // What is 0 is there for the start, and where something was.
            if count == 0 && system != Reasons::NO_NAME {
                return;
            }
            let system = (families.level > MetricsLevel::Basic).then_some(system);
            let labels = [of.id.as_str()].into_iter().chain(value).chain(system);
            counter(family, &labels.collect::<Vec<_>>()).inc_by(count);
        };
        add(&families.added, None, counts.links_added);
        add(&families.repaired, None, counts.links_repaired);
        let dropped = &families.dropped;
        add(dropped, Some("invalid"), counts.links_dropped_invalid);
        add(dropped, Some("duplicate"), counts.links_dropped_duplicate);
        add(dropped, Some("unwanted"), counts.links_dropped_unwanted);
        add(&families.cut, None, counts.links_cut);
        for (link_type, count) in counts.by_link_type.iter().filter(|(_, count)| **count > 0) {
            let link_type = of.known.link_type(link_type);
            add(&families.typed, Some(link_type), *count);
        }
    }

    /// What is held now, and what went.
    pub fn hold(&self, stats: &HoldStats) {
        let Self(of) = self;
        of.held.set(whole(stats.held));
        of.held_bytes.set(whole(stats.bytes));
        of.holds.raise(stats.held_total);
        of.given_up.raise(stats.given_up);
        let released = [
            stats.released_ready,
            stats.released_due,
            stats.released_overflow,
            stats.released_drained,
        ];
        for (total, released) in of.released.iter().zip(released) {
            total.raise(released);
        }
    }

    /// What is remembered now, and what went; and how many producers are not on disk yet
    /// where they are to be.
    pub fn index(&self, stats: &IndexStats, unwritten: usize) {
        let Self(of) = self;
        of.index_unwritten.set(whole(unwritten));
        of.index_entries.set(whole(stats.entries));
        of.evicted.raise(stats.evicted);
        of.expired.raise(stats.expired);
    }

    /// How many scopes there are, and how often there were too many.
    pub fn scopes(&self, stats: ScopeStats) {
        self.0.scopes.set(whole(stats.scopes));
        self.0.scopes_refused.raise(stats.refused);
    }

    /// What a store that other hosts share was asked and told.
    pub fn shared(&self, stats: &Stats) {
        self.0.shared.set(stats);
    }

    /// A store that other hosts share has answered.
    pub fn round_trip(&self, took: Duration) {
        self.0.shared.round_trip(took);
    }

    /// A rule failed on a batch; `rule` is its name in the configuration.
    pub fn fault(&self, rule: &str) {
        counter(&self.0.families.rule_faults, &[&self.0.id, rule]).inc();
    }

    /// Held spans on disk cannot be taken up.
    pub fn set_aside(&self) {
        self.0.set_aside.inc();
    }

    /// A rule was loaded anew, or could not be.
    pub fn reloaded(&self, is_success: bool) {
        let [success, failure] = &self.0.reloads;
        if is_success { success } else { failure }.inc();
    }
}

/// What was done to the links of all systems together.
fn all_systems(counts: &Counts) -> SystemCounts {
    SystemCounts {
        links_added: counts.links_added,
        links_repaired: counts.links_repaired,
        links_dropped_invalid: counts.links_dropped_invalid,
        links_dropped_duplicate: counts.links_dropped_duplicate,
        links_dropped_unwanted: counts.links_dropped_unwanted,
        links_cut: counts.links_cut,
        by_link_type: counts.by_link_type.clone(),
    }
}

fn subtract(from: &mut SystemCounts, counts: &SystemCounts) {
    let less = |from: &mut u64, count: u64| *from = from.saturating_sub(count);
    less(&mut from.links_added, counts.links_added);
    less(&mut from.links_repaired, counts.links_repaired);
    less(
        &mut from.links_dropped_invalid,
        counts.links_dropped_invalid,
    );
    less(
        &mut from.links_dropped_duplicate,
        counts.links_dropped_duplicate,
    );
    less(
        &mut from.links_dropped_unwanted,
        counts.links_dropped_unwanted,
    );
    less(&mut from.links_cut, counts.links_cut);
    for (link_type, count) in &counts.by_link_type {
        if let Some(from) = from.by_link_type.get_mut(link_type) {
            less(from, *count);
        }
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
