//! From the configuration to a rule.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use linkmend::{Checksum, Limits, LoadError, LoadReason, Rule, RuleFile, RuleFileError};
use serde_json::Value;

use super::place;
use crate::component::SetupError;
use crate::config::{Config, Id, LinkmendProcessor, RuleSource};

/// The component of a rule as it was read; nothing for the built-in one.
#[derive(Clone)]
pub(super) struct ChosenRule(Option<Component>);

/// A file of a component.
#[derive(Clone)]
pub(super) struct Component {
    pub(super) path: PathBuf,
    pub(super) bytes: Arc<[u8]>,
    pub(super) sha256: Checksum,
}

impl ChosenRule {
    /// Reads the file, and holds it against the checksum.
    pub(super) fn read(config: &LinkmendProcessor, most: usize) -> Result<Self, SetupError> {
        let Some(path) = config.rule_file() else {
            return Ok(Self(None));
        };
        let component = Component::read(&path, most)
            .map_err(|error| SetupError::new("rule", format!("{}: {error}", path.display())))?;
        component
            .check(config)
            .map_err(|text| SetupError::new("sha256", text))?;
        Ok(Self(Some(component)))
    }

    pub(super) fn component(&self) -> Option<&Component> {
        self.0.as_ref()
    }

    /// The rule, as the engine wants it.
    pub(super) fn rule(&self, config: &LinkmendProcessor) -> Rule {
        match &self.0 {
            None => configured(Rule::builtin(), config),
            Some(component) => component.rule(config),
        }
    }
}

impl Component {
    /// Reads a file of at most so many bytes.
    pub(super) fn read(path: &Path, most: usize) -> Result<Self, RuleFileError> {
        let RuleFile { bytes, checksum } = RuleFile::read(path, most)?;
        Ok(Self {
            path: path.to_owned(),
            sha256: checksum,
            bytes,
        })
    }

    /// What is wrong with its checksum.
    pub(super) fn check(&self, config: &LinkmendProcessor) -> Result<(), String> {
        match config.sha256 {
            Some(wanted) => self
                .sha256
                .check(wanted)
                .map_err(|wrong| format!("{} {wrong}", self.path.display())),
            None => Ok(()),
        }
    }

    pub(super) fn rule(&self, config: &LinkmendProcessor) -> Rule {
        let name = self.path.display().to_string();
        configured(Rule::component(name, Arc::clone(&self.bytes)), config)
    }
}

fn configured(rule: Rule, config: &LinkmendProcessor) -> Rule {
    rule.with_config(settings(config))
        .with_limits(config.limits)
        .with_on_error(config.on_error)
}

/// What the rule is told, as JSON.
fn settings(config: &LinkmendProcessor) -> String {
    let mut settings = config.config.to_json();
    // The built-in rule cuts links by itself: what it left over the limit of
    // the host would be its failure.
    let max_links = config.limits.max_links;
    if config.rule == RuleSource::Builtin && max_links != Limits::default().max_links {
        settings
            .entry("max_links")
            .or_insert_with(|| max_links.into());
    }
    Value::Object(settings).to_string()
}

/// What is wrong with a rule. Of a configuration that it refuses it says the
/// key; file and line are known here.
pub(super) fn explained(id: &Id, config: &Config, error: &LoadError) -> SetupError {
    let fault = match &error.reason {
        LoadReason::Config(text) => config.rule_fault(id, text),
        _ => None,
    };
    match fault {
        Some(fault) => SetupError::new("", fault.to_string()),
        None => SetupError::new(place(id), error.to_string()),
    }
}
