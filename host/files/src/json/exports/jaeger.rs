//! Jaeger's own JSON: an element of `data`, as its query API has it and its UI
//! downloads it.
//!
//! It reads as the Collector reads Jaeger's spans: the first reference
//! `CHILD_OF` into the own trace is the parent, the others are links. Written
//! back, a link is a reference `FOLLOWS_FROM`, as Jaeger itself makes it of
//! OTLP; attributes of links have no place there.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::decode::Decoder;
use super::super::error::JsonError;
use super::otlp::{self, AnyValue, KeyValue, Scope};

/// A trace.
#[derive(Deserialize)]
pub(super) struct Trace<'t> {
    #[serde(borrow, default)]
    spans: Option<Vec<&'t RawValue>>,
    #[serde(borrow, default)]
    processes: Option<HashMap<Cow<'t, str>, Process<'t>>>,
}

#[derive(Deserialize, Default)]
struct Process<'t> {
    #[serde(borrow, rename = "serviceName", default)]
    service_name: Cow<'t, str>,
    #[serde(borrow, default)]
    tags: Option<Vec<Tag<'t>>>,
}

#[derive(Deserialize)]
struct Span<'t> {
    #[serde(borrow, rename = "traceID")]
    trace_id: Cow<'t, str>,
    #[serde(borrow, rename = "spanID")]
    id: Cow<'t, str>,
    #[serde(borrow, rename = "parentSpanID", default)]
    parent: Option<Cow<'t, str>>,
    #[serde(borrow, rename = "operationName", default)]
    operation: Cow<'t, str>,
    #[serde(borrow, default)]
    references: Option<Vec<Reference<'t>>>,
    #[serde(default)]
    flags: Option<u32>,
    #[serde(rename = "startTime", default)]
    start: u64,
    #[serde(default)]
    duration: u64,
    #[serde(borrow, default)]
    tags: Option<Vec<Tag<'t>>>,
    #[serde(borrow, default)]
    logs: Option<Vec<Log<'t>>>,
    #[serde(borrow, rename = "processID", default)]
    process: Cow<'t, str>,
}

#[derive(Deserialize)]
pub(super) struct Reference<'t> {
    #[serde(borrow, rename = "refType")]
    kind: Cow<'t, str>,
    #[serde(borrow, rename = "traceID")]
    pub(super) trace_id: Cow<'t, str>,
    #[serde(borrow, rename = "spanID")]
    pub(super) span_id: Cow<'t, str>,
}

#[derive(Deserialize)]
struct Tag<'t> {
    #[serde(borrow)]
    key: Cow<'t, str>,
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'t, str>,
    #[serde(borrow)]
    value: Scalar<'t>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar<'t> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(#[serde(borrow)] Cow<'t, str>),
    /// Nothing that Jaeger writes.
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Log<'t> {
    #[serde(default)]
    timestamp: u64,
    #[serde(borrow, default)]
    fields: Option<Vec<Tag<'t>>>,
}

/// Appends the trace, the one with that index.
pub(crate) fn decode(decoder: &mut Decoder, text: &[u8], index: usize) -> Result<(), JsonError> {
    let text = std::str::from_utf8(text).map_err(|error| JsonError::utf8(text, error))?;
    let at = format!("data[{index}]");
    let trace: Trace<'_> =
        serde_json::from_str(text).map_err(|error| JsonError::new(&error, at.clone()))?;
    let mut spans = Vec::new();
    for (number, raw) in trace.spans.iter().flatten().enumerate() {
        let at = format!("{at}.spans[{number}]");
        let within = |error: JsonError| error.within(text, raw.get());
        let span: Span<'_> = serde_json::from_str(raw.get())
            .map_err(|error| within(JsonError::new(&error, at.clone())))?;
        let span = span
            .into_otlp()
            .map_err(|wrong| within(JsonError::here(format!("{at}.{}", wrong.0), wrong.1)))?;
        spans.push(span);
    }
    let json = serde_json::to_vec(&grouped(spans, trace.processes.unwrap_or_default()));
    let json = json.map_err(|error| JsonError::new(&error, at.clone()))?;
    decoder
        .traces(&json)
        .map(|_| ())
        .map_err(|error| JsonError::here(at, error.reason))
}

/// The texts of the spans of a trace in the order in which [`decode`] writes
/// them.
pub(super) fn span_texts(text: &str) -> Result<Vec<&str>, serde_json::Error> {
    let trace: Trace<'_> = serde_json::from_str(text)?;
    let texts: Vec<&str> = trace
        .spans
        .into_iter()
        .flatten()
        .map(RawValue::get)
        .collect();
    let mut places = Places::default();
    let mut found = Vec::with_capacity(texts.len());
    for text in texts {
        let span: Span<'_> = serde_json::from_str(text)?;
        let scope = scope(&span.tags.iter().flatten());
        found.push((places.of(span.process.into_owned(), scope), text));
    }
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, text)| text).collect())
}

/// Where the parent is among the references of a span, by the ids of its trace.
pub(super) fn parent_of(references: &[Reference<'_>], trace_id: &str) -> Option<usize> {
    let own = otlp::id(trace_id, 32);
    references.iter().position(|reference| {
        reference.kind == "CHILD_OF" && otlp::id(&reference.trace_id, 32) == own
    })
}

/// What is wrong with a field, by its name.
struct Wrong(&'static str, String);

fn id(name: &'static str, text: &str, digits: usize) -> Result<String, Wrong> {
    otlp::id(text, digits).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        Wrong(
            name,
            format!(
                "expected at most {digits} hex digits, found \"{}\"",
                text.escape_debug()
            ),
        )
    })
}

/// A span, and in which process and scope it is.
struct Read<'t> {
    process: Cow<'t, str>,
    scope: Scope<'static>,
    span: otlp::Span<'t>,
}

impl<'t> Span<'t> {
    fn into_otlp(self) -> Result<Read<'t>, Wrong> {
        let references = self.references.unwrap_or_default();
        let parent = parent_of(&references, &self.trace_id);
        let mut span = otlp::Span {
            trace_id: id("traceID", &self.trace_id, 32)?,
            id: id("spanID", &self.id, 16)?,
            name: self.operation,
            // Of Jaeger's flags, one has a place in OTLP: sampled.
            flags: self.flags.unwrap_or_default() & 1,
            start_time_unix_nano: otlp::nanos(self.start),
            end_time_unix_nano: otlp::nanos(self.start.saturating_add(self.duration)),
            ..otlp::Span::default()
        };
        let parent_id = parent.and_then(|place| references.get(place));
        if let Some(reference) = parent_id {
            span.parent_span_id = id("references", &reference.span_id, 16)?;
        } else if let Some(parent) = &self.parent {
            span.parent_span_id = id("parentSpanID", parent, 16)?;
        }
        for (place, reference) in references.iter().enumerate() {
            if Some(place) != parent {
                span.links.push(reference.link()?);
            }
        }
        let tags = self.tags.unwrap_or_default();
        let scope = scope(&tags.iter());
        for tag in tags {
            tag.apply(&mut span);
        }
        span.events = self
            .logs
            .unwrap_or_default()
            .into_iter()
            .map(Log::event)
            .collect();
        Ok(Read {
            process: self.process,
            scope,
            span,
        })
    }
}

impl Reference<'_> {
    fn link(&self) -> Result<otlp::Link<'static>, Wrong> {
        let attributes = match &*self.kind {
            // What Jaeger makes of a link of OTLP.
            "FOLLOWS_FROM" => Vec::new(),
            kind => vec![KeyValue::text(
                "opentracing.ref_type",
                kind.to_ascii_lowercase(),
            )],
        };
        Ok(otlp::Link {
            trace_id: id("references", &self.trace_id, 32)?,
            span_id: id("references", &self.span_id, 16)?,
            attributes,
        })
    }
}

impl<'t> Tag<'t> {
    fn text(&self) -> Option<&str> {
        match &self.value {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Some tags are fields of OTLP; the others are attributes.
    fn apply(self, span: &mut otlp::Span<'t>) {
        match (&*self.key, self.text()) {
            ("span.kind", Some(word)) if otlp::kind(word).is_some() => {
                span.kind = otlp::kind(word).unwrap_or_default();
            }
            ("otel.status_code", Some(word)) if otlp::status_code(word).is_some() => {
                span.status.code = otlp::status_code(word).unwrap_or_default();
            }
            ("otel.status_description", Some(text)) => {
                span.status.message = text.to_owned().into();
            }
            ("w3c.tracestate", Some(text)) => span.trace_state = text.to_owned().into(),
            ("error", _) if matches!(self.value, Scalar::Bool(true)) => span.status.code = 2,
            (key, Some(_)) if SCOPE_TAGS.iter().flatten().any(|known| *known == key) => {}
            _ => span.attributes.push(self.attribute()),
        }
    }

    fn attribute(self) -> KeyValue<'t> {
        let value = match (&*self.kind, self.value) {
            ("binary", Scalar::Text(text)) => AnyValue::Base64(text),
            // Integers that a double does not hold are strings.
            ("int64", Scalar::Text(text)) => match text.parse() {
                Ok(number) => AnyValue::Int(number),
                Err(_) => AnyValue::Text(text),
            },
            #[allow(
                clippy::cast_precision_loss,
                reason = "JSON has one kind of number; the nearest double is what it means"
            )]
            ("float64", Scalar::Int(number)) => AnyValue::Double(number as f64),
            (_, Scalar::Text(text)) => AnyValue::Text(text),
            (_, Scalar::Bool(value)) => AnyValue::Bool(value),
            (_, Scalar::Int(number)) => AnyValue::Int(number),
            (_, Scalar::Double(number)) => AnyValue::Double(number),
            (_, Scalar::Other(IgnoredAny)) => AnyValue::Text(Cow::Borrowed("")),
        };
        KeyValue {
            key: self.key,
            value,
        }
    }
}

impl<'t> Log<'t> {
    fn event(self) -> otlp::Event<'t> {
        let mut event = otlp::Event {
            time_unix_nano: otlp::nanos(self.timestamp),
            name: Cow::Borrowed(""),
            attributes: Vec::new(),
        };
        for field in self.fields.unwrap_or_default() {
            match (&*field.key, field.text()) {
                ("event", Some(name)) => event.name = name.to_owned().into(),
                _ => event.attributes.push(field.attribute()),
            }
        }
        event
    }
}

/// What names the scope of a span, the newer name first.
const SCOPE_TAGS: [[&str; 2]; 2] = [
    ["otel.scope.name", "otel.library.name"],
    ["otel.scope.version", "otel.library.version"],
];

fn scope<'a, 't: 'a>(tags: &(impl Iterator<Item = &'a Tag<'t>> + Clone)) -> Scope<'static> {
    let [name, version] = SCOPE_TAGS.map(|known| {
        let mut found = tags.clone().filter(|tag| known.contains(&&*tag.key));
        let text = found.find_map(|tag| tag.text()).unwrap_or_default();
        Cow::Owned(text.to_owned())
    });
    Scope { name, version }
}

/// Numbers of processes and of scopes in them, in the order of their coming.
#[derive(Default)]
struct Places {
    processes: HashMap<String, (usize, HashMap<Scope<'static>, usize>)>,
}

impl Places {
    fn of(&mut self, process: String, scope: Scope<'static>) -> (usize, usize) {
        let next = self.processes.len();
        let (place, scopes) = self
            .processes
            .entry(process)
            .or_insert_with(|| (next, HashMap::new()));
        let next = scopes.len();
        (*place, *scopes.entry(scope).or_insert(next))
    }
}

/// Each process is a resource, whose attributes are there once.
fn grouped<'t>(
    spans: Vec<Read<'t>>,
    mut processes: HashMap<Cow<'t, str>, Process<'t>>,
) -> otlp::Traces<'t> {
    let mut places = Places::default();
    let mut resource_spans: Vec<otlp::ResourceSpans<'t>> = Vec::new();
    for Read {
        process,
        scope,
        span,
    } in spans
    {
        let (resource, place) = places.of(process.clone().into_owned(), scope.clone());
        if resource == resource_spans.len() {
            let process = processes.remove(&process).unwrap_or_default();
            resource_spans.push(otlp::ResourceSpans {
                resource: process.resource(),
                scope_spans: Vec::new(),
            });
        }
        let Some(resource) = resource_spans.get_mut(resource) else {
            continue;
        };
        if place == resource.scope_spans.len() {
            let spans = Vec::new();
            resource.scope_spans.push(otlp::ScopeSpans { scope, spans });
        }
        if let Some(scope) = resource.scope_spans.get_mut(place) {
            scope.spans.push(span);
        }
    }
    otlp::Traces { resource_spans }
}

impl<'t> Process<'t> {
    fn resource(self) -> otlp::Resource<'t> {
        let name = KeyValue::text("service.name", self.service_name);
        let tags = self.tags.unwrap_or_default().into_iter();
        let tags = tags.filter(|tag| tag.key != "service.name");
        otlp::Resource {
            attributes: std::iter::once(name)
                .chain(tags.map(Tag::attribute))
                .collect(),
        }
    }
}
