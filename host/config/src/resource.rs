//! Configurations that lie in something else: in a resource of the
//! OpenTelemetry operator, in a `ConfigMap` of Kubernetes, in the values of a
//! Helm chart.

use serde_json::Value;

use crate::document::Document;
use crate::error::{ConfigError, Place};
use crate::read::read;

/// Sections of which a configuration has one at least.
const SECTIONS: [&str; 4] = ["receivers", "exporters", "processors", "service"];

/// Where in a text the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// It is the text.
    Whole,
    /// It is the mapping below these keys.
    Mapping(Vec<String>),
    /// It is a text below these keys.
    Text(Embedded),
}

/// A configuration that is a text of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// What it says.
    pub text: String,
    /// Where its key stands.
    pub key: Place,
    /// How far its lines are indented, when they are lines of the file: then the
    /// first of them is the one behind that of its key.
    pub indent: Option<usize>,
}

impl Embedded {
    /// A place in it as one in the file.
    #[must_use]
    pub fn place(&self, place: Place) -> Place {
        match self.indent {
            Some(indent) => Place {
                line: self.key.line + place.line,
                column: indent + place.column,
            },
            None => self.key,
        }
    }
}

/// Finds the configuration in a text that was read.
///
/// # Errors
///
/// When it is a resource that has none, or more than one.
pub fn inside(document: &Document, text: &str) -> Result<Inside, ConfigError> {
    let value = document.value();
    let is_resource = value.contains_key("apiVersion") && value.contains_key("kind");
    if !is_resource {
        let is_chart = !SECTIONS.iter().any(|section| value.contains_key(*section));
        let config = value.get("config").filter(|_| is_chart);
        return Ok(match config {
            Some(config) if has_sections(config) => Inside::Mapping(vec!["config".into()]),
            _ => Inside::Whole,
        });
    }
    if let Some(config) = value.get("spec").and_then(|spec| spec.get("config")) {
        return Ok(match config {
            Value::String(config) => Inside::Text(embedded(document, text, "spec.config", config)),
            _ => Inside::Mapping(vec!["spec".into(), "config".into()]),
        });
    }
    in_data(document, text)
}

/// The one text of a `ConfigMap` that is a configuration.
fn in_data(document: &Document, text: &str) -> Result<Inside, ConfigError> {
    let data = document.value().get("data").and_then(Value::as_object);
    let configs = data.into_iter().flatten().filter_map(|(key, value)| {
        let config = value.as_str()?;
        let value = read(config).ok()?.into_value();
        has_sections(&Value::Object(value)).then_some((key, config))
    });
    let configs: Vec<_> = configs.collect();
    match configs[..] {
        [(key, config)] => {
            let path = format!("data.{key}");
            Ok(Inside::Text(embedded(document, text, &path, config)))
        }
        [] => Err(not_one(
            document,
            "this is a resource of Kubernetes without a configuration in it (below `spec.config`, \
             or in a text below `data`); give the configuration as a file of its own",
        )),
        [..] => Err(not_one(
            document,
            "this is a resource of Kubernetes with several configurations below `data`; give the \
             one that is meant as a file of its own",
        )),
    }
}

fn not_one(document: &Document, text: &str) -> ConfigError {
    let place = ["data", "kind"].iter().find_map(|key| document.place(key));
    ConfigError {
        place: place.unwrap_or(Place { line: 1, column: 1 }),
        text: text.into(),
    }
}

fn has_sections(value: &Value) -> bool {
    SECTIONS.iter().any(|section| value.get(section).is_some())
}

fn embedded(document: &Document, text: &str, path: &str, config: &str) -> Embedded {
    let key = document.place(path);
    let key = key.unwrap_or(Place { line: 1, column: 1 });
    Embedded {
        indent: indent(text, key.line, config),
        text: config.to_owned(),
        key,
    }
}

/// How far the lines behind the one with the key are indented; `None` when they
/// are not those of the text.
fn indent(text: &str, key_line: usize, config: &str) -> Option<usize> {
    let header = text.lines().nth(key_line.checked_sub(1)?)?;
    let (_, style) = header.split_once(':')?;
    if !style.trim_start().starts_with('|') {
        return None;
    }
    let mut lines = text.lines().skip(key_line);
    let mut inner = config.lines();
    loop {
        let (line, inner) = (lines.next()?, inner.next()?);
        if !inner.trim().is_empty() {
            return line
                .strip_suffix(inner)
                .map(|before| before.chars().count());
        }
    }
}
