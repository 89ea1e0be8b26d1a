//! Flows of files: all spans are there before the first flow is looked for.

use std::collections::{HashMap, HashSet};

use super::candidate::{Candidates, end_of};
use super::seen::Hashes;
use crate::flow::{Context, End, Flow};
use crate::read::{Reader, Role, SpanFacts};
use crate::sites::Sites;
use crate::words::LinkWords;

/// Different names that are kept.
const MOST_NAMES: usize = 1_000_000;

/// Spans, as they are gathered.
#[derive(Debug)]
pub struct Gathered {
    reader: Reader,
    kept: Kept,
}

#[derive(Debug)]
struct Kept {
    hashes: Hashes,
    sites: Sites,
    spans: HashMap<Context, KeptSpan>,
    candidates: Candidates,
    most: usize,
    left_out: u64,
}

/// A span of an input.
#[derive(Debug, Clone)]
pub struct KeptSpan {
    /// What it is.
    pub end: End,
    /// The id of its parent; zeros: it has none.
    pub parent: [u8; 8],
    role: Role,
}

/// All flows of the inputs, and all spans.
#[derive(Debug)]
pub struct Found {
    /// In the order of time.
    pub flows: Vec<Flow>,
    /// By their ids.
    pub spans: HashMap<Context, KeptSpan>,
    /// Spans that were not looked at because there were too many.
    pub left_out: u64,
    /// Messages, each counted once, whoever received it.
    pub messages: u64,
}

impl Gathered {
    /// Nothing yet; `most` spans are kept.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self::with_words(most, &LinkWords::default())
    }

    /// The same, of spans that were mended by rules that call things otherwise.
    #[must_use]
    pub fn with_words(most: usize, words: &LinkWords) -> Self {
        let hashes = Hashes::new();
        let kept = Kept {
            hashes,
            sites: Sites::new(MOST_NAMES),
            spans: HashMap::new(),
            candidates: Candidates::new(hashes, true),
            most,
            left_out: 0,
        };
        Self {
            reader: Reader::new(words),
            kept,
        }
    }

    /// Takes the spans of a batch that was mended.
    pub fn take(&mut self, batch: &[u8]) {
        let Self { reader, kept } = self;
        reader.spans(batch, |_| 0, |span| kept.take_span(span));
    }

    /// All flows between these spans.
    #[must_use]
    pub fn find(self) -> Found {
        let kept = self.kept;
        let mut flows = Vec::new();
        for (candidate, claims) in kept.candidates.iter() {
            let first = flows.len();
            for claim in claims {
                let Some(target) = kept.spans.get(&claim.target) else {
                    continue;
                };
                let joined = candidate.joined(claim, &target.end, target.role);
                let flow =
                    joined.map(|joined| candidate.flow(claim, &target.end, joined).to_flow());
                flows.extend(flow.map(|flow| (flow, candidate.is_receiving)));
            }
            one_way_each(&mut flows, first);
        }
        flows.sort_by_key(|(flow, _)| (flow.consumer.start, flow.consumer.context));
        let flows = told_once(flows, kept.hashes);
        let counted = flows.iter().filter(|flow| !flow.is_again);
        let messages: HashSet<u64> = counted.map(|flow| kept.hashes.message_of(flow)).collect();
        Found {
            messages: messages.len() as u64,
            flows,
            spans: kept.spans,
            left_out: kept.left_out,
        }
    }
}

impl Kept {
    fn take_span(&mut self, span: &SpanFacts<'_>) {
        // Sent again by a client that had no answer.
        if self.spans.contains_key(&span.context()) {
            return;
        }
        if self.spans.len() >= self.most {
            self.left_out += 1;
            return;
        }
        let role = span.role();
        let end = end_of(span, &mut self.sites);
        self.candidates.add(span, role, || end.clone());
        let kept = KeptSpan {
            end,
            parent: span.head.parent_span_id,
            role,
        };
        self.spans.insert(span.context(), kept);
    }
}

/// A parent that is in a trace that a link leads to tells of the same message.
fn one_way_each(flows: &mut Vec<(Flow, bool)>, first: usize) {
    let Some((last, linked)) = flows.get(first..).and_then(<[_]>::split_last) else {
        return;
    };
    let is_parent = last.0.joined == crate::Joined::Parent;
    let trace = last.0.producer.context.trace;
    let mut linked = linked.iter();
    if is_parent && linked.any(|(flow, _)| flow.producer.context.trace == trace) {
        flows.pop();
    }
}

/// What a service received and then processed was delivered once: what became of
/// it says more.
fn told_once(flows: Vec<(Flow, bool)>, hashes: Hashes) -> Vec<Flow> {
    let delivery = |flow: &Flow| hashes.delivery(&flow.producer, &flow.consumer);
    let processed = flows.iter().filter(|(_, is_receiving)| !is_receiving);
    let processed: HashSet<u64> = processed.map(|(flow, _)| delivery(flow)).collect();
    let flows = flows.into_iter().map(|(flow, is_receiving)| Flow {
        is_again: is_receiving && processed.contains(&delivery(&flow)),
        ..flow
    });
    flows.collect()
}
