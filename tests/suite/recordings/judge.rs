//! A recording, mended, and held against what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use linkmend::{Counts, HoldOptions, Processor};
use linkmend_tests::arms::{Arm, Order};
use linkmend_tests::otlp::spans_of;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::recording::{Context, Recording};
use crate::emitters::index::Fresh;

/// What came of a recording.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Pairs of consumer and sender that the input neither links nor has in one
    /// trace.
    pub need: usize,
    /// Of those, linked now.
    pub right: usize,
    /// Not linked to that span, but to one of its trace.
    pub near: usize,
    /// New links into no trace of who sent the message.
    pub wrong: Vec<String>,
    /// New links of spans of which the truth says nothing.
    pub other: usize,
    /// Spans that differ in more than links.
    pub changed: usize,
    /// Links without a type.
    pub untyped: usize,
    /// A second run over what came out changes nothing.
    pub is_settled: bool,
    /// Why links were not made, and how many.
    pub reasons: BTreeMap<String, u64>,
    /// The same, of the second run.
    pub reasons_again: BTreeMap<String, u64>,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            need,
            right,
            near,
            other,
            ..
        } = self;
        write!(
            f,
            "need {need:3} right {right:3} near {near:2} other {other:2}"
        )?;
        for (reason, count) in &self.reasons {
            write!(f, " {reason} {count}")?;
        }
        Ok(())
    }
}

/// Built-in rules, compiled once for each configuration.
pub struct Bench {
    arm: Arm,
    index: Arc<Fresh>,
    processors: BTreeMap<String, Processor>,
}

impl Bench {
    pub fn new(arm: Arm) -> Self {
        Self {
            arm,
            index: Arc::new(Fresh::new()),
            processors: BTreeMap::new(),
        }
    }

    /// Mends a recording as files are, read twice, and holds what comes out
    /// against the truth.
    pub fn judge(&mut self, order: Order, recording: &Recording) -> Judged {
        let index = Arc::clone(&self.index);
        let processor = self.processor(recording);
        let batches = recording.batches();
        let batches: Vec<Bytes> = batches.iter().map(|batch| order.of(batch)).collect();
        index.clear();
        let (mended, counts) = mend(processor, &batches);
        index.clear();
        let (again, counts_again) = mend(processor, &mended);
        let mut judged = compare(recording, &batches, &mended);
        judged.is_settled = again == mended;
        judged.reasons = reasons(&counts);
        judged.reasons_again = reasons(&counts_again);
        judged
    }

    /// What comes out when it is read twice, as the emitters wrote it.
    pub fn mended(&mut self, recording: &Recording) -> Vec<Bytes> {
        let index = Arc::clone(&self.index);
        let processor = self.processor(recording);
        index.clear();
        mend(processor, &recording.batches()).0
    }

    fn processor(&mut self, recording: &Recording) -> &Processor {
        let (arm, index) = (self.arm, Arc::clone(&self.index));
        let config = recording.rule_config();
        self.processors.entry(config).or_insert_with_key(|config| {
            let builder = Processor::builder().rule(arm.rule(config));
            builder.index(index).build().unwrap()
        })
    }
}

fn mend(processor: &Processor, batches: &[Bytes]) -> (Vec<Bytes>, Counts) {
    for batch in batches {
        let read = processor.remember(batch.clone()).unwrap();
        assert_eq!(read.faults, []);
    }
    let mut counts = Counts::default();
    let mut mended = Vec::new();
    for batch in batches {
        let one = processor.mend(batch.clone()).unwrap();
        assert_eq!(one.faults, []);
        counts += &one.counts;
        mended.push(one.traces.unwrap());
    }
    (mended, counts)
}

fn reasons(counts: &Counts) -> BTreeMap<String, u64> {
    let mut reasons = BTreeMap::new();
    for (reason, _, _, count) in counts.reasons.iter() {
        *reasons.entry(reason.to_string()).or_default() += count;
    }
    reasons
}

fn compare(recording: &Recording, before: &[Bytes], after: &[Bytes]) -> Judged {
    let truth = recording.truth();
    let none = BTreeSet::new();
    let mut judged = Judged::default();
    let before = before.iter().flat_map(|batch| spans_of(batch));
    let after = after.iter().flat_map(|batch| spans_of(batch));
    for (came, went) in before.zip(after) {
        let own: Context = (came.trace_id.clone(), came.span_id.clone());
        let senders = truth.get(&own).unwrap_or(&none);
        let (had, has) = (links(&came), links(&went));
        let made: BTreeSet<_> = has.difference(&had).cloned().collect();
        let made_traces: BTreeSet<_> = made.iter().map(|(trace, _)| trace).collect();
        // A link to another span of who sent it leads there, too.
        let is_led = |trace: &Vec<u8>| {
            let mut others = had.difference(senders);
            *trace == own.0 || others.any(|(other, _)| other == trace)
        };
        let missing = senders.difference(&had).filter(|(trace, _)| !is_led(trace));
        for sender in missing {
            judged.need += 1;
            judged.right += usize::from(has.contains(sender));
            judged.near += usize::from(!has.contains(sender) && made_traces.contains(&sender.0));
        }
        for link in made.difference(senders) {
            if senders.is_empty() {
                judged.other += 1;
            } else if !senders.iter().any(|(trace, _)| *trace == link.0) {
                judged
                    .wrong
                    .push(format!("{} of {:02x?} to {:02x?}", went.name, own, link));
            }
        }
        judged.changed += usize::from(without_links(&came) != without_links(&went));
        let typed = |link: &&opentelemetry_proto::tonic::trace::v1::span::Link| {
            link.attributes
                .iter()
                .any(|attribute| attribute.key == "link.type")
        };
        judged.untyped += went.links.iter().filter(|link| !typed(link)).count();
    }
    judged
}

fn links(span: &Span) -> BTreeSet<Context> {
    let links = span.links.iter();
    links
        .map(|link| (link.trace_id.clone(), link.span_id.clone()))
        .collect()
}

fn without_links(span: &Span) -> Span {
    Span {
        links: Vec::new(),
        dropped_links_count: 0,
        ..span.clone()
    }
}

/// The names of the spans that are held when a recording comes as it was sent,
/// read once.
pub fn held(recording: &Recording) -> Vec<String> {
    let processor = Processor::builder()
        .rule(Arm::Native.rule(&recording.rule_config()))
        .hold(HoldOptions {
            time: Duration::from_mins(1),
            ..HoldOptions::default()
        })
        .build()
        .unwrap();
    let mut names = Vec::new();
    for batch in recording.batches() {
        let came = spans_of(&batch);
        let mended = processor.process(batch).unwrap();
        let went: BTreeSet<_> = mended
            .traces
            .iter()
            .flat_map(|traces| spans_of(traces))
            .map(|span| span.span_id)
            .collect();
        let held = came
            .into_iter()
            .filter(|span| !went.contains(&span.span_id));
        names.extend(held.map(|span| span.name));
    }
    names
}
