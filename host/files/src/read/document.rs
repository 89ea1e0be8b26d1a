//! JSON documents of any size, cut at the elements of `resourceSpans`, or of the
//! array that an export has in its place.
//!
//! Nothing is parsed here: strings and brackets are followed to find where the
//! elements begin and end. The text before the elements and after them is
//! checked when it is complete, the elements when they are decoded.

use bytes::Bytes;

use crate::batch::{Content, Elements};
use crate::fault::{FaultKind, Position, part_name};
use crate::format::Format;
use crate::json::{self, ElementKind};

use super::balance::Balance;
use super::members::{Look, Stop, blank, has_one, members, value};
use super::options::ReadOptions;
use super::part::{Broken, Part, end};
use super::source::Source;

/// What is said of an array that holds no spans.
const ARRAY: &str = "not a trace file: an array that holds no span of Zipkin's \
     (`traceId`, `id`); OTLP/JSON is an object `{\"resourceSpans\":[…]}`. Objects that stand in an \
     array are read without it, one after the other (`jq '.[]'`)";

/// White space between documents is handed on in pieces of this size.
const BLANK: usize = 64 * 1024;

pub(super) struct Documents {
    options: ReadOptions,
    state: State,
    /// What stands between documents has no place in what they become.
    hides_blank: bool,
}

enum State {
    /// Before, between or after documents.
    Outside,
    /// In the array of a document, before the element `index`.
    Array { array: Array, index: usize },
}

/// The array of a document whose elements are cut out.
#[derive(Clone)]
struct Array {
    /// The text of the document up to its `[`.
    opening: Bytes,
    kind: ElementKind,
    /// It stands in an object inside of the document.
    is_inside: bool,
}

impl Array {
    /// What ends a document that has no end.
    fn end(&self) -> &'static [u8] {
        if self.is_inside { b"]}}" } else { b"]}" }
    }
}

impl Documents {
    pub(super) fn new(options: ReadOptions) -> Self {
        Self {
            options,
            state: State::Outside,
            hides_blank: false,
        }
    }

    pub(super) fn next(&mut self, source: &mut Source) -> Option<Part> {
        match &self.state {
            State::Outside => self.outside(source),
            State::Array { array, index } => {
                let (array, index) = (array.clone(), *index);
                self.elements(source, &array, index)
            }
        }
    }

    fn outside(&mut self, source: &mut Source) -> Option<Part> {
        loop {
            let position = source.text_position();
            let mut at = 0;
            while at < BLANK
                && source
                    .byte(at)
                    .is_some_and(|byte| byte.is_ascii_whitespace())
            {
                at += 1;
            }
            let blank = source.take(at);
            if at > 0 && !self.hides_blank {
                return Some(Ok((position, Content::Blank(blank))));
            }
            match source.byte(0) {
                None => return end(source, position, None),
                Some(b'{') => return Some(self.opening(source)),
                Some(b'[') => return self.zipkin(source),
                Some(byte) if byte.is_ascii_whitespace() => {}
                Some(_) => return Some(Err(odd(source, 0, "expected an object"))),
            }
        }
    }

    /// From the `{` of a document to the `[` of its `resourceSpans`.
    fn opening(&mut self, source: &mut Source) -> Part {
        let position = source.text_position();
        match members(self.options.max_batch_bytes, source, 1, Look::Document) {
            Stop::Array(found) => {
                let array = Array {
                    opening: source.take(found.at),
                    kind: found.kind,
                    is_inside: found.is_inside,
                };
                check(&array, None, position)?;
                let (opening, end) = (array.opening.clone(), array.end());
                self.enter(array, 0);
                Ok((position, Content::Opening(opening, end)))
            }
            Stop::End(length) => Ok((position, Content::Object(source.take(length)))),
            stop => Err(self.stopped(source, &stop)),
        }
    }

    /// From the `[` of an array of Zipkin's spans.
    fn zipkin(&mut self, source: &mut Source) -> Option<Part> {
        if !has_one(self.options.max_batch_bytes, source, 1, json::is_zipkin) {
            return Some(Err(odd(source, 0, ARRAY)));
        }
        let array = Array {
            opening: source.take(1),
            kind: ElementKind::Zipkin,
            is_inside: false,
        };
        self.hides_blank = true;
        self.elements(source, &array, 0)
    }

    /// As many elements as make a group, or what else comes next.
    fn elements(&mut self, source: &mut Source, array: &Array, index: usize) -> Option<Part> {
        let mut ranges = Vec::new();
        let mut at = 0;
        let mut lead = 0;
        while at < self.options.group_bytes {
            let next = separator(source, at, index + ranges.len() > 0).and_then(|start| {
                value(self.options.max_batch_bytes, source, start).map(|end| start..end)
            });
            match next {
                Ok(range) => {
                    if ranges.is_empty() {
                        lead = range.start;
                    }
                    at = range.end;
                    ranges.push(range.start - lead..range.end - lead);
                }
                // Whatever it is, it waits until the group before it is out.
                Err(_) if !ranges.is_empty() => break,
                Err(Stop::End(bracket)) => return self.closing(source, array, bracket),
                Err(Stop::TooLong(balance, followed)) => {
                    self.enter(array.clone(), index + 1);
                    return Some(Err(self.skip(source, balance, followed)));
                }
                Err(stop) => return Some(Err(self.stopped(source, &stop))),
            }
        }
        let position = source.text_position_at(lead);
        self.enter(array.clone(), index + ranges.len());
        let lead = source.take(lead);
        let text = source.take(ranges.last().map_or(0, |range| range.end));
        let elements = Elements {
            kind: array.kind,
            lead,
            text,
            ranges: (index..).zip(ranges).collect(),
        };
        Some(Ok((position, Content::Elements(elements))))
    }

    fn enter(&mut self, array: Array, index: usize) {
        self.state = State::Array { array, index };
    }

    /// From behind the last element to the end of the document.
    fn closing(&mut self, source: &mut Source, array: &Array, bracket: usize) -> Option<Part> {
        let position = source.text_position();
        let mut stop = Stop::End(bracket + 1);
        if array.kind != ElementKind::Zipkin {
            stop = members(
                self.options.max_batch_bytes,
                source,
                bracket + 1,
                Look::Over,
            );
        }
        if array.is_inside
            && let Stop::End(end) = stop
        {
            stop = members(self.options.max_batch_bytes, source, end, Look::Over);
        }
        let Stop::End(length) = stop else {
            return Some(Err(self.stopped(source, &stop)));
        };
        self.state = State::Outside;
        let closing = source.take(length);
        if array.kind == ElementKind::Zipkin {
            return self.outside(source);
        }
        let checked = check(array, Some(&closing), position);
        Some(checked.map(|()| (position, Content::Closing(closing))))
    }

    /// Consumes the rest of an element without holding it.
    fn skip(&self, source: &mut Source, mut balance: Balance, followed: usize) -> Broken {
        let position = source.text_position();
        source.consume(followed);
        let whole = loop {
            if let Some(rest) = balance.feed(source.seen()) {
                source.consume(rest);
                break true;
            }
            source.consume(source.seen().len());
            if !source.more() {
                break false;
            }
        };
        self.too_long(position, !whole)
    }

    fn too_long(&self, position: Position, ends_input: bool) -> Broken {
        Broken {
            position,
            kind: FaultKind::TooLong {
                what: part_name(Format::Json),
                limit: self.options.max_batch_bytes,
            },
            ends_input,
        }
    }

    /// What ends the input, because nobody knows where the next element begins.
    fn stopped(&self, source: &mut Source, stop: &Stop) -> Broken {
        let position = source.text_position();
        match stop {
            Stop::Odd(at, reason) => odd(source, *at, reason),
            Stop::TooLong(..) => self.too_long(position, true),
            Stop::Array(_) | Stop::End(_) | Stop::OutOfInput => {
                let kind = source.failure().map_or(
                    FaultKind::Truncated {
                        what: "a JSON document",
                    },
                    FaultKind::Read,
                );
                Broken {
                    position: source.text_position_at(usize::MAX),
                    kind,
                    ends_input: true,
                }
            }
        }
    }
}

/// Over the comma before an element, to the element.
fn separator(source: &mut Source, at: usize, expected: bool) -> Result<usize, Stop> {
    let at = blank(source, at);
    let next = match source.byte(at) {
        Some(b']') => return Err(Stop::End(at)),
        Some(b',') if expected => blank(source, at + 1),
        Some(b',') => return Err(Stop::Odd(at, "expected a value")),
        Some(_) if expected => return Err(Stop::Odd(at, "expected `,` or `]`")),
        _ => at,
    };
    match source.byte(next) {
        None => Err(Stop::OutOfInput),
        Some(_) => Ok(next),
    }
}

fn odd(source: &Source, at: usize, reason: &str) -> Broken {
    Broken {
        position: source.text_position_at(at),
        kind: FaultKind::Json {
            path: String::new(),
            reason: reason.to_owned(),
        },
        ends_input: true,
    }
}

/// Checks a document without its elements: the part before them, or all of it.
fn check(array: &Array, closing: Option<&[u8]>, position: Position) -> Result<(), Broken> {
    let text = [&array.opening, closing.unwrap_or(array.end())].concat();
    json::check_without_elements(&text, array.kind).map_err(|error| Broken {
        position: match closing {
            None => position.in_text(error.line, error.column),
            Some(_) => position,
        },
        kind: FaultKind::Json {
            path: error.path,
            reason: error.reason,
        },
        ends_input: closing.is_none(),
    })
}
