//! Spans that stand for consumers in the traces of their producers, for backends
//! that draw only what is in one trace.

use std::collections::HashMap;

use linkmend_wire::encode::{
    put_bytes_field, put_fixed32_field, put_fixed64_field, put_varint_field,
};
use linkmend_wire::otlp::{
    any_value, key_value, link, resource, resource_spans, scope, scope_spans, span, span_kind,
    status, traces_data,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::flow::{Flow, Joined};

/// The scope of projected spans.
const SCOPE: &str = "linkmend/flows";
/// So many traces are counted before the first of them are forgotten.
const MOST_TRACES: usize = 100_000;

/// Makes spans of flows.
#[derive(Debug)]
pub struct Projector {
    most: u32,
    counts: HashMap<[u8; 16], u32>,
    before: HashMap<[u8; 16], u32>,
}

impl Projector {
    /// `most`: so many spans a trace.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self {
            most,
            counts: HashMap::new(),
            before: HashMap::new(),
        }
    }

    /// Appends the span of a flow to `batch`, a `TracesData`. Says whether there was
    /// to be one and it found no room in its trace.
    ///
    /// There is none for a consumer that is in its producer's trace already, and none
    /// for a delivery that another span told of.
    pub fn project(&mut self, flow: &Flow, batch: &mut Vec<u8>) -> Projected {
        let trace = flow.producer.context.trace;
        let is_there = flow.joined == Joined::Parent || flow.consumer.context.trace == trace;
        if is_there || flow.is_again {
            return Projected::NotNeeded;
        }
        let most = self.most;
        let count = self.count(trace);
        if *count >= most {
            return Projected::NoRoom;
        }
        *count += 1;
        put_bytes_field(batch, traces_data::RESOURCE_SPANS, &resource_spans(flow));
        Projected::Made
    }

    fn count(&mut self, trace: [u8; 16]) -> &mut u32 {
        if !self.counts.contains_key(&trace) {
            if self.counts.len() >= MOST_TRACES / 2 {
                self.before = std::mem::take(&mut self.counts);
            }
            let before = self.before.get(&trace).copied().unwrap_or(0);
            self.counts.insert(trace, before);
        }
        self.counts.entry(trace).or_default()
    }
}

/// What became of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projected {
    /// There is a span of it now.
    Made,
    /// Its trace shows it without.
    NotNeeded,
    /// Its trace has as many as it may have.
    NoRoom,
}

fn resource_spans(flow: &Flow) -> Vec<u8> {
    let mut of_resource = Vec::new();
    put_text(
        &mut of_resource,
        resource::ATTRIBUTES,
        "service.name",
        &flow.consumer.site.service,
    );
    if !flow.consumer.site.namespace.is_empty() {
        let namespace = &flow.consumer.site.namespace;
        put_text(
            &mut of_resource,
            resource::ATTRIBUTES,
            "service.namespace",
            namespace,
        );
    }
    let mut of_scope = Vec::new();
    put_bytes_field(&mut of_scope, scope::NAME, SCOPE.as_bytes());
    let mut scope_spans = Vec::new();
    put_bytes_field(&mut scope_spans, scope_spans::SCOPE, &of_scope);
    put_bytes_field(&mut scope_spans, scope_spans::SPANS, &span_of(flow));
    let mut out = Vec::new();
    put_bytes_field(&mut out, resource_spans::RESOURCE, &of_resource);
    put_bytes_field(&mut out, resource_spans::SCOPE_SPANS, &scope_spans);
    out
}

fn span_of(flow: &Flow) -> Vec<u8> {
    let (producer, consumer) = (&flow.producer, &flow.consumer);
    let mut out = Vec::new();
    put_bytes_field(&mut out, span::TRACE_ID, &producer.context.trace);
    put_bytes_field(&mut out, span::SPAN_ID, &id(flow));
    put_bytes_field(&mut out, span::PARENT_SPAN_ID, &producer.context.span);
    put_bytes_field(&mut out, span::NAME, consumer.site.name.as_bytes());
    put_varint_field(&mut out, span::KIND, span_kind::CONSUMER);
    put_fixed64_field(&mut out, span::START_TIME_UNIX_NANO, consumer.start);
    put_fixed64_field(&mut out, span::END_TIME_UNIX_NANO, consumer.end);
    let mut flag = Vec::new();
    put_varint_field(&mut flag, any_value::BOOL, 1);
    put_attribute(&mut out, span::ATTRIBUTES, "linkmend.projected", &flag);
    for (key, value) in [
        ("messaging.system", flow.system()),
        ("messaging.destination.name", flow.destination()),
        ("messaging.operation", &consumer.site.operation),
    ] {
        if !value.is_empty() {
            put_text(&mut out, span::ATTRIBUTES, key, value);
        }
    }
    if let Some(message) = &flow.message {
        put_text(&mut out, span::ATTRIBUTES, "messaging.message.id", message);
    }
    put_bytes_field(&mut out, span::LINKS, &link_to_consumer(flow));
    if consumer.status != 0 {
        let mut of_status = Vec::new();
        put_varint_field(&mut of_status, status::CODE, consumer.status.into());
        put_bytes_field(&mut out, span::STATUS, &of_status);
    }
    put_fixed32_field(&mut out, span::FLAGS, producer.flags & 0xff | 0x300);
    out
}

fn link_to_consumer(flow: &Flow) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes_field(&mut out, link::TRACE_ID, &flow.consumer.context.trace);
    put_bytes_field(&mut out, link::SPAN_ID, &flow.consumer.context.span);
    put_text(&mut out, link::ATTRIBUTES, "link.type", "projected_from");
    put_fixed32_field(&mut out, link::FLAGS, flow.consumer.flags & 0xff | 0x300);
    out
}

/// Of both contexts: the same flow has the same span, however often it is found.
fn id(flow: &Flow) -> [u8; 8] {
    let mut contexts = Vec::with_capacity(56);
    for end in [&flow.producer, &flow.consumer] {
        contexts.extend(end.context.trace);
        contexts.extend(end.context.span);
    }
    if let Some(message) = &flow.message {
        contexts.extend(message.as_bytes());
    }
    xxh3_64(&contexts).max(1).to_be_bytes()
}

fn put_text(out: &mut Vec<u8>, number: u32, key: &str, value: &str) {
    let mut text = Vec::new();
    put_bytes_field(&mut text, any_value::STRING, value.as_bytes());
    put_attribute(out, number, key, &text);
}

fn put_attribute(out: &mut Vec<u8>, number: u32, key: &str, value: &[u8]) {
    let mut pair = Vec::new();
    put_bytes_field(&mut pair, key_value::KEY, key.as_bytes());
    put_bytes_field(&mut pair, key_value::VALUE, value);
    put_bytes_field(out, number, &pair);
}
