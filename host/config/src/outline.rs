//! Which bytes of a text are which value, for who edits the text and keeps all
//! that is not edited: comments, order, indentation.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};

use crate::error::ConfigError;
use crate::events;

/// The parts of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The value that the text is.
    pub root: Part,
}

/// A value in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its bytes: without an anchor before it, and without comments behind it.
    pub bytes: Range<usize>,
    /// What it is.
    pub shape: Shape,
    /// Whether it is written with brackets or braces.
    pub is_flow: bool,
}

/// What a [`Part`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A text, a number, nothing.
    Scalar,
    /// What an anchor names (`*name`).
    Alias,
    /// A list.
    List(Vec<Part>),
    /// A mapping: keys, where they stand, and values; merges (`<<`) are among them.
    Map(Vec<Member>),
}

/// A key, where it stands, and its value.
pub type Member = (String, Range<usize>, Part);

impl Part {
    /// Its members; none when it is no mapping.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.shape {
            Shape::Map(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list; none when it is none.
    #[must_use]
    pub fn elements(&self) -> &[Part] {
        match &self.shape {
            Shape::List(elements) => elements,
            _ => &[],
        }
    }

    /// The member of this name, with where its key stands.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<(Range<usize>, &Part)> {
        let member = self.members().iter().find(|(name, ..)| name == key);
        member.map(|(_, bytes, part)| (bytes.clone(), part))
    }

    /// What keys lead to.
    #[must_use]
    pub fn find(&self, keys: &[&str]) -> Option<&Part> {
        keys.iter()
            .try_fold(self, |part, key| part.member(key).map(|(_, part)| part))
    }
}

impl Outline {
    /// Reads the first document of a text.
    ///
    /// # Errors
    ///
    /// When it is no YAML.
    pub fn read(text: &str) -> Result<Self, ConfigError> {
        Self::first(text).map_err(|error| error.inside(text))
    }

    fn first(text: &str) -> Result<Self, ConfigError> {
        let mut walk = Walk {
            text,
            parser: Parser::new_from_str(text),
            lines: line_starts(text),
        };
        loop {
            let (event, span) = walk.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd | Event::DocumentEnd => {
                    let root = Part {
                        bytes: text.len()..text.len(),
                        shape: Shape::Scalar,
                        is_flow: false,
                    };
                    return Ok(Self { root });
                }
                event => {
                    let root = walk.part(&event, span, 0)?;
                    return Ok(Self { root });
                }
            }
        }
    }
}

struct Walk<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    lines: Vec<usize>,
}

impl<'t> Walk<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), ConfigError> {
        events::next(&mut self.parser)
    }

    fn part(&mut self, event: &Event<'t>, span: Span, depth: usize) -> Result<Part, ConfigError> {
        events::check_depth(depth, span.start)?;
        let start = self.behind_properties(self.byte(span.start));
        let end = self.byte(span.end).max(start);
        let rest = self.text.get(start..).unwrap_or_default();
        let length =
            if let Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) =
                event
            {
                quoted(rest)
            } else {
                let text = self.text.get(start..end).unwrap_or_default();
                text.trim_end().len()
            };
        let scalar = |shape| Part {
            bytes: start..start + length,
            shape,
            is_flow: false,
        };
        match event {
            Event::SequenceStart(..) => self.list(start, depth),
            Event::MappingStart(..) => self.map(start, depth),
            Event::Alias(_) => Ok(scalar(Shape::Alias)),
            _ => Ok(scalar(Shape::Scalar)),
        }
    }

    fn list(&mut self, start: usize, depth: usize) -> Result<Part, ConfigError> {
        let mut elements = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let last = elements.last().map(|part: &Part| part.bytes.end);
                let first = elements.first().map_or(start, |part| part.bytes.start);
                let start = self.dash(start, first);
                let (bytes, is_flow) = self.collection(start, ['[', ']'], last);
                return Ok(Part {
                    bytes,
                    shape: Shape::List(elements),
                    is_flow,
                });
            }
            elements.push(self.part(&event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: usize, depth: usize) -> Result<Part, ConfigError> {
        let mut members: Vec<Member> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let last = members.last().map(|(.., part)| part.bytes.end);
                let (bytes, is_flow) = self.collection(start, ['{', '}'], last);
                return Ok(Part {
                    bytes,
                    shape: Shape::Map(members),
                    is_flow,
                });
            }
            let at = self.part(&event, span, depth + 1)?.bytes;
            let key = match &event {
                Event::Scalar(text, ..) => text.to_string(),
                _ => String::new(),
            };
            let (event, span) = self.next()?;
            let mut value = self.part(&event, span, depth + 1)?;
            if matches!(value.shape, Shape::Scalar) && value.bytes.is_empty() {
                // Nothing stands behind the colon.
                let rest = self.text.get(at.end..).unwrap_or_default();
                let end = at.end + rest.find(':').map_or(0, |colon| colon + 1);
                value.bytes = end..end;
            }
            members.push((key, at, value));
        }
    }

    /// Where the value itself begins, behind its anchor and its tag.
    fn behind_properties(&self, start: usize) -> usize {
        let mut rest = self.text.get(start..).unwrap_or_default();
        while rest.starts_with(['&', '!']) {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            rest = rest.get(end..).unwrap_or_default().trim_start();
        }
        self.text.len() - rest.len()
    }

    /// Where a list begins: the parser tells the first element of some.
    fn dash(&self, start: usize, first: usize) -> usize {
        let is_list = |at: &usize| {
            let rest = self.text.get(*at..).unwrap_or_default();
            rest.starts_with(['[', '-'])
        };
        let before = self.text.get(..first).and_then(|text| text.rfind('-'));
        Some(start).filter(is_list).or(before).unwrap_or(start)
    }

    /// The bytes of a list or a mapping, and whether it has brackets.
    fn collection(
        &self,
        start: usize,
        brackets: [char; 2],
        last: Option<usize>,
    ) -> (Range<usize>, bool) {
        let [open, close] = brackets;
        let rest = self.text.get(start..).unwrap_or_default();
        if !rest.starts_with(open) {
            return (start..last.unwrap_or(start).max(start), false);
        }
        // The parser tells where the next token begins, behind comments.
        let mut at = last.unwrap_or(start + open.len_utf8());
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            match rest.chars().next() {
                Some('#') => at += rest.find('\n').unwrap_or(rest.len()),
                Some(next) if next == close => return (start..at + close.len_utf8(), true),
                Some(next) => at += next.len_utf8(),
                None => return (start..self.text.len(), true),
            }
        }
    }

    /// The byte at a place.
    fn byte(&self, marker: Marker) -> usize {
        let line = self.lines.get(marker.line().saturating_sub(1));
        let line = line.copied().unwrap_or(self.text.len());
        let rest = self.text.get(line..).unwrap_or_default();
        let column = rest.char_indices().nth(marker.col());
        column.map_or(self.text.len(), |(at, _)| line + at)
    }
}

/// How long the text in quotes is that a text begins with, with its quotes.
fn quoted(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate();
    let Some((_, quote)) = bytes.next() else {
        return 0;
    };
    while let Some((at, byte)) = bytes.next() {
        let is_escaped = (byte == b'\\' && quote == b'"')
            || (byte == b'\'' && quote == b'\'' && text.as_bytes().get(at + 1) == Some(&b'\''));
        if is_escaped {
            bytes.next();
        } else if byte == quote {
            return at + 1;
        }
    }
    text.len()
}

fn line_starts(text: &str) -> Vec<usize> {
    let behind = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(behind).collect()
}
