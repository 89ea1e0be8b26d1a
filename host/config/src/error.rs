//! What is wrong with a configuration, and where.

use std::fmt;

use saphyr_parser::{Marker, ScanError};

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self {
            line: marker.line(),
            column: marker.col() + 1,
        }
    }
}

/// A configuration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {text}")]
pub struct ConfigError {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub text: String,
}

impl ConfigError {
    pub(crate) fn at(marker: Marker, text: impl Into<String>) -> Self {
        Self {
            place: marker.into(),
            text: text.into(),
        }
    }

    /// The same, at a place inside of `text`: of comments and directives the
    /// parser counts the bytes, and not the characters.
    pub(crate) fn inside(mut self, text: &str) -> Self {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let line = text.split('\n').nth(self.place.line.saturating_sub(1));
        let behind = line.map_or(1, |line| line.chars().count() + 1);
        self.place.column = self.place.column.min(behind);
        self
    }
}

impl From<ScanError> for ConfigError {
    fn from(error: ScanError) -> Self {
        Self::at(*error.marker(), error.info())
    }
}
