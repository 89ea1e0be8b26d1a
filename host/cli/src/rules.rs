//! The rules that a user names, and their configurations.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use linkmend::{Limits, LoadError, LoadReason, Rule};
use linkmend_config::Document;
use serde_json::Value;

use crate::args::ProcessArguments;
use crate::{process, units};

/// What was read for the rules, before they are loaded.
pub struct Rules {
    limits: Limits,
    /// The first one for the first rule, and so on.
    configs: Vec<(PathBuf, Document)>,
}

impl Rules {
    /// Reads limits and configurations.
    pub fn new(arguments: &ProcessArguments) -> anyhow::Result<Self> {
        let limits = units::limits(&arguments.limits)?;
        if arguments.rule_configs.len() > arguments.rules.len() {
            bail!(
                "there are {} --rule-config and {} rules; the first one is for the first rule, and so on",
                arguments.rule_configs.len(),
                arguments.rules.len()
            );
        }
        let configs = arguments
            .rule_configs
            .iter()
            .map(|path| Ok((path.clone(), read(path)?)));
        Ok(Self {
            limits,
            configs: configs.collect::<anyhow::Result<_>>()?,
        })
    }

    /// The rules, in their order.
    pub fn build(&self, arguments: &ProcessArguments) -> Vec<Rule> {
        let rules = arguments.rules.iter().enumerate().map(|(number, name)| {
            let rule = match name.as_str() {
                "builtin" => Rule::builtin(),
                path => Rule::file(path),
            };
            let config = self.config(number, name == "builtin");
            rule.with_config(config)
                .with_limits(self.limits)
                .with_on_error(arguments.on_error.into())
        });
        rules.collect()
    }

    fn config(&self, number: usize, builtin: bool) -> String {
        let config = self.configs.get(number);
        let mut settings =
            config.map_or_else(Default::default, |(_, config)| config.value().clone());
        // The built-in rule cuts links by itself: what it left over the limit of
        // the host would be its failure.
        let max_links = self.limits.max_links;
        if builtin && max_links != Limits::default().max_links {
            settings
                .entry("max_links")
                .or_insert_with(|| max_links.into());
        }
        Value::Object(settings).to_string()
    }

    /// What is wrong with a rule. Of a configuration that it refuses it says the
    /// key; the file and the place in it are known here.
    pub fn whole(&self, error: &LoadError) -> anyhow::Error {
        let config = error.number.and_then(|number| self.configs.get(number));
        let (LoadReason::Config(text), Some((path, document))) = (&error.reason, config) else {
            return process::whole(error);
        };
        let (rule, path) = (&error.rule, path.display());
        let key = text.split_once(": ").map_or("", |(key, _)| key);
        match document.place(key) {
            Some(place) => {
                anyhow!("rule `{rule}` refuses the configuration {path}: {place}: {text}")
            }
            None => anyhow!("rule `{rule}` refuses the configuration {path}: {text}"),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Document> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration {}", path.display()))?;
    // The rule says what the keys mean.
    linkmend_config::read(&text)
        .map_err(|error| anyhow!("the configuration {}: {error}", path.display()))
}
