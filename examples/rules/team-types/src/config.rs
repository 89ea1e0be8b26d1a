//! The configuration: the table.

use std::collections::BTreeMap;

use linkmend_rule::Kind;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::pattern::Pattern;

/// Read from JSON, and checked.
#[derive(Debug)]
pub struct Config {
    /// The attribute of a link that holds its type.
    pub attribute: String,
    /// The first line that fits holds.
    pub types: Vec<Line>,
}

/// A line of the table. All that it asks for must hold.
#[derive(Debug)]
pub struct Line {
    /// What the link is, then.
    pub link_type: String,
    /// Attributes of the link.
    pub link: BTreeMap<String, Pattern>,
    /// Where the link leads to.
    pub target: Option<Target>,
    /// Attributes of the span that has the link.
    pub span: BTreeMap<String, Pattern>,
    /// Kinds of that span; any when empty.
    pub kinds: Vec<Kind>,
    /// Its `service.name`; any when empty.
    pub services: Vec<Pattern>,
}

/// Where a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Into the trace of its span.
    SameTrace,
    /// Into another one.
    OtherTrace,
    /// To the parent of its span.
    Parent,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    attribute: String,
    types: Vec<RawLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine {
    r#type: String,
    #[serde(default)]
    link: BTreeMap<String, Pattern>,
    target: Option<Target>,
    #[serde(default)]
    span: BTreeMap<String, Pattern>,
    #[serde(default)]
    kind: OneOrMore,
    #[serde(default)]
    service: OneOrMore,
}

/// A word, or a list of them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a word or a list of words")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            attribute: "link.type".into(),
            types: Vec::new(),
        }
    }
}

impl Config {
    /// Reads a JSON object.
    ///
    /// # Errors
    ///
    /// What is wrong, at which key, and what would be right.
    pub fn read(json: &str) -> Result<Self, String> {
        let raw: Raw = read(json)?;
        if raw.attribute.is_empty() {
            return Err("attribute: empty; leave it away for \"link.type\"".into());
        }
        let lines = raw.types.into_iter().enumerate();
        let types = lines
            .map(|(number, line)| line.check(number))
            .collect::<Result<Vec<_>, _>>()?;
        let any = types.iter().position(Line::fits_all);
        if let Some(number) = any.filter(|number| number + 1 < types.len()) {
            return Err(format!(
                "types[{number}]: it fits every link, so that those behind it are never looked at; put it last"
            ));
        }
        Ok(Self {
            attribute: raw.attribute,
            types,
        })
    }
}

/// What `json` says. An error begins with the path of the key, as linkmend
/// expects it: it then says where that stands in the user's file.
fn read<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    let json = &mut serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(json).map_err(|error| {
        let text = error.inner().to_string();
        // Places in the JSON mean nothing to a user who wrote YAML.
        let text = text.split(" at line ").next().unwrap_or_default();
        format!("{}: {text}", error.path())
    })
}

impl RawLine {
    fn check(self, number: usize) -> Result<Line, String> {
        if self.r#type.is_empty() {
            return Err(format!(
                "types[{number}].type: empty; say what such a link is, such as \"retry_of\""
            ));
        }
        let kind = |name: String| {
            Kind::from_name(&name).ok_or_else(|| {
                format!(
                    "types[{number}].kind: {name:?} is no kind; it is internal, server, client, producer, consumer or unspecified"
                )
            })
        };
        let services = self.service.into_list().into_iter();
        Ok(Line {
            link_type: self.r#type,
            link: self.link,
            target: self.target,
            span: self.span,
            kinds: self
                .kind
                .into_list()
                .into_iter()
                .map(kind)
                .collect::<Result<_, _>>()?,
            services: services.map(Pattern::Text).collect(),
        })
    }
}

impl OneOrMore {
    fn into_list(self) -> Vec<String> {
        match self {
            Self::One(word) => vec![word],
            Self::More(words) => words,
        }
    }
}

impl Line {
    fn fits_all(&self) -> bool {
        self.link.is_empty()
            && self.target.is_none()
            && self.span.is_empty()
            && self.kinds.is_empty()
            && self.services.is_empty()
    }
}
