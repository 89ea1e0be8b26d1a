//! What backends export, one step from OTLP: recognised by content, and only
//! where there are spans in it, or nothing but the place for them.
//!
//! | whose | what it looks like |
//! |---|---|
//! | Tempo, Grafana | `{"batches":[…]}`, `{"trace":{"resourceSpans":[…]}}` |
//! | Jaeger, API v3 | `{"result":{"resourceSpans":[…]}}` |
//! | Jaeger, UI and API v2 | `{"data":[{"traceID":…,"spans":[…],"processes":{…}}]}` |
//! | Zipkin, version 2 | `[{"traceId":…,"id":…}]`, or arrays of that in an array |
//! | loggers of the Java SDK | a `ResourceSpans` object by itself |

mod jaeger;
mod jaeger_patch;
mod otlp;
mod zipkin;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::decode::Decoder;
use super::element::ElementKind;
use super::error::JsonError;
use super::quick::SpanPlaces;
use super::schema::{Message, TEMPO_TRACE, TRACES_DATA};

pub(crate) use jaeger::decode as decode_jaeger_trace;
pub(super) use jaeger_patch::edits as jaeger_edits;
pub(crate) use zipkin::Spans as ZipkinSpans;

/// What an object is that is not OTLP's `TracesData`.
pub(super) enum Export<'t> {
    /// `TracesData` inside of another object, or under another name.
    Traces {
        text: &'t str,
        message: &'static Message,
        /// The key of the outer object; empty without one.
        within: &'static str,
    },
    /// A `ResourceSpans` object.
    ResourceSpans(&'t str),
    /// The traces of Jaeger's `data`.
    Jaeger(Vec<&'t RawValue>),
}

#[derive(Deserialize)]
struct Keys<'t> {
    #[serde(borrow, default, rename = "resourceSpans", alias = "resource_spans")]
    resource_spans: Option<&'t RawValue>,
    #[serde(borrow, default)]
    batches: Option<&'t RawValue>,
    #[serde(borrow, default)]
    trace: Option<&'t RawValue>,
    #[serde(borrow, default)]
    result: Option<&'t RawValue>,
    #[serde(borrow, default)]
    data: Option<&'t RawValue>,
}

/// Recognises an object; none if it is nothing of what is known here.
pub(super) fn find(text: &str) -> Option<Export<'_>> {
    let keys: Keys<'_> = serde_json::from_str(text).ok()?;
    // What has spans in it goes before what may be a rest.
    find_with(text, &keys, has_resource_spans)
        .or_else(|| find_with(text, &keys, is_rest))
        .or_else(|| is_jaeger_rest(text).then(|| Export::Jaeger(Vec::new())))
}

/// An object that has its spans in an array which `is` one of `ResourceSpans`, or in
/// another model.
fn find_with<'t>(text: &'t str, keys: &Keys<'t>, is: fn(&RawValue) -> bool) -> Option<Export<'t>> {
    if keys.resource_spans.is_some() {
        return None;
    }
    if let Some(export) = traces(text, keys, "", is) {
        return Some(export);
    }
    for (within, value) in [("trace", keys.trace), ("result", keys.result)] {
        let Some(value) = value else { continue };
        let Ok(inner) = serde_json::from_str::<Keys<'_>>(value.get()) else {
            continue;
        };
        if inner.resource_spans.is_some_and(is) {
            return Some(Export::Traces {
                text: value.get(),
                message: &TRACES_DATA,
                within,
            });
        }
        if let Some(export) = traces(value.get(), &inner, within, is) {
            return Some(export);
        }
    }
    if let Some(data) = keys.data
        && let Ok(traces) = serde_json::from_str::<Vec<&RawValue>>(data.get())
        && traces.iter().any(|trace| is_jaeger_trace(trace.get()))
    {
        return Some(Export::Jaeger(traces));
    }
    is_resource_spans(text).then_some(Export::ResourceSpans(text))
}

fn traces<'t>(
    text: &'t str,
    keys: &Keys<'t>,
    within: &'static str,
    is: fn(&RawValue) -> bool,
) -> Option<Export<'t>> {
    keys.batches.is_some_and(is).then_some(Export::Traces {
        text,
        message: &TEMPO_TRACE,
        within,
    })
}

/// An array with a `ResourceSpans` object.
fn has_resource_spans(array: &RawValue) -> bool {
    let elements: Result<Vec<&RawValue>, _> = serde_json::from_str(array.get());
    elements.is_ok_and(|elements| elements.iter().any(|one| is_resource_spans(one.get())))
}

/// An array of nothing, or of nothing but `ResourceSpans` without spans: that is what is
/// left of one whose elements were damaged, and what a backend answers that has no spans.
fn is_rest(array: &RawValue) -> bool {
    serde_json::from_str::<Vec<WithoutSpans>>(array.get()).is_ok()
}

/// A `ResourceSpans` without spans. Other people's objects have other keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithoutSpans {
    #[serde(default, rename = "resource")]
    _resource: Option<AnObject>,
    #[serde(default, rename = "schemaUrl", alias = "schema_url")]
    _schema: Option<String>,
}

/// Whatever keys it has.
#[derive(Deserialize)]
struct AnObject {}

/// The same of Jaeger's `data`, a name that many use: nothing else may stand beside it
/// than Jaeger's own.
fn is_jaeger_rest(text: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Answer {
        data: Vec<IgnoredAny>,
        #[serde(default, rename = "total")]
        _total: IgnoredAny,
        #[serde(default, rename = "limit")]
        _limit: IgnoredAny,
        #[serde(default, rename = "offset")]
        _offset: IgnoredAny,
        #[serde(default, rename = "errors")]
        _errors: IgnoredAny,
    }
    serde_json::from_str::<Answer>(text).is_ok_and(|answer| answer.data.is_empty())
}

/// An object with spans in scopes.
pub(crate) fn is_resource_spans(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(
            rename = "scopeSpans",
            alias = "scope_spans",
            alias = "instrumentationLibrarySpans",
            alias = "instrumentation_library_spans"
        )]
        _scopes: Vec<IgnoredAny>,
    }
    serde_json::from_str::<Probe>(text).is_ok()
}

/// A trace of Jaeger's model.
pub(crate) fn is_jaeger_trace(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "traceID")]
        _id: String,
        #[serde(rename = "spans")]
        _spans: Vec<IgnoredAny>,
    }
    serde_json::from_str::<Probe>(text).is_ok()
}

/// A span of Zipkin's, or an array that begins with one.
pub(crate) fn is_zipkin(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "traceId")]
        _trace: String,
        #[serde(rename = "id")]
        _id: String,
    }
    if text.starts_with('[') {
        let spans: Result<Vec<&RawValue>, _> = serde_json::from_str(text);
        return spans.is_ok_and(|spans| {
            let mut first = spans.first().into_iter();
            first.all(|first| serde_json::from_str::<Probe>(first.get()).is_ok())
                && !spans.is_empty()
        });
    }
    serde_json::from_str::<Probe>(text).is_ok()
}

/// Checks a document whose elements were cut out.
pub(crate) fn check_without_elements(text: &[u8], kind: ElementKind) -> Result<(), JsonError> {
    let empty = match kind {
        ElementKind::OTLP => super::decode::decode(text).map(|traces| traces.is_empty()),
        _ => outline(text),
    };
    if empty? {
        return Ok(());
    }
    Err(JsonError::here(
        String::new(),
        "the document holds spans in two places, and only the first is read".to_owned(),
    ))
}

/// Whether an export holds nothing but its array, which is empty now.
fn outline(text: &[u8]) -> Result<bool, JsonError> {
    let text = std::str::from_utf8(text).map_err(|error| JsonError::utf8(text, error))?;
    let keys: Keys<'_> =
        serde_json::from_str(text).map_err(|error| JsonError::new(&error, String::new()))?;
    let has_more = find_with(text, &keys, has_resource_spans).is_some();
    Ok(keys.resource_spans.is_none() && !has_more)
}

/// What was read of an object.
pub(crate) struct Read {
    /// `TracesData`.
    pub(crate) traces: Vec<u8>,
    /// Where its spans stand in the text, if that was found out on the way.
    pub(crate) places: Option<SpanPlaces>,
    /// The text is not OTLP/JSON, and can stand in its own file only.
    pub(crate) is_foreign: bool,
}

/// The `TracesData` of an object: OTLP, or one of the exports.
pub(crate) fn decode_any(text: &[u8]) -> Result<Read, JsonError> {
    let mut decoder = Decoder::with_capacity(text.len() / 2);
    let mut is_foreign = false;
    let places = match decoder.traces(text) {
        Ok(places) => places,
        Err(error) => {
            is_foreign = true;
            let Ok(text) = std::str::from_utf8(text) else {
                return Err(error);
            };
            match find(text) {
                Some(export) => export.decode(text, &mut decoder)?,
                None => return Err(super::hints::hinted(error, text)),
            }
            None
        }
    };
    Ok(Read {
        places,
        is_foreign: is_foreign || decoder.has_base64_ids(),
        traces: decoder.finish(),
    })
}

impl Export<'_> {
    fn decode(&self, whole: &str, decoder: &mut Decoder) -> Result<(), JsonError> {
        match self {
            Self::Traces {
                text,
                message,
                within,
            } => decoder.top(text.as_bytes(), message).map_err(|error| {
                let mut error = error.within(whole, text);
                if !within.is_empty() && !error.path.is_empty() {
                    error.path.insert_str(0, &format!("{within}."));
                }
                error
            }),
            Self::ResourceSpans(text) => decoder.resource_spans_at(text.as_bytes(), &[]),
            Self::Jaeger(traces) => {
                for (index, trace) in traces.iter().enumerate() {
                    decode_jaeger_trace(decoder, trace.get().as_bytes(), index)
                        .map_err(|error| error.within(whole, trace.get()))?;
                }
                Ok(())
            }
        }
    }
}
