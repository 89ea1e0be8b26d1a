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
}

impl From<ScanError> for ConfigError {
    fn from(error: ScanError) -> Self {
        Self::at(*error.marker(), error.info())
    }
}
