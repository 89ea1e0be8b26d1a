//! JSON documents of any size, cut at the elements of `resourceSpans`.
//!
//! Nothing is parsed here: strings and brackets are followed to find where the
//! elements begin and end. The text before the elements and after them is
//! checked when it is complete, the elements when they are decoded.

use bytes::Bytes;

use crate::batch::{Content, Elements};
use crate::fault::{FaultKind, Position, part_name};
use crate::format::Format;
use crate::json;

use super::balance::Balance;
use super::source::Source;
use super::{Broken, Part, ReadOptions, end};

/// White space between documents is handed on in pieces of this size.
const BLANK: usize = 64 * 1024;

pub(super) struct Documents {
    options: ReadOptions,
    state: State,
}

enum State {
    /// Before, between or after documents.
    Outside,
    /// In the `resourceSpans` of the document that begins with `opening`,
    /// before the element `index`.
    Array { opening: Bytes, index: usize },
}

/// Why a scan stops.
enum Stop {
    /// Behind the `[` of `resourceSpans`.
    Array(usize),
    /// Behind the `}` of the document.
    End(usize),
    /// At something that must not stand there.
    Odd(usize, &'static str),
    /// The value is longer than the limit; how far it was followed.
    TooLong(Balance, usize),
    /// There is no more.
    OutOfInput,
}

impl Documents {
    pub(super) fn new(options: ReadOptions) -> Self {
        Self {
            options,
            state: State::Outside,
        }
    }

    pub(super) fn next(&mut self, source: &mut Source) -> Option<Part> {
        match &self.state {
            State::Outside => self.outside(source),
            State::Array { opening, index } => {
                let (opening, index) = (opening.clone(), *index);
                Some(self.elements(source, &opening, index))
            }
        }
    }

    fn outside(&mut self, source: &mut Source) -> Option<Part> {
        let position = source.text_position();
        let mut at = 0;
        while at < BLANK
            && source
                .byte(at)
                .is_some_and(|byte| byte.is_ascii_whitespace())
        {
            at += 1;
        }
        if at > 0 {
            return Some(Ok((position, Content::Blank(source.take(at)))));
        }
        match source.byte(0) {
            None => end(source, position, None),
            Some(b'{') => Some(self.opening(source)),
            Some(_) => Some(Err(odd(source, 0, "expected an object"))),
        }
    }

    /// From the `{` of a document to the `[` of its `resourceSpans`.
    fn opening(&mut self, source: &mut Source) -> Part {
        let position = source.text_position();
        match self.members(source, 1, true) {
            Stop::Array(length) => {
                let opening = source.take(length);
                check(&[&opening, b"]}"], position, true)?;
                self.state = State::Array {
                    opening: opening.clone(),
                    index: 0,
                };
                Ok((position, Content::Opening(opening)))
            }
            Stop::End(length) => Ok((position, Content::Object(source.take(length)))),
            stop => Err(self.stopped(source, &stop)),
        }
    }

    /// As many elements as make a group, or what else comes next.
    fn elements(&mut self, source: &mut Source, opening: &Bytes, index: usize) -> Part {
        let mut ranges = Vec::new();
        let mut at = 0;
        let mut lead = 0;
        while at < self.options.group_bytes {
            let next = separator(source, at, index + ranges.len() > 0)
                .and_then(|start| self.value(source, start).map(|end| start..end));
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
                Err(Stop::End(bracket)) => return self.closing(source, opening, bracket),
                Err(Stop::TooLong(balance, followed)) => {
                    self.enter(opening, index + 1);
                    return Err(self.skip(source, balance, followed));
                }
                Err(stop) => return Err(self.stopped(source, &stop)),
            }
        }
        let position = source.text_position_at(lead);
        self.enter(opening, index + ranges.len());
        let lead = source.take(lead);
        let text = source.take(ranges.last().map_or(0, |range| range.end));
        let ranges = (index..).zip(ranges).collect();
        Ok((position, Content::Elements(Elements { lead, text, ranges })))
    }

    fn enter(&mut self, opening: &Bytes, index: usize) {
        self.state = State::Array {
            opening: opening.clone(),
            index,
        };
    }

    /// From behind the last element to the `}` of the document.
    fn closing(&mut self, source: &mut Source, opening: &Bytes, bracket: usize) -> Part {
        let position = source.text_position();
        match self.members(source, bracket + 1, false) {
            Stop::End(length) => {
                self.state = State::Outside;
                let closing = source.take(length);
                check(&[opening, &closing], position, false)?;
                Ok((position, Content::Closing(closing)))
            }
            stop => Err(self.stopped(source, &stop)),
        }
    }

    /// Over the members of the document from `at` on, to its end or into the
    /// array of `resourceSpans`.
    fn members(&self, source: &mut Source, mut at: usize, find_array: bool) -> Stop {
        let start = at;
        loop {
            at = blank(source, at);
            if at - start > self.options.max_batch_bytes {
                return Stop::TooLong(Balance::default(), at);
            }
            match source.byte(at) {
                None => return Stop::OutOfInput,
                Some(b'}') => return Stop::End(at + 1),
                Some(b',') => at += 1,
                Some(b'"') => match self.member(source, at, find_array) {
                    Ok(end) => at = end,
                    Err(stop) => return stop,
                },
                Some(_) => return Stop::Odd(at, "expected a key, `,` or `}`"),
            }
        }
    }

    /// Over one member, or into it if it is the array that is looked for.
    fn member(&self, source: &mut Source, at: usize, find_array: bool) -> Result<usize, Stop> {
        let key_end = self.value(source, at)?;
        let key = source.seen().get(at..key_end).unwrap_or_default();
        let is_spans = matches!(key, b"\"resourceSpans\"" | b"\"resource_spans\"");
        let colon = blank(source, key_end);
        match source.byte(colon) {
            None => return Err(Stop::OutOfInput),
            Some(b':') => {}
            Some(_) => return Err(Stop::Odd(colon, "expected `:`")),
        }
        let value = blank(source, colon + 1);
        if find_array && is_spans && source.byte(value) == Some(b'[') {
            return Err(Stop::Array(value + 1));
        }
        self.value(source, value)
    }

    /// The end of the value that begins at `at`.
    fn value(&self, source: &mut Source, at: usize) -> Result<usize, Stop> {
        let limit = self.options.max_batch_bytes;
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

/// Over white space.
fn blank(source: &mut Source, mut at: usize) -> usize {
    while source
        .byte(at)
        .is_some_and(|byte| byte.is_ascii_whitespace())
    {
        at += 1;
    }
    at
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

/// Checks a document without its elements.
fn check(parts: &[&[u8]], position: Position, ends_input: bool) -> Result<(), Broken> {
    match json::decode(&parts.concat()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Broken {
            position: if parts.len() == 2 && ends_input {
                position.in_text(error.line, error.column)
            } else {
                position
            },
            kind: FaultKind::Json {
                path: error.path,
                reason: error.reason,
            },
            ends_input,
        }),
    }
}
