//! The configuration of a rule: a file of YAML or JSON.

use std::path::{Path, PathBuf};

use linkmend::{Limits, LoadError, LoadReason};
use linkmend_config::{ConfigError, Document};
use serde_json::{Map, Value};

/// A configuration that was read.
#[derive(Debug, Clone)]
pub struct RuleConfig {
    path: PathBuf,
    document: Document,
}

/// A configuration cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleConfigError {
    /// The system says so.
    #[error("cannot read the configuration {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is neither YAML nor JSON, or says what JSON cannot say.
    #[error("the configuration {path}: {error}")]
    Config {
        /// The file.
        path: String,
        /// What is wrong, and where.
        error: ConfigError,
    },
}

/// A configuration as JSON, for a rule that has these limits.
#[must_use]
pub fn json(config: Option<&RuleConfig>, is_builtin: bool, limits: &Limits) -> String {
    let mut settings = config.map_or_else(Default::default, RuleConfig::settings);
    // The built-in rule cuts links by itself: what it left over the limit of
    // the host would be its failure.
    let max_links = limits.max_links;
    if is_builtin && max_links != Limits::default().max_links {
        settings
            .entry("max_links")
            .or_insert_with(|| max_links.into());
    }
    Value::Object(settings).to_string()
}

impl RuleConfig {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read. What its keys mean, the rule says.
    pub fn read(path: &Path) -> Result<Self, RuleConfigError> {
        let name = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| RuleConfigError::Read {
            path: name(),
            error,
        })?;
        let document = linkmend_config::read(&text).map_err(|error| RuleConfigError::Config {
            path: name(),
            error,
        })?;
        Ok(Self {
            path: path.to_owned(),
            document,
        })
    }

    /// What it says.
    #[must_use]
    pub fn settings(&self) -> Map<String, Value> {
        self.document.value().clone()
    }

    /// What a rule says that refuses this configuration, with the file and the
    /// place in it; `None` when it fails for another reason.
    #[must_use]
    pub fn refused(&self, error: &LoadError) -> Option<String> {
        let LoadReason::Config(text) = &error.reason else {
            return None;
        };
        let (rule, path) = (&error.rule, self.path.display());
        let key = text.split_once(": ").map_or("", |(key, _)| key);
        Some(match self.document.place(key) {
            Some(place) => {
                format!("rule `{rule}` refuses the configuration {path}: {place}: {text}")
            }
            None => format!("rule `{rule}` refuses the configuration {path}: {text}"),
        })
    }
}
