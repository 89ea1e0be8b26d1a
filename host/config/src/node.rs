//! A configuration that came from several files: a tree, in which every part
//! knows its file and place.

use std::fmt;

use serde_json::{Map, Number, Value};

use crate::document::Document;
use crate::error::Place;

/// A place in one of several files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The number of the file, from 0.
    pub file: usize,
    /// Where in it.
    pub place: Place,
}

/// A value, and where it stands. What `Debug` writes of it has no values: they
/// may be secrets.
#[derive(Clone, PartialEq)]
pub struct Node {
    /// Where its key stands, or the value itself in a list.
    pub spot: Location,
    /// What it says.
    pub content: Content,
    /// Set when the environment had a part in it.
    pub expanded: Option<Expanded>,
}

/// What a [`Node`] says.
#[derive(Clone, PartialEq)]
pub enum Content {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping of keys to values, in the order of the files.
    Map(Vec<(String, Node)>),
}

/// How a value came from the environment.
#[derive(Clone, PartialEq, Eq)]
pub struct Expanded {
    /// What the file says: `${env:PORT}`.
    pub source: String,
    /// What that became, before it was read as a number or anything else: what
    /// it means where a text is wanted.
    pub text: String,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind(), self.spot.place)
    }
}

impl Node {
    /// The tree of one file.
    pub(crate) fn new(document: &Document, file: usize) -> Self {
        let mut builder = Builder {
            document,
            file,
            path: String::new(),
        };
        let place = Place { line: 1, column: 1 };
        let spot = Location { file, place };
        Self {
            spot,
            content: builder.map(document.value(), spot),
            expanded: None,
        }
    }

    /// A value of which all parts stand at one place.
    pub(crate) fn at(spot: Location, value: Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(value),
            Value::Number(number) => Content::Number(number),
            Value::String(text) => Content::Text(text),
            Value::Array(list) => Content::List(
                list.into_iter()
                    .map(|value| Self::at(spot, value))
                    .collect(),
            ),
            Value::Object(map) => {
                let member = |(key, value)| (key, Self::at(spot, value));
                Content::Map(map.into_iter().map(member).collect())
            }
        };
        Self {
            spot,
            content,
            expanded: None,
        }
    }

    /// Gives all places in it new ones.
    pub(crate) fn move_places(&mut self, moved: &dyn Fn(Place) -> Place) {
        self.spot.place = moved(self.spot.place);
        match &mut self.content {
            Content::List(list) => list.iter_mut().for_each(|node| node.move_places(moved)),
            Content::Map(members) => {
                for (_, node) in members {
                    node.move_places(moved);
                }
            }
            _ => {}
        }
    }

    /// Its members; none when it is no mapping.
    pub fn members(&self) -> &[(String, Node)] {
        match &self.content {
            Content::Map(members) => members,
            _ => &[],
        }
    }

    /// The member of this name.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let member = self.members().iter().find(|(name, _)| name == key);
        member.map(|(_, node)| node)
    }

    /// Whether it says nothing.
    pub fn is_null(&self) -> bool {
        self.content == Content::Null
    }

    /// Whether it is a list without elements.
    pub fn is_empty_list(&self) -> bool {
        self.content == Content::List(Vec::new())
    }

    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    /// The same without places.
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(list) => list.iter().map(Self::to_value).collect(),
            Content::Map(members) => {
                let member = |(key, node): &(String, Self)| (key.clone(), node.to_value());
                Value::Object(members.iter().map(member).collect::<Map<_, _>>())
            }
        }
    }

    /// Where the key stands that a path such as `recipes[0].name` leads to, or
    /// the last one on the way that is there. Keys may have dots in them.
    pub fn find(&self, path: &str) -> Location {
        let next = match &self.content {
            Content::Map(members) => members
                .iter()
                .filter_map(|(key, node)| Some((key.len(), node, after(path, key)?)))
                .max_by_key(|(length, ..)| *length)
                .map(|(_, node, rest)| (node, rest)),
            Content::List(list) => element(path).and_then(|(number, rest)| {
                let node = list.get(number)?;
                Some((node, rest))
            }),
            _ => None,
        };
        next.map_or(self.spot, |(node, rest)| node.find(rest))
    }
}

/// What follows `key` in a path.
fn after<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let rest = path.strip_prefix('.').unwrap_or(path).strip_prefix(key)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// The number of `[0].name`, and what follows.
fn element(path: &str) -> Option<(usize, &str)> {
    let (number, rest) = path.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, rest))
}

struct Builder<'d> {
    document: &'d Document,
    file: usize,
    path: String,
}

impl Builder<'_> {
    fn map(&mut self, map: &Map<String, Value>, spot: Location) -> Content {
        let dot = if self.path.is_empty() { "" } else { "." };
        let members = map.iter().map(|(key, value)| {
            let node = self.step(&format!("{dot}{key}"), value, spot);
            (key.clone(), node)
        });
        let mut members: Vec<_> = members.collect();
        // As they stand in the file: a map of JSON has an order of its own.
        members.sort_by_key(|(_, node)| node.spot);
        Content::Map(members)
    }

    fn step(&mut self, step: &str, value: &Value, outer: Location) -> Node {
        let length = self.path.len();
        self.path.push_str(step);
        let spot = self
            .document
            .place(&self.path)
            .map_or(outer, |place| Location {
                file: self.file,
                place,
            });
        let content = match value {
            Value::Array(list) => {
                let elements = list.iter().enumerate();
                let elements =
                    elements.map(|(number, value)| self.step(&format!("[{number}]"), value, spot));
                Content::List(elements.collect())
            }
            Value::Object(map) => self.map(map, spot),
            scalar => Node::at(spot, scalar.clone()).content,
        };
        self.path.truncate(length);
        Node {
            spot,
            content,
            expanded: None,
        }
    }
}
