//! From the events of the parser to a document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Value};

use crate::document::Document;
use crate::error::{ConfigError, Place};
use crate::events;
use crate::scalar;

/// How much aliases may make of a text, in bytes of keys and texts and so many
/// for each value: a few lines can ask for more than there is in the world.
const MOST_COPIED: usize = 16 << 20;
const VALUE: usize = 16;

/// What merges the members of another mapping.
const MERGE: &str = "<<";

type Result<T> = std::result::Result<T, ConfigError>;

/// Reads a text of one document.
pub(crate) fn document(text: &str) -> Result<Document> {
    let mut builder = Builder::new(text);
    let value = builder.root()?;
    Ok(Document {
        value,
        places: builder.places,
    })
}

/// Reads a text of one value of any kind.
pub(crate) fn value(text: &str) -> Result<Value> {
    let mut builder = Builder::new(text);
    Ok(builder.only()?.map_or(Value::Null, |(value, _)| value))
}

struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    places: BTreeMap<String, Place>,
    /// Of the value that is being read.
    path: String,
    /// By the numbers that the parser gives them, from 1.
    anchors: BTreeMap<usize, Anchored>,
    /// How much aliases have made.
    copied: usize,
}

/// A value with an anchor (`&name`), and the path that it stands at.
struct Anchored {
    value: Value,
    path: String,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            places: BTreeMap::new(),
            path: String::new(),
            anchors: BTreeMap::new(),
            copied: 0,
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span)> {
        events::next(&mut self.parser)
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
        events::check_depth(depth, start)?;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                check_tag(start, tag.as_deref())?;
                (anchor, scalar(start, text, style)?)
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(start, tag.as_deref())?;
                (anchor, self.sequence(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(start, tag.as_deref())?;
                (anchor, self.mapping(depth)?)
            }
            Event::Alias(anchor) => return self.alias(anchor, start, depth),
            _ => return Err(ConfigError::at(start, "a value is missing")),
        };
        if anchor != 0 {
            let anchored = Anchored {
                value: value.clone(),
                path: self.path.clone(),
            };
            self.anchors.insert(anchor, anchored);
        }
        Ok(value)
    }

    /// The value of an anchor once more; its parts stand where they were written.
    fn alias(&mut self, anchor: usize, start: Marker, depth: usize) -> Result<Value> {
        let Some(Anchored { value, path }) = self.anchors.get(&anchor) else {
            let text = "this alias stands inside of the value that it names";
            return Err(ConfigError::at(start, text));
        };
        events::check_depth(depth + height(value), start)?;
        self.copied += weight(value);
        if self.copied > MOST_COPIED {
            let mib = MOST_COPIED >> 20;
            let text = format!("aliases make more than {mib} MiB of this file");
            return Err(ConfigError::at(start, text));
        }
        let (value, from) = (value.clone(), path.clone());
        let to = self.path.clone();
        self.copy_places(&from, &to);
        Ok(value)
    }

    /// Notes of what stands below a path where it stands, for another path.
    fn copy_places(&mut self, from: &str, to: &str) {
        let below = self.places.range(from.to_owned()..);
        let below = below.take_while(|(path, _)| path.starts_with(from));
        let copies: Vec<_> = below
            .filter_map(|(path, place)| {
                let rest = path.get(from.len()..)?;
                let is_below = rest.starts_with(['.', '[']);
                is_below.then(|| (format!("{to}{rest}"), *place))
            })
            .collect();
        self.places.extend(copies);
    }

    /// Adds the members of mappings that are merged (`<<`), as far as they are
    /// not given; those of earlier ones hold.
    fn merge(&mut self, members: &mut Map<String, Value>, merged: Merged) -> Result<()> {
        let Merged { value, path, start } = merged;
        let sources = match value {
            Value::Object(map) => vec![(map, path)],
            Value::Array(list) => {
                let mut maps = Vec::new();
                for (number, element) in list.into_iter().enumerate() {
                    let Value::Object(map) = element else {
                        return Err(not_to_be_merged(start, &element));
                    };
                    maps.push((map, format!("{path}[{number}]")));
                }
                maps
            }
            other => return Err(not_to_be_merged(start, &other)),
        };
        for (map, from) in sources {
            for (key, value) in map {
                if members.contains_key(&key) {
                    continue;
                }
                let (from, to) = (
                    joined(&from, &format!(".{key}")),
                    joined(&self.path, &format!(".{key}")),
                );
                if let Some(place) = self.places.get(&from).copied() {
                    self.places.insert(to.clone(), place);
                }
                self.copy_places(&from, &to);
                members.insert(key, value);
            }
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<Value> {
        let mut elements = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Array(elements));
            }
            let path = format!("{}[{}]", self.path, elements.len());
            elements.push(self.within(&path, span.start, |builder| {
                builder.value(event, span, depth + 1)
            })?);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value> {
        let mut members = Map::new();
        let mut merged = Vec::new();
        loop {
            let (event, key_span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let start = key_span.start;
            if is_merge(&event) {
                let path = joined(&self.path, ".<<");
                let value = self.within(&path, start, |builder| {
                    let (event, span) = builder.next()?;
                    builder.value(event, span, depth + 1)
                })?;
                merged.push(Merged { value, path, start });
                continue;
            }
            let key = self.key(event, start)?;
            if members.contains_key(&*key) {
                let text = format!("the key `{key}` is given a second time");
                return Err(ConfigError::at(key_span.start, text));
            }
            let path = joined(&self.path, &format!(".{key}"));
            let value = self.within(&path, start, |builder| {
                let (event, span) = builder.next()?;
                builder.value(event, span, depth + 1)
            })?;
            members.insert(key, value);
        }
        for merged in merged {
            self.merge(&mut members, merged)?;
        }
        Ok(Value::Object(members))
    }

    fn key(&mut self, event: Event<'t>, start: Marker) -> Result<String> {
        let key = match event {
            Event::Scalar(text, style, anchor, tag) => {
                check_tag(start, tag.as_deref())?;
                let key = scalar(start, text, style)?;
                if anchor != 0 {
                    let anchored = Anchored {
                        value: key.clone(),
                        path: self.path.clone(),
                    };
                    self.anchors.insert(anchor, anchored);
                }
                key
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(anchored) => anchored.value.clone(),
                None => Value::Null,
            },
            Event::SequenceStart(..) => Value::Array(Vec::new()),
            _ => Value::Object(Map::new()),
        };
        match key {
            Value::String(key) => Ok(key),
            Value::Array(_) | Value::Object(_) => {
                let text = "a key must be text, and this is a list or a mapping";
                Err(ConfigError::at(start, text))
            }
            other => {
                let text = format!(
                    "a key must be text, and this is {}; put it in quotes",
                    kind(&other)
                );
                Err(ConfigError::at(start, text))
            }
        }
    }

    /// Reads what stands at a path.
    fn within<T>(
        &mut self,
        path: &str,
        start: Marker,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.places.insert(path.to_owned(), start.into());
        let outer = std::mem::replace(&mut self.path, path.to_owned());
        let value = read(self)?;
        self.path = outer;
        Ok(value)
    }
}

/// What is to be merged into a mapping.
struct Merged {
    value: Value,
    path: String,
    start: Marker,
}

fn is_merge(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == MERGE)
}

fn not_to_be_merged(start: Marker, value: &Value) -> ConfigError {
    let text = format!(
        "`<<` merges a mapping, or a list of some, and this is {}",
        kind(value)
    );
    ConfigError::at(start, text)
}

/// A path with a step behind it, which begins with a dot or a bracket.
fn joined(path: &str, step: &str) -> String {
    match step.strip_prefix('.') {
        Some(name) if path.is_empty() => name.to_owned(),
        _ => format!("{path}{step}"),
    }
}

/// How deep values lie in a value.
fn height(value: &Value) -> usize {
    let below = match value {
        Value::Array(list) => list.iter().map(height).max(),
        Value::Object(map) => map.values().map(height).max(),
        _ => return 0,
    };
    1 + below.unwrap_or_default()
}

/// What a value takes, about.
fn weight(value: &Value) -> usize {
    let within = match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
        _ => 0,
    };
    VALUE + within
}

fn scalar(start: Marker, text: Cow<'_, str>, style: ScalarStyle) -> Result<Value> {
    if style == ScalarStyle::Plain {
        return scalar::plain(&text).map_err(|text| ConfigError::at(start, text));
    }
    Ok(Value::String(text.into_owned()))
}

fn check_tag(start: Marker, tag: Option<&Tag>) -> Result<()> {
    let Some(tag) = tag else {
        return Ok(());
    };
    let handle = if tag.is_yaml_core_schema() {
        "!!"
    } else {
        &tag.handle
    };
    let text = format!("tags (`{handle}{}`) are not read here", tag.suffix);
    Err(ConfigError::at(start, text))
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
