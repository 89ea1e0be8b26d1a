//! The usual way: decode a batch into structs, change them, encode them again.
//!
//! The decisions are those of the very same rule, which takes its facts from
//! the structs here; the edits are made on the structs, without the host's
//! checks. No way is faster that uses prost's structs.

use linkmend_repair::Repair;
use linkmend_repair::facts::{LinkFacts, Origin, SpanFacts};
use linkmend_repair::reads::{Reads, Use};
use linkmend_repair::value::Value;
use linkmend_rule::wire::links::{span_id, trace_id};
use linkmend_rule::wire::located::Reads as Table;
use linkmend_rule::{Action, Attribute, DropReason, Edit, Index, Tasks, Text, ValueKind, Verdict};
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::common::v1::{self, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message as _;

const STATUS_ERROR: i32 = 2;

/// Which attributes the rule reads, and what for: made once, as the rule itself has it.
pub struct Known {
    reads: Reads,
    table: Table,
}

impl Known {
    /// Of this rule.
    pub fn of(rule: &Repair) -> Self {
        let reads = rule.reads().clone();
        let table = reads.table();
        Self { reads, table }
    }

    fn used(&self, attribute: &KeyValue) -> Use {
        let number = self.table.number(attribute.key.as_bytes());
        number.map_or(Use::default(), |number| self.reads.used(number))
    }
}

/// Mends a batch by way of structs. `known` is of the rule.
pub fn mend(
    rule: &mut Repair,
    known: &Known,
    batch: &[u8],
    index: &mut dyn Index,
) -> anyhow::Result<Vec<u8>> {
    let mut traces = TracesData::decode(batch)?;
    let tasks = Tasks::REMEMBER | Tasks::MEND;
    let verdict = decide(rule, known, &traces, tasks, index)?;
    apply(&mut traces, &verdict);
    Ok(traces.encode_to_vec())
}

fn decide(
    rule: &mut Repair,
    known: &Known,
    traces: &TracesData,
    tasks: Tasks,
    index: &mut dyn Index,
) -> anyhow::Result<Verdict> {
    rule.begin(tasks);
    let used = |attribute: &KeyValue| known.used(attribute);
    let mut number = 0;
    let mut arena = Vec::new();
    for resource in &traces.resource_spans {
        let attributes = resource
            .resource
            .iter()
            .flat_map(|resource| &resource.attributes);
        let mut origin = Origin {
            environment: environment(attributes.clone()),
            ..Origin::default()
        };
        origin.set_service(service(attributes));
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            arena.clear();
            list(span, &mut arena);
            let facts = span_facts(number, span, &arena, used);
            number += 1;
            if span.links.is_empty() && !facts.message.names_messages() {
                continue;
            }
            let links = span.links.iter().map(|link| link_facts(link, used));
            rule.add(tasks, &origin, &facts, links);
        }
    }
    rule.decide(tasks, index).map_err(anyhow::Error::msg)
}

fn environment<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> &'a [u8] {
    let mut found: &[u8] = &[];
    for attribute in attributes {
        if let (
            "deployment.environment.name" | "deployment.environment",
            Some(AnyValue::StringValue(text)),
        ) = (attribute.key.as_str(), any_value(attribute))
        {
            found = text.as_bytes();
        }
    }
    found
}

fn service<'a>(mut attributes: impl Iterator<Item = &'a KeyValue>) -> &'a [u8] {
    let name = attributes.find(|attribute| attribute.key == "service.name");
    match name.and_then(any_value) {
        Some(AnyValue::StringValue(text)) => text.as_bytes(),
        _ => &[],
    }
}

fn any_value(attribute: &KeyValue) -> Option<&AnyValue> {
    attribute.value.as_ref()?.value.as_ref()
}

/// The elements of the arrays of a span, one array after the other.
fn list<'a>(span: &'a Span, arena: &mut Vec<Value<'a>>) {
    for attribute in &span.attributes {
        if let Some(AnyValue::ArrayValue(array)) = any_value(attribute) {
            arena.extend(
                array
                    .values
                    .iter()
                    .map(|value| scalar(value.value.as_ref())),
            );
        }
    }
}

fn scalar(value: Option<&AnyValue>) -> Value<'_> {
    match value {
        Some(AnyValue::StringValue(text)) => Value::Text(text.as_bytes()),
        Some(AnyValue::IntValue(number)) => Value::Int(*number),
        Some(AnyValue::BytesValue(bytes)) => Value::Bytes(bytes),
        _ => Value::Absent,
    }
}

fn span_facts<'a>(
    number: u32,
    span: &'a Span,
    arena: &'a [Value<'a>],
    used: impl Fn(&KeyValue) -> Use,
) -> SpanFacts<'a> {
    let mut facts = SpanFacts {
        number,
        trace_id: trace_id(&span.trace_id).unwrap_or(0),
        span_id: span_id(&span.span_id).unwrap_or(0),
        parent_span_id: span_id(&span.parent_span_id).unwrap_or(0),
        trace_state: span.trace_state.as_bytes(),
        name: span.name.as_bytes(),
        kind: u64::from(span.kind.cast_unsigned()),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        failed: span
            .status
            .as_ref()
            .is_some_and(|status| status.code == STATUS_ERROR),
        flags: span.flags,
        ..SpanFacts::default()
    };
    let mut rest = arena;
    for attribute in &span.attributes {
        let value = any_value(attribute);
        let listed = match value {
            Some(AnyValue::ArrayValue(array)) => {
                let (listed, others) = rest
                    .split_at_checked(array.values.len())
                    .unwrap_or_default();
                rest = others;
                Some(listed)
            }
            _ => None,
        };
        let value = match listed {
            Some(listed) => Value::Listed(listed),
            None => scalar(value),
        };
        facts.message.attribute(used(attribute), value);
    }
    facts
}

/// No link of the workloads has attributes that could double another one's.
fn link_facts(link: &Link, used: impl Fn(&KeyValue) -> Use) -> LinkFacts<'_> {
    let mut facts = LinkFacts {
        trace_id: trace_id(&link.trace_id).unwrap_or(0),
        span_id: span_id(&link.span_id).unwrap_or(0),
        has_trace_state: !link.trace_state.is_empty(),
        attribute_count: link.attributes.len() as u32,
        ..LinkFacts::default()
    };
    for attribute in &link.attributes {
        facts.attribute(used(attribute), 0, scalar(any_value(attribute)));
    }
    facts
}

/// Makes the edits on the structs.
fn apply(traces: &mut TracesData, verdict: &Verdict) {
    let mut edits = verdict.edits.chunk_by(|a, b| a.span == b.span).peekable();
    let resources = traces.resource_spans.iter_mut();
    let spans = resources
        .flat_map(|resource| &mut resource.scope_spans)
        .flat_map(|scope| &mut scope.spans);
    for (number, span) in (0..).zip(spans) {
        let own = edits.next_if(|edits| edits.first().is_some_and(|edit| edit.span == number));
        if let Some(own) = own {
            edit(span, own, verdict);
        }
    }
}

fn edit(span: &mut Span, edits: &[Edit], verdict: &Verdict) {
    let mut gone = vec![false; span.links.len()];
    for edit in edits {
        let place = edit.link as usize;
        match edit.action {
            Action::AddLink => {
                let mut link = Link::default();
                point(&mut link, edit, verdict);
                link.attributes.extend(attributes(edit, verdict));
                span.links.push(link);
            }
            Action::ReplaceContext => {
                if let Some(link) = span.links.get_mut(place) {
                    point(link, edit, verdict);
                    link.attributes.extend(attributes(edit, verdict));
                }
            }
            Action::AddAttributes => {
                if let Some(link) = span.links.get_mut(place) {
                    link.attributes.extend(attributes(edit, verdict));
                }
            }
            Action::DropLink => {
                if let Some(gone) = gone.get_mut(place) {
                    *gone = true;
                }
                if edit.reason == DropReason::OverLimit {
                    span.dropped_links_count = span.dropped_links_count.saturating_add(1);
                }
            }
        }
    }
    let mut gone = gone.into_iter();
    span.links.retain(|_| !gone.next().unwrap_or(false));
}

fn point(link: &mut Link, edit: &Edit, verdict: &Verdict) {
    let context = &edit.context;
    let trace_id = u128::from(context.trace_id_high) << 64 | u128::from(context.trace_id_low);
    link.trace_id = trace_id.to_be_bytes().to_vec();
    link.span_id = context.span_id.to_be_bytes().to_vec();
    if context.trace_state.length > 0 {
        link.trace_state = text(context.trace_state, verdict);
    }
    link.flags = context.flags;
}

fn attributes<'a>(edit: &Edit, verdict: &'a Verdict) -> impl Iterator<Item = KeyValue> + use<'a> {
    let first = edit.first_attribute as usize;
    let range = first..first + edit.attribute_count as usize;
    let attributes = verdict.attributes.get(range).unwrap_or_default();
    attributes.iter().map(|attribute| KeyValue {
        key: text(attribute.key, verdict),
        value: Some(v1::AnyValue {
            value: Some(value(attribute, verdict)),
        }),
        ..KeyValue::default()
    })
}

fn value(attribute: &Attribute, verdict: &Verdict) -> AnyValue {
    match attribute.kind {
        ValueKind::Text => AnyValue::StringValue(text(attribute.text, verdict)),
        ValueKind::Boolean => AnyValue::BoolValue(attribute.bits != 0),
        ValueKind::Integer => AnyValue::IntValue(attribute.bits.cast_signed()),
        ValueKind::Double => AnyValue::DoubleValue(f64::from_bits(attribute.bits)),
    }
}

fn text(range: Text, verdict: &Verdict) -> String {
    let start = range.offset as usize;
    let bytes = verdict.texts.get(start..start + range.length as usize);
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}
