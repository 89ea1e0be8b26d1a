//! What mending got right, held against what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use opentelemetry_proto::tonic::trace::v1::Span;

use crate::context::SpanContext;
use crate::world::{Emitted, World};

/// The links of mended spans, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Spans.
    pub spans: usize,
    /// Links that were missing.
    pub expected: usize,
    /// Those of them that are there now.
    pub hits: usize,
    /// Links that were not there and should not be.
    pub invented: usize,
    /// Links that were there and right, and are gone.
    pub lost: usize,
    /// Links that say what another one of the span says.
    pub repeated: usize,
    /// Links that were missing, to messages that nothing names any more: the
    /// link that did is gone. They are not expected.
    pub nameless: usize,
}

impl Score {
    /// How many of the missing links are there; `None`: none was missing.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        percent(self.hits, self.expected)
    }

    /// The same, those to messages without a name among the missing.
    #[must_use]
    pub fn recall_of_all(&self) -> Option<f64> {
        percent(self.hits, self.expected + self.nameless)
    }

    /// How many of the new links are right; `None`: there are none.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        percent(self.hits, self.hits + self.invented)
    }

    /// Nothing is wrong, whatever may be missing.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (self.invented, self.lost, self.repeated) == (0, 0, 0)
    }

    /// Nothing is wrong and nothing is missing.
    #[must_use]
    pub fn is_perfect(&self) -> bool {
        self.is_sound() && self.hits == self.expected
    }

    /// Of mended spans, in any order and as often as they came.
    #[must_use]
    pub fn of<'a>(world: &World, mended: impl IntoIterator<Item = &'a Span>) -> Self {
        let known = world.spans.iter();
        let known: BTreeMap<_, _> = known.map(|emitted| (emitted.context(), emitted)).collect();
        let mut score = Self::default();
        for span in mended {
            if let Some(emitted) = known.get(&SpanContext::of(span)) {
                score += Self::of_span(emitted, span);
            }
        }
        score
    }

    /// Of one mended span.
    #[must_use]
    pub fn of_span(emitted: &Emitted, mended: &Span) -> Self {
        let own = emitted.context();
        let came = targets(&emitted.span);
        let now = targets(mended);
        let mut missing = BTreeSet::new();
        let mut nameless = BTreeSet::new();
        for delivery in &emitted.deliveries {
            let target = delivery.creation;
            // A producer in the same trace needs no link.
            if target.trace_id == own.trace_id || came.contains_key(&target) {
                continue;
            }
            let set = if delivery.is_nameless {
                &mut nameless
            } else {
                &mut missing
            };
            set.insert(target);
        }
        // One message of several of the same span still has its name.
        nameless.retain(|target| !missing.contains(target));
        let invented = |target: &&SpanContext| {
            !came.contains_key(target) && !missing.contains(target) && !nameless.contains(target)
        };
        let messages = |target: &SpanContext| {
            let deliveries = emitted.deliveries.iter();
            deliveries
                .filter(|delivery| delivery.creation == *target)
                .count()
        };
        let surplus =
            |(target, count): (&SpanContext, &usize)| count.saturating_sub(messages(target).max(1));
        Self {
            spans: 1,
            expected: missing.len(),
            hits: missing
                .iter()
                .filter(|target| now.contains_key(target))
                .count(),
            invented: now.keys().filter(invented).count(),
            lost: came
                .keys()
                .filter(|target| !now.contains_key(target))
                .count(),
            repeated: now.iter().map(surplus).sum(),
            nameless: nameless.len(),
        }
    }
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.spans += other.spans;
        self.expected += other.expected;
        self.hits += other.hits;
        self.invented += other.invented;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.nameless += other.nameless;
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of a test")]
fn percent(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 * 100.0 / all as f64)
}

/// Where the valid links of a span lead to, and how many lead there.
fn targets(span: &Span) -> BTreeMap<SpanContext, usize> {
    let mut targets = BTreeMap::new();
    for link in &span.links {
        let target = SpanContext::linked(link);
        if target.is_valid() {
            *targets.entry(target).or_default() += 1;
        }
    }
    targets
}
