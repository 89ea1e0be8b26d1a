//! From the configuration of an OpenTelemetry Collector to two: linkmend's, and
//! the Collector's with linkmend in the way of traces.
//!
//! The Collector's text is edited at the places that change, so that comments,
//! order and format of all the rest stay. What comes out is read again and held
//! against what was meant, so that a text that is written in an unusual way is
//! an error and never a wrong file.
//!
//! # Layouts
//!
//! ```text
//! loop    receivers ─► front ─► linkmend ─► processors ─► exporters
//!         └──── Collector ────┘           └──── Collector ────────┘
//! behind  receivers ─► processors ─► linkmend ─► exporters
//!         └────── Collector ───────┘ └──── linkmend ─────┘
//! ```
//!
//! The loop is always possible, and nothing of the Collector is lost with it.
//! linkmend takes the exporters over where it has them all with all their keys,
//! and no processor leaves out or changes what linkmend is to see.
//!
//! # Layout of the code
//!
//! | module | what it does |
//! |---|---|
//! | `collector` | what pipelines a Collector's configuration has |
//! | `layout` | where linkmend is to stand in them |
//! | `ports` | addresses that nobody else has |
//! | `take_over` | exporters that become linkmend's |
//! | `edit` | edits of a YAML text |
//! | `collector_half`, `linkmend_half` | the two files |
//! | `notes` | what is told of them |
#![forbid(unsafe_code)]

mod collector;
mod collector_half;
mod edit;
mod layout;
mod linkmend_half;
mod notes;
mod ports;
mod take_over;

use std::fmt::Write as _;

use linkmend_config::{ConfigError, Embedded, Inside, Outline, Place, inside};
use serde_json::{Map, Value};

use collector::{Collector, below};

/// Says what is wrong with a configuration of linkmend, in lines; none: nothing.
pub type Check<'c> = &'c dyn Fn(&str) -> Vec<String>;

/// Both configurations, and what is to be told of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// linkmend's.
    pub linkmend: String,
    /// The Collector's, with linkmend in its way.
    pub collector: String,
    /// What was left where, and why; what to mind.
    pub notes: Vec<String>,
}

/// A configuration of a Collector in which linkmend has no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {text}")]
pub struct InitError {
    /// Where.
    pub place: Place,
    /// What is the matter, and the way out.
    pub text: String,
}

impl InitError {
    fn new(text: impl Into<String>) -> Self {
        Self {
            place: Place { line: 1, column: 1 },
            text: text.into(),
        }
    }

    /// At a byte of a text.
    fn at(text: &str, byte: usize, why: impl Into<String>) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = edit::column(text, byte) + 1;
        Self {
            place: Place { line, column },
            text: why.into(),
        }
    }
}

impl From<ConfigError> for InitError {
    fn from(ConfigError { place, text }: ConfigError) -> Self {
        Self { place, text }
    }
}

/// The smallest configuration of linkmend, with comments.
#[must_use]
pub fn smallest() -> String {
    linkmend_half::SMALLEST.into()
}

/// Makes both configurations from a Collector's. `name` is what its file is
/// called; `check` says what is wrong with a configuration of linkmend.
///
/// # Errors
///
/// When it cannot be read, has no pipeline of traces, or is written in a way that
/// cannot be edited.
pub fn from_collector(name: &str, text: &str, check: Check<'_>) -> Result<Pair, InitError> {
    let document = linkmend_config::read(text)?;
    match inside(&document, text)? {
        Inside::Whole => pair(name, text, &[], document.value(), check),
        Inside::Mapping(keys) => {
            let value = below(document.value(), &keys)
                .ok_or_else(|| InitError::new(format!("`{}` is no mapping", keys.join("."))))?;
            pair(name, text, &keys, value, check)
        }
        Inside::Text(embedded) => in_text(name, text, &embedded, check),
    }
}

fn pair(
    name: &str,
    text: &str,
    keys: &[String],
    value: &Map<String, Value>,
    check: Check<'_>,
) -> Result<Pair, InitError> {
    let outline = Outline::read(text)?;
    let way: Vec<_> = keys.iter().map(String::as_str).collect();
    let part = outline.root.find(&way).ok_or_else(|| {
        InitError::new("the configuration is written with an alias; write it out")
    })?;
    let collector = Collector {
        text,
        part,
        value,
        keys,
    };
    let plan = layout::plan(&collector, check)?;
    Ok(Pair {
        linkmend: linkmend_half::write(name, &plan),
        collector: collector_half::write(&collector, &plan)?,
        notes: notes::of(&collector, &plan),
    })
}

/// The configuration is a text in another one, whose lines are replaced.
fn in_text(
    name: &str,
    text: &str,
    embedded: &Embedded,
    check: Check<'_>,
) -> Result<Pair, InitError> {
    let Some(indent) = embedded.indent else {
        let why = "the configuration is a text in quotes; write it as lines (`key: |`), or give it \
                   as a file of its own";
        return Err(InitError {
            place: embedded.key,
            text: why.into(),
        });
    };
    let document = linkmend_config::read(&embedded.text)?;
    let inner =
        pair(name, &embedded.text, &[], document.value(), check).map_err(|error| InitError {
            place: embedded.place(error.place),
            ..error
        })?;
    let lines = embedded.text.trim_end_matches('\n').lines().count();
    let mut out = String::new();
    for line in text.split_inclusive('\n').take(embedded.key.line) {
        out.push_str(line);
    }
    for line in inner.collector.lines() {
        if line.is_empty() {
            out.push('\n');
        } else {
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
    }
    let behind = text.split_inclusive('\n').skip(embedded.key.line + lines);
    out.extend(behind);
    Ok(Pair {
        collector: out,
        ..inner
    })
}
