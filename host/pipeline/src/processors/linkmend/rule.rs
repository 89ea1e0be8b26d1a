//! From the configuration to a rule.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use linkmend::{Checksum, Limits, LoadError, LoadReason, Rule, RuleFile, RuleFileError};
use linkmend_registry::{Fetcher, Reference};
use serde_json::Value;

use super::compiling::Compiling;
use crate::component::SetupError;
use crate::config::{Config, Id, LinkmendProcessor, RuleSource};

/// A rule as it was read.
#[derive(Clone)]
pub(super) enum ChosenRule {
    Builtin,
    /// What is in the file may become another rule.
    File(Component),
    /// It stays what it is.
    Pulled(Component),
}

/// A component, and where it was read.
#[derive(Clone)]
pub(super) struct Component {
    /// The file, or its name in a registry.
    pub(super) path: PathBuf,
    pub(super) bytes: Arc<[u8]>,
    pub(super) sha256: Checksum,
}

impl ChosenRule {
    /// Reads the file or pulls it, and holds it against the checksum.
    pub(super) fn read(
        config: &LinkmendProcessor,
        compiling: &Compiling,
    ) -> Result<Self, SetupError> {
        if let RuleSource::Registry(reference) = &config.rule {
            let component = Component::pull(reference, config, compiling)
                .map_err(|text| SetupError::new("rule", format!("{reference}: {text}")))?;
            return Ok(Self::Pulled(component.checked(config)?));
        }
        let Some(path) = config.rule_file() else {
            return Ok(Self::Builtin);
        };
        let component = Component::read(&path, compiling.compiler.limits().file_size)
            .map_err(|error| SetupError::new("rule", format!("{}: {error}", path.display())))?;
        Ok(Self::File(component.checked(config)?))
    }

    /// What is watched, since it may change.
    pub(super) fn file(&self) -> Option<&Component> {
        match self {
            Self::File(component) => Some(component),
            Self::Builtin | Self::Pulled(_) => None,
        }
    }

    /// The rule, as the engine wants it.
    pub(super) fn rule(&self, config: &LinkmendProcessor) -> Rule {
        match self {
            Self::Builtin => configured(Rule::builtin(), config),
            Self::File(component) | Self::Pulled(component) => component.rule(config),
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

    /// Pulls a rule, or takes it from those that were pulled.
    fn pull(
        reference: &Reference,
        config: &LinkmendProcessor,
        compiling: &Compiling,
    ) -> Result<Self, String> {
        let fetch = Fetcher {
            most: compiling.compiler.limits().file_size,
            store: compiling.pulled.as_ref(),
            key: config.public_key.as_ref(),
            is_stopped: &|| compiling.compiler.is_stopped(),
        };
        let fetched = fetch.run(reference).map_err(|error| error.to_string())?;
        for warning in &fetched.warnings {
            tracing::warn!(rule = %reference, "{warning}");
        }
        let was_asked = fetched.was_asked;
        tracing::info!(rule = %reference, from_registry = was_asked, "the rule is there");
        Ok(Self {
            path: reference.to_string().into(),
            sha256: Checksum::of(&fetched.component),
            bytes: fetched.component.into(),
        })
    }

    fn checked(self, config: &LinkmendProcessor) -> Result<Self, SetupError> {
        let checked = self.check(config);
        checked.map_err(|text| SetupError::new("sha256", text))?;
        Ok(self)
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

/// The path of keys of a processor.
pub(super) fn place(id: &Id) -> String {
    format!("processors.{id}")
}
