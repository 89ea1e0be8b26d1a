//! Batches as texts to look at. Whatever comes from the data stays on its line.

use std::fmt::{self, Write};

use jiff::Timestamp;
use linkmend::plain;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData};

/// How deep values are written that hold others.
const DEEPEST: usize = 16;

/// How much there is of a batch.
pub(super) struct Sums {
    pub(super) resource_spans: usize,
    pub(super) spans: usize,
    pub(super) links: usize,
}

impl Sums {
    pub(super) fn of(traces: &TracesData) -> Self {
        let spans = || spans(traces).map(|(_, _, span)| span);
        Self {
            resource_spans: traces.resource_spans.len(),
            spans: spans().count(),
            links: spans().map(|span| span.links.len()).sum(),
        }
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resource_spans,
            spans,
            links,
        } = self;
        write!(
            f,
            "{resource_spans} resource spans, {spans} spans, {links} links"
        )
    }
}

fn spans(traces: &TracesData) -> impl Iterator<Item = (&ResourceSpans, &ScopeSpans, &Span)> {
    traces.resource_spans.iter().flat_map(|resource| {
        let scopes = resource.scope_spans.iter();
        scopes.flat_map(move |scope| scope.spans.iter().map(move |span| (resource, scope, span)))
    })
}

/// A line for each span.
pub(super) fn normal(traces: &TracesData) -> String {
    let mut out = String::new();
    for (_, _, span) in spans(traces) {
        let _ = writeln!(
            out,
            "{} trace_id={} span_id={} parent_id={} kind={} links={}",
            plain(&span.name),
            hex(&span.trace_id),
            hex(&span.span_id),
            hex(&span.parent_span_id),
            kind(span),
            span.links.len()
        );
    }
    out
}

/// All of each span.
pub(super) fn detailed(traces: &TracesData) -> String {
    let mut text = Text(String::new());
    for (number, resource) in traces.resource_spans.iter().enumerate() {
        text.line(0, format_args!("ResourceSpans #{number}"));
        text.field(0, "Resource SchemaURL", &resource.schema_url);
        if let Some(resource) = &resource.resource {
            text.attributes(0, "Resource attributes", &resource.attributes);
        }
        for (number, scope) in resource.scope_spans.iter().enumerate() {
            text.scope(number, scope);
        }
    }
    text.0
}

struct Text(String);

impl Text {
    fn line(&mut self, depth: usize, line: fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{:1$}{line}", "", depth * 4);
    }

    /// A field that has a value.
    fn field(&mut self, depth: usize, name: &str, value: &str) {
        if !value.is_empty() {
            self.line(depth, format_args!("{name}: {}", plain(value)));
        }
    }

    fn dropped(&mut self, depth: usize, what: &str, count: u32) {
        if count > 0 {
            self.line(depth, format_args!("Dropped {what} count: {count}"));
        }
    }

    fn attributes(&mut self, depth: usize, title: &str, attributes: &[KeyValue]) {
        if attributes.is_empty() {
            return;
        }
        self.line(depth, format_args!("{title}:"));
        for attribute in attributes {
            let (key, value) = (plain(&attribute.key), value(attribute.value.as_ref(), 0));
            self.line(depth, format_args!("     -> {key}: {}", plain(&value)));
        }
    }

    fn scope(&mut self, number: usize, scope_spans: &ScopeSpans) {
        self.line(0, format_args!("ScopeSpans #{number}"));
        self.field(0, "ScopeSpans SchemaURL", &scope_spans.schema_url);
        if let Some(scope) = &scope_spans.scope {
            let (name, version) = (plain(&scope.name), plain(&scope.version));
            self.line(0, format_args!("InstrumentationScope {name} {version}"));
            self.attributes(0, "InstrumentationScope attributes", &scope.attributes);
        }
        for (number, span) in scope_spans.spans.iter().enumerate() {
            self.span(number, span);
        }
    }

    fn span(&mut self, number: usize, span: &Span) {
        self.line(0, format_args!("Span #{number}"));
        self.field(1, "Trace ID      ", &hex(&span.trace_id));
        self.field(1, "Parent ID     ", &hex(&span.parent_span_id));
        self.field(1, "ID            ", &hex(&span.span_id));
        self.field(1, "Trace state   ", &span.trace_state);
        self.line(1, format_args!("Name          : {}", plain(&span.name)));
        self.line(1, format_args!("Kind          : {}", kind(span)));
        self.line(
            1,
            format_args!("Start time    : {}", time(span.start_time_unix_nano)),
        );
        self.line(
            1,
            format_args!("End time      : {}", time(span.end_time_unix_nano)),
        );
        if let Some(status) = &span.status {
            self.line(1, format_args!("Status code   : {}", code(status.code)));
            self.field(1, "Status message", &status.message);
        }
        self.attributes(0, "Attributes", &span.attributes);
        self.dropped(0, "attributes", span.dropped_attributes_count);
        for (number, event) in span.events.iter().enumerate() {
            self.event(number, event);
        }
        self.dropped(0, "events", span.dropped_events_count);
        for (number, link) in span.links.iter().enumerate() {
            self.link(number, link);
        }
        self.dropped(0, "links", span.dropped_links_count);
    }

    fn event(&mut self, number: usize, event: &Event) {
        self.line(0, format_args!("SpanEvent #{number}"));
        self.line(0, format_args!("     -> Name: {}", plain(&event.name)));
        self.line(
            0,
            format_args!("     -> Timestamp: {}", time(event.time_unix_nano)),
        );
        self.attributes(1, "Attributes", &event.attributes);
        self.dropped(1, "attributes", event.dropped_attributes_count);
    }

    fn link(&mut self, number: usize, link: &Link) {
        self.line(0, format_args!("SpanLink #{number}"));
        self.line(0, format_args!("     -> Trace ID: {}", hex(&link.trace_id)));
        self.line(0, format_args!("     -> ID: {}", hex(&link.span_id)));
        self.field(0, "     -> Trace state", &link.trace_state);
        if link.flags > 0 {
            self.line(0, format_args!("     -> Flags: {:#010x}", link.flags));
        }
        self.attributes(1, "Attributes", &link.attributes);
        self.dropped(1, "attributes", link.dropped_attributes_count);
    }
}

/// A value with its type, as the Collector writes it.
fn value(value: Option<&AnyValue>, depth: usize) -> String {
    if depth > DEEPEST {
        return "...".into();
    }
    match value.and_then(|value| value.value.as_ref()) {
        None => "Empty()".into(),
        Some(Value::StringValue(text)) => format!("Str({text})"),
        Some(Value::BoolValue(value)) => format!("Bool({value})"),
        Some(Value::IntValue(value)) => format!("Int({value})"),
        Some(Value::DoubleValue(value)) => format!("Double({value})"),
        Some(Value::BytesValue(bytes)) => format!("Bytes({})", hex(bytes)),
        Some(Value::StringValueStrindex(index)) => format!("StrIndex({index})"),
        Some(Value::ArrayValue(array)) => {
            let values = array.values.iter();
            let values: Vec<_> = values
                .map(|one| self::value(Some(one), depth + 1))
                .collect();
            format!("Slice([{}])", values.join(", "))
        }
        Some(Value::KvlistValue(list)) => {
            let values = list.values.iter().map(|pair| {
                let value = self::value(pair.value.as_ref(), depth + 1);
                format!("{}: {value}", pair.key)
            });
            format!("Map({{{}}})", values.collect::<Vec<_>>().join(", "))
        }
    }
}

fn kind(span: &Span) -> String {
    match span.kind {
        0 => "Unspecified".into(),
        1 => "Internal".into(),
        2 => "Server".into(),
        3 => "Client".into(),
        4 => "Producer".into(),
        5 => "Consumer".into(),
        other => other.to_string(),
    }
}

fn code(code: i32) -> String {
    match code {
        0 => "Unset".into(),
        1 => "Ok".into(),
        2 => "Error".into(),
        other => other.to_string(),
    }
}

fn time(nanos: u64) -> String {
    match Timestamp::from_nanosecond(nanos.into()) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{nanos} ns"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
