//! What the script of the page draws waterfalls of: flows, and the spans of their
//! traces, within a number of bytes.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::sample;
use super::text::{hex, plain};
use crate::find::KeptSpan;
use crate::flow::{Context, End, Flow, Joined};

/// What flows and spans may take of the page.
const MOST_BYTES: usize = 3_500_000;
/// So many spans of a trace are shown: ends of flows, what is above them, then the
/// first ones.
const MOST_SPANS: usize = 48;
/// What a flow and a span take, about, beside their texts.
const FLOW_BYTES: usize = 72;
const SPAN_BYTES: usize = 62;

/// The data of the page, and how many flows are in it.
pub(super) struct Data {
    pub(super) json: Value,
    pub(super) shown: usize,
}

/// Chooses flows, and gathers the spans of their traces.
pub(super) fn data(flows: &[Flow], spans: Option<&HashMap<Context, KeptSpan>>) -> Data {
    let mut made = Maker::new(flows, spans);
    for place in sample::places(flows) {
        if made.bytes > MOST_BYTES {
            break;
        }
        if let Some(flow) = flows.get(place) {
            made.add(flow);
        }
    }
    let shown = made.flows.len();
    let json = json!({
        "names": made.names.list,
        "traces": made.traces.list,
        "flows": made.flows,
        "base": made.base.to_string(),
    });
    Data { json, shown }
}

struct Maker<'a> {
    spans: BTreeMap<[u8; 16], Vec<&'a KeptSpan>>,
    /// Spans that are the ends of flows: these are shown first.
    ends: HashSet<Context>,
    base: u64,
    names: Texts,
    traces: Traces,
    flows: Vec<Value>,
    bytes: usize,
}

#[derive(Default)]
struct Texts {
    known: HashMap<String, usize>,
    list: Vec<String>,
}

#[derive(Default)]
struct Traces {
    known: HashMap<[u8; 16], usize>,
    list: Vec<Value>,
    places: HashMap<Context, usize>,
}

impl<'a> Maker<'a> {
    fn new(flows: &'a [Flow], spans: Option<&'a HashMap<Context, KeptSpan>>) -> Self {
        let ends = flows
            .iter()
            .flat_map(|flow| [&flow.producer, &flow.consumer]);
        let wanted: HashSet<[u8; 16]> = ends.clone().map(|end| end.context.trace).collect();
        let mut by_trace: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (context, span) in spans.into_iter().flatten() {
            if wanted.contains(&context.trace) {
                by_trace.entry(context.trace).or_default().push(span);
            }
        }
        Self {
            spans: by_trace,
            base: ends.clone().map(|end| end.start).min().unwrap_or(0),
            ends: ends.map(|end| end.context).collect(),
            names: Texts::default(),
            traces: Traces::default(),
            flows: Vec::new(),
            bytes: 0,
        }
    }

    fn add(&mut self, flow: &Flow) {
        let producer = self.place(&flow.producer);
        let consumer = self.place(&flow.consumer);
        let (system, destination) = (self.name(flow.system()), self.name(flow.destination()));
        let message = flow.message.as_ref().map(|message| self.name(message));
        let joined = Joined::ALL.iter().position(|way| *way == flow.joined);
        self.flows.push(json!([
            producer.0,
            producer.1,
            consumer.0,
            consumer.1,
            system,
            destination,
            flow.waited().map(|waited| waited / 1_000),
            joined,
            u8::from(flow.is_failed()),
            message,
            u8::from(flow.is_again),
        ]));
        self.bytes += FLOW_BYTES;
    }

    /// Of which trace it is, and which of its spans.
    fn place(&mut self, end: &End) -> (usize, usize) {
        let trace = end.context.trace;
        let known = self.traces.known.get(&trace).copied();
        let number = known.unwrap_or_else(|| self.add_trace(trace));
        let place = self.traces.places.get(&end.context).copied();
        let place = place.unwrap_or_else(|| self.add_span(number, end, None));
        (number, place)
    }

    fn add_trace(&mut self, trace: [u8; 16]) -> usize {
        let number = self.traces.list.len();
        self.traces.known.insert(trace, number);
        self.traces.list.push(json!([hex(&trace), [], 0]));
        self.bytes += 48;
        let mut all = self.spans.remove(&trace).unwrap_or_default();
        let left_out = self.choose(&mut all);
        if let Some(left) = self.traces.list.last_mut().and_then(|list| list.get_mut(2)) {
            *left = left_out.into();
        }
        for span in all {
            let parent = Context {
                trace,
                span: span.parent,
            };
            let parent = self.traces.places.get(&parent).copied();
            self.add_span(number, &span.end, parent);
        }
        number
    }

    /// The first spans of a trace, and above all those that are ends of flows; each
    /// behind its parent. Says how many are left out.
    fn choose(&self, all: &mut Vec<&'a KeptSpan>) -> usize {
        let before = all.len();
        all.sort_by_key(|span| (span.end.start, span.end.context));
        if before > MOST_SPANS {
            let mut kept: HashSet<Context> = HashSet::new();
            let by_id: HashMap<Context, &KeptSpan> =
                all.iter().map(|span| (span.end.context, *span)).collect();
            for span in all
                .iter()
                .filter(|one| self.ends.contains(&one.end.context))
            {
                keep_with_parents(span, &by_id, &mut kept);
            }
            for span in all.iter() {
                if kept.len() >= MOST_SPANS {
                    break;
                }
                kept.insert(span.end.context);
            }
            all.retain(|span| kept.contains(&span.end.context));
        }
        let left_out = before - all.len();
        *all = as_tree(std::mem::take(all));
        left_out
    }

    fn add_span(&mut self, trace: usize, end: &End, parent: Option<usize>) -> usize {
        let (name, service) = (self.name(&end.site.name), self.name(&end.site.service));
        let start = i128::from(end.start) - i128::from(self.base);
        let span = json!([
            hex(&end.context.span),
            parent,
            name,
            service,
            i64::try_from(start / 1_000).unwrap_or(0),
            end.nanoseconds() / 1_000,
            end.site.kind,
            u8::from(end.is_failed()),
        ]);
        self.bytes += SPAN_BYTES;
        let list = self.traces.list.get_mut(trace);
        let spans = list.and_then(|list| list.get_mut(1));
        let Some(spans) = spans.and_then(Value::as_array_mut) else {
            return 0;
        };
        spans.push(span);
        let place = spans.len() - 1;
        self.traces.places.insert(end.context, place);
        place
    }

    fn name(&mut self, text: &str) -> usize {
        if let Some(known) = self.names.known.get(text) {
            return *known;
        }
        let place = self.names.list.len();
        self.bytes += text.len() + 3;
        self.names.known.insert(text.to_owned(), place);
        self.names.list.push(plain(text));
        place
    }
}

fn keep_with_parents(
    span: &KeptSpan,
    by_id: &HashMap<Context, &KeptSpan>,
    kept: &mut HashSet<Context>,
) {
    let mut next = Some(span);
    while let Some(span) = next {
        // What was kept before has its parents; a circle ends here, too.
        if kept.len() >= MOST_SPANS || !kept.insert(span.end.context) {
            return;
        }
        let parent = Context {
            span: span.parent,
            ..span.end.context
        };
        next = by_id.get(&parent).copied();
    }
}

/// Each span behind its parent, children in the order of time.
fn as_tree(all: Vec<&KeptSpan>) -> Vec<&KeptSpan> {
    let ids: HashSet<[u8; 8]> = all.iter().map(|span| span.end.context.span).collect();
    let mut children: HashMap<[u8; 8], Vec<&KeptSpan>> = HashMap::new();
    let mut stack = Vec::new();
    for span in all.iter().rev() {
        let is_root = !ids.contains(&span.parent) || span.parent == span.end.context.span;
        if is_root {
            stack.push(*span);
        } else {
            children.entry(span.parent).or_default().push(*span);
        }
    }
    let mut ordered = Vec::with_capacity(all.len());
    while let Some(span) = stack.pop() {
        ordered.push(span);
        stack.extend(children.remove(&span.end.context.span).unwrap_or_default());
    }
    // Spans that are each other's parents hang below no root.
    for span in all {
        if children.contains_key(&span.parent) {
            ordered.push(span);
        }
    }
    ordered
}
