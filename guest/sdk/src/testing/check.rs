//! What the host checks before it looks at edits.

use linkmend_wire::Selector;

use super::fault::Fault;
use crate::{About, Plan, SpanKinds, Tasks, Text, Verdict};

/// How many keys and prefixes the host looks attributes up in.
const MOST_SELECTOR_KEYS: usize = 1_000;
/// How many keys a deferred span may wait for.
const MOST_AWAITED: usize = 16_384;

/// The name is fit for logs and metrics.
pub(super) fn about(about: &About) -> Result<(), Fault> {
    let is_fit = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
    };
    if (1..=64).contains(&about.name.len()) && about.name.bytes().all(is_fit) {
        return Ok(());
    }
    Err(Fault::new(format!(
        "it calls itself {:?}; a name has 1 to 64 lower-case letters, digits, `-`, `_` and `.`",
        about.name
    )))
}

/// The selector that a plan asks for.
pub(super) fn selector(plan: &Plan) -> Result<Selector, Fault> {
    let wanted = &plan.selector;
    let keys = wanted.attribute_keys.len() + wanted.attribute_prefixes.len();
    if keys > MOST_SELECTOR_KEYS {
        return Err(Fault::new(format!(
            "it wants spans by {keys} attribute keys and prefixes, and at most {MOST_SELECTOR_KEYS} are looked for"
        )));
    }
    let kinds = [
        SpanKinds::UNSPECIFIED,
        SpanKinds::INTERNAL,
        SpanKinds::SERVER,
        SpanKinds::CLIENT,
        SpanKinds::PRODUCER,
        SpanKinds::CONSUMER,
    ];
    let mut selector = Selector::none();
    for (number, kind) in (0..).zip(kinds) {
        if wanted.kinds & kind == kind {
            selector = selector.with_kind(number);
        }
    }
    if wanted.with_links {
        selector = selector.with_links();
    }
    for key in &wanted.attribute_keys {
        selector = selector.with_key(key);
    }
    for prefix in &wanted.attribute_prefixes {
        selector = selector.with_prefix(prefix);
    }
    Ok(selector)
}

/// The verdict says what it was asked for, of the `given` spans.
pub(super) fn verdict(verdict: &Verdict, tasks: Tasks, given: usize) -> Result<(), Fault> {
    if !tasks.contains(Tasks::MEND) && !verdict.edits.is_empty() {
        return Err(Fault::new(
            "it answers with edits to a call that only remembers",
        ));
    }
    if !tasks.contains(Tasks::DEFER) && !verdict.deferrals.is_empty() {
        return Err(Fault::new(
            "it defers a span, which this call does not allow",
        ));
    }
    let deferred = verdict.deferrals.iter().map(|deferral| deferral.span);
    let noted = verdict.notes.iter().map(|note| note.span);
    for span in deferred.clone().chain(noted) {
        if span as usize >= given {
            return Err(Fault::no_such_span(span, given));
        }
    }
    for (place, span) in deferred.clone().enumerate() {
        if deferred.clone().take(place).any(|other| other == span) {
            return Err(Fault::new(format!("it defers span {span} twice")));
        }
        if verdict.edits.iter().any(|edit| edit.span == span) {
            return Err(Fault::new(format!("it both defers and edits span {span}")));
        }
    }
    awaited(verdict)?;
    for explanation in &verdict.explanations {
        if explanation.span as usize >= given {
            return Err(Fault::no_such_span(explanation.span, given));
        }
        text(explanation.text, verdict)?;
    }
    Ok(())
}

fn awaited(verdict: &Verdict) -> Result<(), Fault> {
    for deferral in &verdict.deferrals {
        let keys = deferral.key_count as usize;
        if keys > MOST_AWAITED {
            return Err(Fault::new(format!(
                "it lets span {} wait for {keys} keys, and {MOST_AWAITED} are the most",
                deferral.span
            )));
        }
        let first = deferral.first_key as usize;
        if keys > 0 && verdict.keys.get(first..first + keys).is_none() {
            return Err(Fault::past_end("keys"));
        }
    }
    Ok(())
}

/// A text of the verdict.
pub(super) fn text(range: Text, verdict: &Verdict) -> Result<&str, Fault> {
    if range.length == 0 {
        return Ok("");
    }
    let start = range.offset as usize;
    let bytes = verdict.texts.get(start..start + range.length as usize);
    let bytes = bytes.ok_or_else(|| Fault::past_end("texts"))?;
    std::str::from_utf8(bytes).map_err(|_| Fault::new("a text is not UTF-8"))
}
