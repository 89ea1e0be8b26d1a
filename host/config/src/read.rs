//! From a text to a document.

use crate::document::Document;
use crate::error::ConfigError;
use crate::{build, json};

/// Reads a configuration: a mapping of keys to values. One without any content
/// is an empty mapping.
///
/// # Errors
///
/// When it is neither YAML nor JSON, or not such a mapping, or says what JSON
/// cannot say.
pub fn read(text: &str) -> Result<Document, ConfigError> {
    build::document(text).or_else(|error| match json::without_surrogates(text) {
        Some(text) => build::document(&text).map_err(|error| error.inside(&text)),
        None => Err(error.inside(text)),
    })
}
