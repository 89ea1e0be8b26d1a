//! Where two sets of spans differ, span by span.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::Path;

use linkmend_files::Position;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use serde::Serialize;

use crate::spans::{self, Placed, attributes, hex};

/// A span that is not as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where its batch begins in `before.*`, such as `line 3, column 1`.
    pub place: Option<String>,
    /// `service.name` of its resource.
    pub service: Option<String>,
    /// The span's name.
    pub name: String,
    /// The span's trace id, in hexadecimal digits.
    pub trace_id: String,
    /// The span's id, in hexadecimal digits.
    pub span_id: String,
    /// Links that are missing: `trace:span {attributes}`.
    pub missing_links: Vec<String>,
    /// Links that are not in `after.*`.
    pub unexpected_links: Vec<String>,
    /// What else differs, in words.
    pub other: Vec<String>,
}

/// A span by its ids: the first with them, the second, and so on.
type Places = BTreeMap<(Vec<u8>, Vec<u8>), VecDeque<Position>>;

/// Where the spans of one file differ from those of another one.
///
/// # Errors
///
/// When one of them cannot be read.
pub fn differences(wanted: &Path, got: &Path) -> Result<Vec<Difference>, String> {
    let (wanted, got) = (spans::read(wanted)?, spans::read(got)?);
    Ok(compare(&wanted, &wanted, &got))
}

/// Where `got` differs from `wanted`; `before` says where each span came from.
pub(crate) fn compare(before: &[Placed], wanted: &[Placed], got: &[Placed]) -> Vec<Difference> {
    let mut places = Places::new();
    for placed in before {
        let position = placed.position;
        places
            .entry(ids(&placed.span))
            .or_default()
            .push_back(position);
    }
    let mut open: BTreeMap<_, VecDeque<&Placed>> = BTreeMap::new();
    for placed in wanted {
        open.entry(ids(&placed.span)).or_default().push_back(placed);
    }
    let mut differences = Vec::new();
    for placed in got {
        let place = places
            .get_mut(&ids(&placed.span))
            .and_then(VecDeque::pop_front);
        let expected = open
            .get_mut(&ids(&placed.span))
            .and_then(VecDeque::pop_front);
        let found = expected.map_or_else(
            || Some(with_reason(placed, "the span is not in after.*")),
            |expected| span(expected, placed),
        );
        differences.extend(found.map(|found| Difference {
            place: place.map(|place| place.to_string()),
            ..found
        }));
    }
    for placed in open.into_values().flatten() {
        differences.push(with_reason(placed, "the span did not come out"));
    }
    differences
}

fn ids(span: &Span) -> (Vec<u8>, Vec<u8>) {
    (span.trace_id.clone(), span.span_id.clone())
}

fn named(placed: &Placed) -> Difference {
    Difference {
        place: None,
        service: placed.origin.service().map(str::to_owned),
        name: placed.span.name.clone(),
        trace_id: hex(&placed.span.trace_id),
        span_id: hex(&placed.span.span_id),
        missing_links: Vec::new(),
        unexpected_links: Vec::new(),
        other: Vec::new(),
    }
}

fn with_reason(placed: &Placed, reason: &str) -> Difference {
    let mut found = named(placed);
    found.other.push(reason.into());
    found
}

/// Where a span differs; `None` where it does not.
fn span(wanted: &Placed, got: &Placed) -> Option<Difference> {
    let mut found = named(got);
    links(&wanted.span.links, &got.span.links, &mut found);
    let (wanted_count, count) = (
        wanted.span.dropped_links_count,
        got.span.dropped_links_count,
    );
    if wanted_count != count {
        let text = format!("dropped_links_count is {count}, not {wanted_count}");
        found.other.push(text);
    }
    others(&wanted.span, &got.span, &mut found.other);
    if wanted.origin != got.origin {
        let text = "its resource or scope is another one than in after.*";
        found.other.push(text.into());
    }
    let differs = !(found.missing_links.is_empty()
        && found.unexpected_links.is_empty()
        && found.other.is_empty());
    differs.then_some(found)
}

fn links(wanted: &[Link], got: &[Link], found: &mut Difference) {
    let wanted: Vec<String> = wanted.iter().map(link_text).collect();
    let got: Vec<String> = got.iter().map(link_text).collect();
    if wanted == got {
        return;
    }
    let mut unexpected = got.clone();
    for link in &wanted {
        match unexpected.iter().position(|other| other == link) {
            Some(place) => drop(unexpected.remove(place)),
            None => found.missing_links.push(link.clone()),
        }
    }
    found.unexpected_links = unexpected;
    if found.missing_links.is_empty() && found.unexpected_links.is_empty() {
        let text = "its links are those of after.*, in another order";
        found.other.push(text.into());
    }
}

/// A link as a line. All of it is there: links with the same text are the same.
fn link_text(link: &Link) -> String {
    let mut text = format!(
        "{}:{} {{{}}}",
        hex(&link.trace_id),
        hex(&link.span_id),
        attributes(&link.attributes)
    );
    // Writing to a String cannot fail.
    if link.flags != 0 {
        let _ = write!(text, " flags={:#x}", link.flags);
    }
    if !link.trace_state.is_empty() {
        let _ = write!(text, " tracestate={:?}", link.trace_state);
    }
    if link.dropped_attributes_count != 0 {
        let _ = write!(
            text,
            " dropped_attributes_count={}",
            link.dropped_attributes_count
        );
    }
    text
}

/// What differs beside links: nothing that linkmend would change.
fn others(wanted: &Span, got: &Span, found: &mut Vec<String>) {
    let fields = [
        ("name", wanted.name != got.name),
        ("kind", wanted.kind != got.kind),
        (
            "parent_span_id",
            wanted.parent_span_id != got.parent_span_id,
        ),
        ("trace_state", wanted.trace_state != got.trace_state),
        ("flags", wanted.flags != got.flags),
        (
            "start_time_unix_nano",
            wanted.start_time_unix_nano != got.start_time_unix_nano,
        ),
        (
            "end_time_unix_nano",
            wanted.end_time_unix_nano != got.end_time_unix_nano,
        ),
        ("attributes", wanted.attributes != got.attributes),
        (
            "dropped_attributes_count",
            wanted.dropped_attributes_count != got.dropped_attributes_count,
        ),
        ("events", wanted.events != got.events),
        (
            "dropped_events_count",
            wanted.dropped_events_count != got.dropped_events_count,
        ),
        ("status", wanted.status != got.status),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    found.extend(differing.map(|(field, _)| {
        format!("its {field} is not as in after.*; a rule cannot change that: before.* and after.* differ")
    }));
}
