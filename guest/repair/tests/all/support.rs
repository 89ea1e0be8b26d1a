//! Building spans, running the rule over them, applying what it answers.

use std::collections::BTreeSet;

use linkmend_repair::Repair;
use linkmend_rule::{
    Action, Attribute, DropReason, Edit, FieldRule, Index, MemoryIndex, NoteKind, Tasks, Text,
    ValueKind, Verdict,
};
use linkmend_wire::located::Locator;
use linkmend_wire::{Scan, Selector};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};
use prost::Message;

pub use super::bytes::*;

pub const SECOND: u64 = 1_000_000_000;
/// When spans start that say nothing else.
pub const NOON: u64 = 1_800_000_000 * SECOND;

pub fn kv(key: &str, value: impl Into<Value>) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue {
            value: Some(value.into()),
        }),
        ..KeyValue::default()
    }
}

/// A string array.
pub fn texts(values: &[&str]) -> Value {
    let values = values
        .iter()
        .map(|&text| AnyValue {
            value: Some(Value::StringValue(text.into())),
        })
        .collect();
    Value::ArrayValue(ArrayValue { values })
}

pub fn text(value: &str) -> Value {
    Value::StringValue(value.into())
}

pub fn int(value: i64) -> Value {
    Value::IntValue(value)
}

/// A span of a trace of its own, with a number for its ids.
pub fn span(number: u64, kind: i32, attributes: &[(&str, Value)]) -> Span {
    Span {
        trace_id: trace_id(number),
        span_id: span_id(number),
        name: format!("span {number}"),
        kind,
        start_time_unix_nano: NOON,
        end_time_unix_nano: NOON + SECOND / 1000,
        attributes: attributes
            .iter()
            .map(|(key, value)| kv(key, value.clone()))
            .collect(),
        flags: 0x101,
        ..Span::default()
    }
}

/// Sends a second before noon.
pub fn producer(number: u64, attributes: &[(&str, Value)]) -> Span {
    let span = span(number, 4, attributes);
    starting(span, NOON - SECOND)
}

pub fn consumer(number: u64, attributes: &[(&str, Value)]) -> Span {
    span(number, 5, attributes)
}

pub fn starting(mut span: Span, start: u64) -> Span {
    span.start_time_unix_nano = start;
    span.end_time_unix_nano = start + SECOND / 1000;
    span
}

pub fn trace_id(number: u64) -> Vec<u8> {
    (u128::from(number) | 1 << 100).to_be_bytes().to_vec()
}

pub fn span_id(number: u64) -> Vec<u8> {
    (number | 1 << 60).to_be_bytes().to_vec()
}

/// A link to the span with this number.
pub fn link_to(number: u64, attributes: &[(&str, Value)]) -> Link {
    Link {
        trace_id: trace_id(number),
        span_id: span_id(number),
        attributes: attributes
            .iter()
            .map(|(key, value)| kv(key, value.clone()))
            .collect(),
        ..Link::default()
    }
}

pub fn broken_link(attributes: &[(&str, Value)]) -> Link {
    Link {
        trace_id: vec![0; 16],
        span_id: vec![0; 8],
        ..link_to(0, attributes)
    }
}

pub fn with_links(mut span: Span, links: Vec<Link>) -> Span {
    span.links = links;
    span
}

pub fn batch(environment: &str, spans: Vec<Span>) -> ResourceSpans {
    let attributes = if environment.is_empty() {
        vec![]
    } else {
        vec![kv("deployment.environment.name", text(environment))]
    };
    ResourceSpans {
        resource: Some(Resource {
            attributes,
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope::default()),
            spans,
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    }
}

/// What came of a batch.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub spans: Vec<Span>,
    pub unresolved: u32,
    pub ambiguous: u32,
    pub no_room: u32,
    pub too_late: u32,
    pub too_many: u32,
    pub incomplete: u32,
    pub unnamed: u32,
    pub deferred: Vec<(u32, usize)>,
    pub added: usize,
    pub invalid: usize,
    pub duplicate: usize,
    pub cut: usize,
}

impl Outcome {
    /// The links of the span with this number.
    pub fn links(&self, number: u64) -> &[Link] {
        &self.span(number).links
    }

    pub fn span(&self, number: u64) -> &Span {
        let id = span_id(number);
        self.spans.iter().find(|span| span.span_id == id).unwrap()
    }

    /// The numbers of the spans that the links of a span lead to.
    pub fn targets(&self, number: u64) -> Vec<u64> {
        self.links(number)
            .iter()
            .map(|link| {
                let low = u64::from_be_bytes(link.span_id.clone().try_into().unwrap());
                low & !(1 << 60)
            })
            .collect()
    }
}

pub fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    attribute.value.as_ref()?.value.as_ref()
}

pub fn link_type(link: &Link) -> Option<&str> {
    match value(&link.attributes, "link.type")? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// Runs the rule, unconfigured, over spans of one resource.
pub fn mend(spans: Vec<Span>) -> Outcome {
    mend_with("{}", vec![batch("", spans)])
}

/// Runs the rule over a batch, in both orders of fields, and again over what
/// came of it: that must change nothing.
pub fn mend_with(config: &str, resource_spans: Vec<ResourceSpans>) -> Outcome {
    let traces = TracesData { resource_spans };
    let tasks = Tasks::REMEMBER | Tasks::MEND;
    let mut index = MemoryIndex::new();
    let outcome = run(config, tasks, &traces, &mut index, as_encoded);
    let other = run(
        config,
        tasks,
        &traces,
        &mut MemoryIndex::new(),
        descending_traces,
    );
    assert_eq!(outcome, other, "field order matters");

    let mut mended = traces;
    let mut spans = outcome.spans.iter().cloned();
    for span in spans_mut(&mut mended) {
        *span = spans.next().unwrap();
    }
    let again = run(config, tasks, &mended, &mut index, as_encoded);
    assert_eq!(again.spans, outcome.spans, "a second run changes something");
    outcome
}

/// Runs the rule over a batch as over a file, which is read twice: in both
/// orders of fields. Nothing is changed the first time.
pub fn read_twice(config: &str, resource_spans: Vec<ResourceSpans>) -> Outcome {
    let traces = TracesData { resource_spans };
    let read = |order| {
        let mut index = MemoryIndex::new();
        let first = run(config, Tasks::REMEMBER, &traces, &mut index, order);
        let mut untouched = traces.clone();
        assert!(
            first
                .spans
                .iter()
                .eq(spans_mut(&mut untouched).map(|span| &*span))
        );
        run(config, Tasks::MEND, &traces, &mut index, order)
    };
    let outcome = read(as_encoded);
    assert_eq!(outcome, read(descending_traces), "field order matters");
    outcome
}

/// Shows the rule all spans of a batch, as the host does.
pub fn process(
    rule: &mut Repair,
    tasks: Tasks,
    traces: &[u8],
    index: &mut dyn Index,
) -> Result<Verdict, String> {
    let mut scan = Scan::new();
    scan.run(traces, &Selector::all()).unwrap();
    let mut locator = Locator::default();
    locator.locate(
        traces,
        &scan,
        0..scan.selected().len(),
        &rule.reads().table(),
    );
    rule.process(tasks, locator.located(), index)
}

/// Runs the rule over a batch once.
pub fn run(
    config: &str,
    tasks: Tasks,
    traces: &TracesData,
    index: &mut MemoryIndex,
    order: fn(&[u8]) -> Vec<u8>,
) -> Outcome {
    let (mut rule, plan) = Repair::configure(config).unwrap();
    let bytes = order(&traces.encode_to_vec());
    let verdict = process(&mut rule, tasks, &bytes, index).unwrap();
    let max = rule.config().max_links as usize;
    apply(traces.clone(), &verdict, max, plan.count_all_drops)
}

fn spans_mut(traces: &mut TracesData) -> impl Iterator<Item = &mut Span> {
    traces
        .resource_spans
        .iter_mut()
        .flat_map(|resource| &mut resource.scope_spans)
        .flat_map(|scope| &mut scope.spans)
}

/// Applies a verdict as the host does, and holds it to what the host demands.
fn apply(mut traces: TracesData, verdict: &Verdict, max: usize, count_all: bool) -> Outcome {
    let mut outcome = Outcome {
        spans: vec![],
        unresolved: 0,
        ambiguous: 0,
        no_room: 0,
        too_late: 0,
        too_many: 0,
        incomplete: 0,
        unnamed: 0,
        deferred: vec![],
        added: 0,
        invalid: 0,
        duplicate: 0,
        cut: 0,
    };
    for note in &verdict.notes {
        assert!(note.count > 0, "a note of nothing");
        *match note.kind {
            NoteKind::Unresolved => &mut outcome.unresolved,
            NoteKind::Ambiguous => &mut outcome.ambiguous,
            NoteKind::NoRoom => &mut outcome.no_room,
            NoteKind::TooLate => &mut outcome.too_late,
            NoteKind::TooMany => &mut outcome.too_many,
            NoteKind::Incomplete => &mut outcome.incomplete,
            NoteKind::Unnamed => &mut outcome.unnamed,
        } += note.count;
    }
    for deferral in &verdict.deferrals {
        outcome
            .deferred
            .push((deferral.span, deferral.key_count as usize));
    }
    for (number, span) in (0..).zip(spans_mut(&mut traces)) {
        let edits: Vec<_> = verdict
            .edits
            .iter()
            .filter(|edit| edit.span == number)
            .collect();
        let deferred = outcome.deferred.iter().any(|(span, _)| *span == number);
        assert!(!deferred || edits.is_empty(), "a deferred span is edited");
        edit_span(span, &edits, verdict, count_all, &mut outcome);
        assert!(edits.is_empty() || span.links.len() <= max);
    }
    outcome.spans = spans_mut(&mut traces).map(|span| span.clone()).collect();
    outcome
}

fn edit_span(
    span: &mut Span,
    edits: &[&Edit],
    verdict: &Verdict,
    count_all: bool,
    outcome: &mut Outcome,
) {
    let mut fates = BTreeSet::new();
    let mut attributed = BTreeSet::new();
    let mut dropped = BTreeSet::new();
    let mut added = vec![];
    for edit in edits {
        let attributes =
            &verdict.attributes[edit.first_attribute as usize..][..edit.attribute_count as usize];
        let attributes: Vec<_> = attributes
            .iter()
            .map(|attribute| key_value(attribute, verdict))
            .collect();
        let place = edit.link as usize;
        match edit.action {
            Action::AddLink => {
                let mut link = Link::default();
                set_context(&mut link, edit, verdict);
                extend(&mut link, attributes);
                added.push(link);
                outcome.added += 1;
            }
            Action::ReplaceContext => {
                assert!(fates.insert(place));
                set_context(&mut span.links[place], edit, verdict);
                extend(&mut span.links[place], attributes);
            }
            Action::AddAttributes => {
                assert!(attributed.insert(place) && !attributes.is_empty());
                extend(&mut span.links[place], attributes);
            }
            Action::DropLink => {
                assert!(fates.insert(place) && place < span.links.len());
                dropped.insert(place);
                *match edit.reason {
                    DropReason::Invalid => &mut outcome.invalid,
                    DropReason::Duplicate => &mut outcome.duplicate,
                    DropReason::OverLimit => &mut outcome.cut,
                    DropReason::Unwanted => panic!("the built-in rule wants all links"),
                } += 1;
                let counts = count_all || edit.reason == DropReason::OverLimit;
                let count = span.dropped_links_count;
                span.dropped_links_count = count.saturating_add(u32::from(counts));
            }
        }
    }
    assert!(dropped.is_disjoint(&attributed));
    let mut place = 0..;
    span.links
        .retain(|_| !dropped.contains(&place.next().unwrap()));
    span.links.extend(added);
}

fn extend(link: &mut Link, attributes: Vec<KeyValue>) {
    for attribute in attributes {
        assert!(value(&link.attributes, &attribute.key).is_none());
        assert!(link.attributes.len() < 128);
        link.attributes.push(attribute);
    }
}

fn set_context(link: &mut Link, edit: &Edit, verdict: &Verdict) {
    let context = edit.context;
    let trace_id = u128::from(context.trace_id_high) << 64 | u128::from(context.trace_id_low);
    assert!(trace_id != 0 && context.span_id != 0);
    link.trace_id = trace_id.to_be_bytes().to_vec();
    link.span_id = context.span_id.to_be_bytes().to_vec();
    link.flags = context.flags;
    let state = read(context.trace_state, verdict);
    if !state.is_empty() {
        link.trace_state = state;
    }
}

fn key_value(attribute: &Attribute, verdict: &Verdict) -> KeyValue {
    let value = match attribute.kind {
        ValueKind::Text => Value::StringValue(read(attribute.text, verdict)),
        ValueKind::Boolean => Value::BoolValue(attribute.bits == 1),
        ValueKind::Integer => Value::IntValue(attribute.bits.cast_signed()),
        ValueKind::Double => Value::DoubleValue(f64::from_bits(attribute.bits)),
    };
    kv(&read(attribute.key, verdict), value)
}

fn read(text: Text, verdict: &Verdict) -> String {
    let bytes = &verdict.texts[text.offset as usize..][..text.length as usize];
    String::from_utf8(bytes.to_vec()).unwrap()
}
