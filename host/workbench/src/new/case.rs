//! A first golden case, of the author's own traces: a span, and the spans of the file
//! that may have to do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::spans::{self, Placed, hex};

/// How many spans go into a case beside the one that is asked for.
const MOST_OTHERS: usize = 20;
/// What stands on more spans than this is no id.
const MOST_SPANS_OF_ID: usize = 16;

/// A case that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstCase {
    /// Its `before.jsonl`.
    pub before: PathBuf,
    /// How many spans it has.
    pub spans: usize,
}

/// Writes `tests/from-ID/before.jsonl` into a folder: the span with this id, and those
/// of the file that have an id in common with it. What is to come of it, the author
/// says.
///
/// # Errors
///
/// When the file cannot be read, there is no such span in it, or nothing can be
/// written.
pub fn first_case(traces: &Path, id: &str, folder: &Path) -> Result<FirstCase, String> {
    let id = id.to_ascii_lowercase();
    let all = spans::read(traces)?;
    let Some(place) = all
        .iter()
        .position(|placed| hex(&placed.span.span_id) == id)
    else {
        return Err(format!(
            "{} has no span {id}; a span id has 16 hex digits",
            traces.display()
        ));
    };
    let chosen = chosen(&all, place);
    let case = folder.join("tests").join(format!("from-{id}"));
    let before = case.join("before.jsonl");
    let mut text = String::new();
    for placed in &chosen {
        let line = serde_json::to_string(&placed.traces()).map_err(|error| error.to_string())?;
        text.push_str(&line);
        text.push('\n');
    }
    let written = fs::create_dir_all(&case).and_then(|()| fs::write(&before, text));
    written.map_err(|error| format!("cannot write {}: {error}", before.display()))?;
    Ok(FirstCase {
        before,
        spans: chosen.len(),
    })
}

/// The span, and those that have an id in common with it, in the order of the file.
fn chosen(all: &[Placed], place: usize) -> Vec<&Placed> {
    let ids: Vec<BTreeSet<String>> = all.iter().map(|placed| ids(&placed.span)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in ids.iter().flatten() {
        *counts.entry(id).or_default() += 1;
    }
    let is_id = |id: &&String| {
        counts
            .get(id.as_str())
            .is_some_and(|count| *count <= MOST_SPANS_OF_ID)
    };
    let wanted: BTreeSet<&String> = ids.get(place).into_iter().flatten().filter(is_id).collect();
    let mut others = 0;
    let mut chosen = Vec::new();
    for (number, (placed, ids)) in all.iter().zip(&ids).enumerate() {
        let shares = ids.iter().any(|id| wanted.contains(id));
        if number == place || (shares && others < MOST_OTHERS) {
            others += usize::from(number != place);
            chosen.push(placed);
        }
    }
    chosen
}

/// What may identify something among the attributes of a span and of its links; and
/// the span itself, as links name it.
fn ids(span: &Span) -> BTreeSet<String> {
    let mut ids = BTreeSet::from([hex(&span.span_id)]);
    add(&span.attributes, &mut ids);
    for link in &span.links {
        ids.insert(hex(&link.span_id));
        add(&link.attributes, &mut ids);
    }
    ids
}

fn add(attributes: &[KeyValue], ids: &mut BTreeSet<String>) {
    for attribute in attributes {
        add_value(attribute.value.as_ref(), ids);
    }
}

fn add_value(value: Option<&AnyValue>, ids: &mut BTreeSet<String>) {
    let text = match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::ArrayValue(array)) => {
            return array
                .values
                .iter()
                .for_each(|value| add_value(Some(value), ids));
        }
        _ => return,
    };
    if !text.is_empty() {
        ids.insert(text);
    }
}
