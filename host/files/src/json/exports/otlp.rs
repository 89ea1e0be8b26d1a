//! OTLP/JSON to be written: what exports of other models become, before it is
//! read like any other.

use std::borrow::Cow;

use serde::Serialize;

/// `TracesData`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Traces<'a> {
    pub(super) resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceSpans<'a> {
    pub(super) resource: Resource<'a>,
    pub(super) scope_spans: Vec<ScopeSpans<'a>>,
}

#[derive(Serialize, Default)]
pub(super) struct Resource<'a> {
    pub(super) attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
pub(super) struct ScopeSpans<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) spans: Vec<Span<'a>>,
}

#[derive(Serialize, Default, Clone, PartialEq, Eq, Hash)]
pub(super) struct Scope<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) version: Cow<'a, str>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Span<'a> {
    pub(super) trace_id: String,
    #[serde(rename = "spanId")]
    pub(super) id: String,
    pub(super) parent_span_id: String,
    pub(super) trace_state: Cow<'a, str>,
    pub(super) flags: u32,
    pub(super) name: Cow<'a, str>,
    pub(super) kind: u8,
    pub(super) start_time_unix_nano: u64,
    pub(super) end_time_unix_nano: u64,
    pub(super) attributes: Vec<KeyValue<'a>>,
    pub(super) events: Vec<Event<'a>>,
    pub(super) links: Vec<Link<'a>>,
    pub(super) status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    pub(super) time_unix_nano: u64,
    pub(super) name: Cow<'a, str>,
    pub(super) attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link<'a> {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) attributes: Vec<KeyValue<'a>>,
}

#[derive(Serialize, Default)]
pub(super) struct Status<'a> {
    pub(super) code: u8,
    pub(super) message: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct KeyValue<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) value: AnyValue<'a>,
}

impl<'a> KeyValue<'a> {
    pub(super) fn text(key: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            key: key.into(),
            value: AnyValue::Text(value.into()),
        }
    }
}

#[derive(Serialize)]
pub(super) enum AnyValue<'a> {
    #[serde(rename = "stringValue")]
    Text(Cow<'a, str>),
    #[serde(rename = "boolValue")]
    Bool(bool),
    #[serde(rename = "intValue")]
    Int(i64),
    #[serde(rename = "doubleValue")]
    Double(f64),
    #[serde(rename = "bytesValue")]
    Base64(Cow<'a, str>),
}

/// The number of a kind that is written as a word, in either case.
pub(super) fn kind(word: &str) -> Option<u8> {
    const KINDS: [&str; 5] = ["internal", "server", "client", "producer", "consumer"];
    let same = |kind: &&str| kind.eq_ignore_ascii_case(word);
    let place = KINDS.iter().position(same)?;
    u8::try_from(place + 1).ok()
}

/// The number of a status code that is written as a word.
pub(super) fn status_code(word: &str) -> Option<u8> {
    match word {
        "OK" => Some(1),
        "ERROR" => Some(2),
        "UNSET" => Some(0),
        _ => None,
    }
}

/// An id of at most so many hex digits, with the zeros before it that may have
/// been left out.
pub(super) fn id(text: &str, digits: usize) -> Option<String> {
    let is_id = text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    // No id at all stays none.
    let digits = if text.is_empty() { 0 } else { digits };
    is_id.then(|| format!("{text:0>digits$}"))
}

/// Nanoseconds of microseconds.
pub(super) fn nanos(micros: u64) -> u64 {
    micros.saturating_mul(1000)
}
