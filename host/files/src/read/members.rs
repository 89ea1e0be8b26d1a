//! Finding the array in a document whose elements are read one by one, and the
//! ends of what stands around it.

use crate::json::{self, ElementKind};

use super::balance::Balance;
use super::source::Source;

/// The keys behind which spans may be.
const KEYS: [&str; 6] = [
    "resourceSpans",
    "resource_spans",
    "batches",
    "data",
    "trace",
    "result",
];
/// Those of objects that hold another one of them.
const OUTER: [&str; 2] = ["trace", "result"];

/// Why a scan stops.
pub(super) enum Stop {
    /// Behind the `[` of the array that is looked for.
    Array(Found),
    /// Behind the `}` of the document.
    End(usize),
    /// At something that must not stand there.
    Odd(usize, &'static str),
    /// The value is longer than the limit; how far it was followed.
    TooLong(Balance, usize),
    /// There is no more.
    OutOfInput,
}

/// Where an array begins whose elements are cut out.
pub(super) struct Found {
    /// Behind its `[`.
    pub(super) at: usize,
    pub(super) kind: ElementKind,
    /// It stands in an object inside of the document.
    pub(super) is_inside: bool,
}

/// Which arrays are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// In the document, and in objects of some names in it.
    Document,
    /// In an object of that name.
    Inside(&'static str),
    /// None: behind the array.
    Over,
}

/// Over the members of an object from `at` on, to its end or into the array
/// that is looked for.
pub(super) fn members(limit: usize, source: &mut Source, mut at: usize, look: Look) -> Stop {
    let start = at;
    loop {
        at = blank(source, at);
        if at - start > limit {
            return Stop::TooLong(Balance::default(), at);
        }
        match source.byte(at) {
            None => return Stop::OutOfInput,
            Some(b'}') => return Stop::End(at + 1),
            Some(b',') => at += 1,
            Some(b'"') => match member(limit, source, at, look) {
                Ok(end) => at = end,
                Err(stop) => return stop,
            },
            Some(_) => return Stop::Odd(at, "expected a key, `,` or `}`"),
        }
    }
}

/// Over one member, or into it if it is the array that is looked for.
fn member(limit: usize, source: &mut Source, at: usize, look: Look) -> Result<usize, Stop> {
    let key_end = value(limit, source, at)?;
    let key = source.seen().get(at + 1..key_end - 1).unwrap_or_default();
    let key = KEYS.iter().find(|known| known.as_bytes() == key).copied();
    let colon = blank(source, key_end);
    match source.byte(colon) {
        None => return Err(Stop::OutOfInput),
        Some(b':') => {}
        Some(_) => return Err(Stop::Odd(colon, "expected `:`")),
    }
    let start = blank(source, colon + 1);
    if let Some(key) = key.filter(|_| look != Look::Over) {
        match source.byte(start) {
            Some(b'[') => {
                if let Some(kind) = elements_of(limit, source, key, start + 1, look) {
                    return Err(Stop::Array(Found {
                        at: start + 1,
                        kind,
                        is_inside: look != Look::Document,
                    }));
                }
            }
            Some(b'{') if look == Look::Document && OUTER.contains(&key) => {
                match members(limit, source, start + 1, Look::Inside(key)) {
                    Stop::End(end) => return Ok(end),
                    Stop::Array(found) => return Err(Stop::Array(found)),
                    // What is wrong in it is told when the document is read.
                    _ => {}
                }
            }
            _ => {}
        }
    }
    value(limit, source, start)
}

/// What the array is whose elements begin at `at`: none that is read, if none of
/// its elements is what they should be.
fn elements_of(
    limit: usize,
    source: &mut Source,
    key: &'static str,
    at: usize,
    look: Look,
) -> Option<ElementKind> {
    let name = match (key, look) {
        ("resourceSpans" | "resource_spans", Look::Document) => return Some(ElementKind::OTLP),
        ("resourceSpans" | "resource_spans", Look::Inside("trace")) => "trace.resourceSpans",
        ("resourceSpans" | "resource_spans", Look::Inside("result")) => "result.resourceSpans",
        ("batches", Look::Document) => "batches",
        ("batches", Look::Inside("trace")) => "trace.batches",
        ("batches", Look::Inside("result")) => "result.batches",
        ("data", Look::Document) => {
            let is_jaeger = has_one(limit, source, at, json::is_jaeger_trace);
            return is_jaeger.then_some(ElementKind::JaegerTrace);
        }
        _ => return None,
    };
    let is_otlp = has_one(limit, source, at, json::is_resource_spans);
    is_otlp.then_some(ElementKind::ResourceSpans(name))
}

/// Whether one of the elements that begin at `at` is what all should be. Those before it
/// may be damaged: that is told of each of them, and costs none of the others. No more is
/// looked through than `limit` bytes.
pub(super) fn has_one(
    limit: usize,
    source: &mut Source,
    mut at: usize,
    is: impl Fn(&str) -> bool,
) -> bool {
    let most = at + limit;
    loop {
        let start = blank(source, at);
        let Ok(end) = value(most.saturating_sub(start), source, start) else {
            return false;
        };
        let element = source.seen().get(start..end).unwrap_or_default();
        if std::str::from_utf8(element).is_ok_and(&is) {
            return true;
        }
        let next = blank(source, end);
        if source.byte(next) != Some(b',') {
            return false;
        }
        at = next + 1;
    }
}

/// The end of the value that begins at `at`.
pub(super) fn value(limit: usize, source: &mut Source, at: usize) -> Result<usize, Stop> {
    let mut balance = Balance::default();
    let mut followed = at;
    loop {
        let before = balance;
        let chunk = source.seen().get(followed..).unwrap_or_default();
        match balance.feed(chunk) {
            Some(0) if followed == at => return Err(Stop::Odd(at, "expected a value")),
            Some(more) if followed + more - at > limit => {
                return Err(Stop::TooLong(before, followed));
            }
            Some(more) => return Ok(followed + more),
            None => {}
        }
        followed += chunk.len();
        if followed - at > limit {
            return Err(Stop::TooLong(balance, followed));
        }
        if !source.more() {
            return Err(Stop::OutOfInput);
        }
    }
}

/// Over white space.
pub(super) fn blank(source: &mut Source, mut at: usize) -> usize {
    while source
        .byte(at)
        .is_some_and(|byte| byte.is_ascii_whitespace())
    {
        at += 1;
    }
    at
}
