//! From the events of the parser to a document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};

use crate::document::Document;
use crate::error::{ConfigError, Place};
use crate::scalar;

/// How deep values may lie in each other.
const DEEPEST: usize = 64;

const ANCHORS: &str =
    "anchors and aliases (`&name`, `*name`) are not read here; write the value out";

type Result<T> = std::result::Result<T, ConfigError>;

/// Reads a text of one document.
pub(crate) fn document(text: &str) -> Result<Document> {
    let mut builder = Builder {
        parser: Parser::new_from_str(text),
        places: BTreeMap::new(),
        path: String::new(),
    };
    let value = builder.root()?;
    Ok(Document {
        value,
        places: builder.places,
    })
}

/// Reads a text of one value of any kind.
pub(crate) fn value(text: &str) -> Result<Value> {
    let mut builder = Builder {
        parser: Parser::new_from_str(text),
        places: BTreeMap::new(),
        path: String::new(),
    };
    Ok(builder.only()?.map_or(Value::Null, |(value, _)| value))
}

struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    places: BTreeMap<String, Place>,
    /// Of the value that is being read.
    path: String,
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span)> {
        match self.parser.next_event() {
            Some(event) => Ok(event?),
            // The last event is told before it ends.
            None => Err(ScanError::new_str(Marker::new(0, 1, 0), "it ends too early").into()),
        }
    }

    fn root(&mut self) -> Result<Map<String, Value>> {
        match self.only()? {
            Some((Value::Object(map), _)) => Ok(map),
            None => Ok(Map::new()),
            Some((other, start)) => {
                let text = format!("it is {}, not a mapping of keys to values", kind(&other));
                Err(ConfigError::at(start, text))
            }
        }
    }

    /// The one value of the text, and where it begins; `None` when there is no
    /// content.
    fn only(&mut self) -> Result<Option<(Value, Marker)>> {
        let mut found = None;
        let mut documents = 0;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(found),
                Event::DocumentStart(_) if documents > 0 => {
                    let text = "a second document begins; only one is read";
                    return Err(ConfigError::at(span.start, text));
                }
                Event::DocumentStart(_) => documents += 1,
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                event => {
                    let empty = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, 0, None) if text.is_empty());
                    let value = self.value(event, span, 0)?;
                    found = (!empty).then_some((value, span.start));
                }
            }
        }
    }

    fn value(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Value> {
        let start = span.start;
        if depth > DEEPEST {
            let text = format!("values lie in each other more than {DEEPEST} deep");
            return Err(ConfigError::at(start, text));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                check_properties(start, anchor, tag.as_deref())?;
                scalar(start, text, style)
            }
            Event::SequenceStart(anchor, tag) => {
                check_properties(start, anchor, tag.as_deref())?;
                self.sequence(depth)
            }
            Event::MappingStart(anchor, tag) => {
                check_properties(start, anchor, tag.as_deref())?;
                self.mapping(depth)
            }
            Event::Alias(_) => Err(ConfigError::at(start, ANCHORS)),
            _ => Err(ConfigError::at(start, "a value is missing")),
        }
    }

    fn sequence(&mut self, depth: usize) -> Result<Value> {
        let mut elements = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Array(elements));
            }
            let step = format!("[{}]", elements.len());
            elements.push(self.within(&step, span.start, |builder| {
                builder.value(event, span, depth + 1)
            })?);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value> {
        let mut members = Map::new();
        loop {
            let (event, key_span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Object(members));
            }
            let key = key(event, key_span.start)?;
            if members.contains_key(&*key) {
                let text = format!("the key `{key}` is given a second time");
                return Err(ConfigError::at(key_span.start, text));
            }
            let dot = if self.path.is_empty() { "" } else { "." };
            let value = self.within(&format!("{dot}{key}"), key_span.start, |builder| {
                let (event, span) = builder.next()?;
                builder.value(event, span, depth + 1)
            })?;
            members.insert(key.into_owned(), value);
        }
    }

    /// Reads what stands one step further on the path.
    fn within<T>(
        &mut self,
        step: &str,
        start: Marker,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let length = self.path.len();
        self.path.push_str(step);
        self.places.insert(self.path.clone(), start.into());
        let value = read(self)?;
        self.path.truncate(length);
        Ok(value)
    }
}

fn key(event: Event<'_>, start: Marker) -> Result<Cow<'_, str>> {
    let (text, style) = match event {
        Event::Scalar(text, style, anchor, tag) => {
            check_properties(start, anchor, tag.as_deref())?;
            (text, style)
        }
        Event::Alias(_) => return Err(ConfigError::at(start, ANCHORS)),
        _ => {
            return Err(ConfigError::at(
                start,
                "a key must be text, and this is a list or a mapping",
            ));
        }
    };
    if style == ScalarStyle::Plain && text == "<<" {
        let text = "merge keys (`<<`) are not read here; write the values out";
        return Err(ConfigError::at(start, text));
    }
    match scalar(start, text, style)? {
        Value::String(key) => Ok(key.into()),
        other => {
            let text = format!(
                "a key must be text, and this is {}; put it in quotes",
                kind(&other)
            );
            Err(ConfigError::at(start, text))
        }
    }
}

fn scalar(start: Marker, text: Cow<'_, str>, style: ScalarStyle) -> Result<Value> {
    if style == ScalarStyle::Plain {
        return scalar::plain(&text).map_err(|text| ConfigError::at(start, text));
    }
    Ok(Value::String(text.into_owned()))
}

/// Anchors are numbered from 1.
fn check_properties(start: Marker, anchor: usize, tag: Option<&Tag>) -> Result<()> {
    if anchor != 0 {
        return Err(ConfigError::at(start, ANCHORS));
    }
    match tag {
        None => Ok(()),
        Some(tag) => {
            let handle = if tag.is_yaml_core_schema() {
                "!!"
            } else {
                &tag.handle
            };
            let text = format!("tags (`{handle}{}`) are not read here", tag.suffix);
            Err(ConfigError::at(start, text))
        }
    }
}

/// What a value is, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
