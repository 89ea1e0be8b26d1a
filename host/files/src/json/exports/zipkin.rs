//! Zipkin's JSON, version 2: an array of spans, or of arrays of spans, as its
//! API and its exporters have it. It has no links, so it becomes OTLP.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::decode::Decoder;
use super::super::error::JsonError;
use super::otlp::{self, AnyValue, KeyValue, Scope};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span<'t> {
    #[serde(borrow)]
    trace_id: Cow<'t, str>,
    #[serde(borrow)]
    id: Cow<'t, str>,
    #[serde(borrow, default)]
    parent_id: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    kind: Option<Cow<'t, str>>,
    #[serde(default)]
    timestamp: Option<u64>,
    #[serde(default)]
    duration: Option<u64>,
    #[serde(borrow, default)]
    local_endpoint: Option<Endpoint<'t>>,
    #[serde(borrow, default)]
    remote_endpoint: Option<Endpoint<'t>>,
    #[serde(borrow, default)]
    annotations: Option<Vec<Annotation<'t>>>,
    #[serde(borrow, default)]
    tags: Option<BTreeMap<Cow<'t, str>, Cow<'t, str>>>,
}

#[derive(Deserialize, Default, Clone, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'t> {
    #[serde(borrow, default)]
    service_name: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    ipv4: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    ipv6: Option<Cow<'t, str>>,
    #[serde(default)]
    port: Option<u16>,
}

#[derive(Deserialize)]
struct Annotation<'t> {
    #[serde(default)]
    timestamp: u64,
    #[serde(borrow, default)]
    value: Cow<'t, str>,
}

/// The spans of many elements, by where they were.
#[derive(Default)]
pub(crate) struct Spans<'t> {
    /// Each local endpoint is a resource, with its scopes and their spans.
    resources: Vec<otlp::ResourceSpans<'t>>,
    places: HashMap<(Endpoint<'t>, Scope<'t>), (usize, usize)>,
    endpoints: HashMap<Endpoint<'t>, usize>,
}

impl<'t> Spans<'t> {
    /// Takes an element of the array, the one with that index: a span, or an
    /// array of them. Nothing of it, if anything of it is wrong.
    pub(crate) fn read(&mut self, text: &'t [u8], index: usize) -> Result<(), JsonError> {
        let text = std::str::from_utf8(text).map_err(|error| JsonError::utf8(text, error))?;
        if !text.starts_with('[') {
            let span = read_span(text, text, &format!("[{index}]"))?;
            self.take(span);
            return Ok(());
        }
        let raws: Vec<&'t RawValue> = serde_json::from_str(text)
            .map_err(|error| JsonError::new(&error, format!("[{index}]")))?;
        let spans = raws.into_iter().enumerate();
        let spans =
            spans.map(|(number, raw)| read_span(text, raw.get(), &format!("[{index}][{number}]")));
        let spans: Vec<_> = spans.collect::<Result<_, _>>()?;
        for span in spans {
            self.take(span);
        }
        Ok(())
    }

    /// Appends all that was taken.
    pub(crate) fn decode(self, decoder: &mut Decoder) -> Result<(), JsonError> {
        let traces = otlp::Traces {
            resource_spans: self.resources,
        };
        let json = serde_json::to_vec(&traces);
        let json = json.map_err(|error| JsonError::new(&error, String::new()))?;
        decoder.traces(&json).map(|_| ())
    }

    fn take(&mut self, read: Read<'t>) {
        let Read {
            endpoint,
            scope,
            span,
        } = read;
        let key = (endpoint, scope);
        let (resource, place) = match self.places.get(&key) {
            Some(place) => *place,
            None => self.place(key),
        };
        let scopes = self
            .resources
            .get_mut(resource)
            .map(|found| &mut found.scope_spans);
        if let Some(scope) = scopes.and_then(|scopes| scopes.get_mut(place)) {
            scope.spans.push(span);
        }
    }

    fn place(&mut self, key: (Endpoint<'t>, Scope<'t>)) -> (usize, usize) {
        let (endpoint, scope) = key.clone();
        let next = self.resources.len();
        let resource = *self.endpoints.entry(endpoint.clone()).or_insert(next);
        if resource == next {
            self.resources.push(otlp::ResourceSpans {
                resource: otlp::Resource {
                    attributes: endpoint.attributes("service.name", "net.host"),
                },
                scope_spans: Vec::new(),
            });
        }
        let mut place = (resource, 0);
        if let Some(found) = self.resources.get_mut(resource) {
            place.1 = found.scope_spans.len();
            let spans = Vec::new();
            found.scope_spans.push(otlp::ScopeSpans { scope, spans });
        }
        self.places.insert(key, place);
        place
    }
}

struct Read<'t> {
    endpoint: Endpoint<'t>,
    scope: Scope<'t>,
    span: otlp::Span<'t>,
}

fn read_span<'t>(text: &str, span: &'t str, at: &str) -> Result<Read<'t>, JsonError> {
    let read: Span<'t> = serde_json::from_str(span)
        .map_err(|error| JsonError::new(&error, at.to_owned()).within(text, span))?;
    read.into_otlp().map_err(|(name, reason)| {
        JsonError::here(format!("{at}.{name}"), reason).within(text, span)
    })
}

type Wrong = (&'static str, String);

fn id(name: &'static str, text: &str, digits: usize) -> Result<String, Wrong> {
    otlp::id(text, digits).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        let text = text.escape_debug();
        (
            name,
            format!("expected at most {digits} hex digits, found \"{text}\""),
        )
    })
}

impl<'t> Span<'t> {
    fn into_otlp(self) -> Result<Read<'t>, Wrong> {
        let start = self.timestamp.unwrap_or_default();
        let end = start.saturating_add(self.duration.unwrap_or_default());
        let kind = match self.kind.as_deref() {
            None => 0,
            Some(word) => otlp::kind(word).ok_or_else(|| {
                (
                    "kind",
                    format!("\"{}\" is no kind of span", word.escape_debug()),
                )
            })?,
        };
        let mut span = otlp::Span {
            trace_id: id("traceId", &self.trace_id, 32)?,
            id: id("id", &self.id, 16)?,
            parent_span_id: id(
                "parentId",
                self.parent_id.as_deref().unwrap_or_default(),
                16,
            )?,
            name: self.name.unwrap_or_default(),
            kind,
            start_time_unix_nano: otlp::nanos(start),
            end_time_unix_nano: otlp::nanos(end),
            ..otlp::Span::default()
        };
        let mut scope = Scope::default();
        for (key, value) in self.tags.unwrap_or_default() {
            apply(key, value, &mut span, &mut scope);
        }
        let remote = self.remote_endpoint.unwrap_or_default();
        span.attributes
            .extend(remote.attributes("peer.service", "net.peer"));
        let annotations = self.annotations.unwrap_or_default().into_iter();
        span.events = annotations.map(Annotation::event).collect();
        Ok(Read {
            endpoint: self.local_endpoint.unwrap_or_default(),
            scope,
            span,
        })
    }
}

/// Some tags are fields of OTLP; the others are attributes.
fn apply<'t>(
    key: Cow<'t, str>,
    value: Cow<'t, str>,
    span: &mut otlp::Span<'t>,
    scope: &mut Scope<'t>,
) {
    match &*key {
        "otel.status_code" if otlp::status_code(&value).is_some() => {
            span.status.code = otlp::status_code(&value).unwrap_or_default();
        }
        // That it is there says that the span failed, whatever it says.
        "error" if span.status.code == 0 => {
            span.status.code = 2;
            span.status.message = value;
        }
        "w3c.tracestate" => span.trace_state = value,
        "otel.scope.name" | "otel.library.name" => scope.name = value,
        "otel.scope.version" | "otel.library.version" => scope.version = value,
        _ => span.attributes.push(KeyValue::text(key, value)),
    }
}

impl<'t> Endpoint<'t> {
    fn attributes(self, service: &'static str, host: &'static str) -> Vec<KeyValue<'t>> {
        let mut attributes = Vec::new();
        attributes.extend(self.service_name.map(|name| KeyValue::text(service, name)));
        let ip = self.ipv4.or(self.ipv6);
        attributes.extend(ip.map(|ip| KeyValue::text(format!("{host}.ip"), ip)));
        attributes.extend(self.port.map(|port| KeyValue {
            key: format!("{host}.port").into(),
            value: AnyValue::Int(port.into()),
        }));
        attributes
    }
}

impl<'t> Annotation<'t> {
    fn event(self) -> otlp::Event<'t> {
        otlp::Event {
            time_unix_nano: otlp::nanos(self.timestamp),
            name: self.value,
            attributes: Vec::new(),
        }
    }
}
