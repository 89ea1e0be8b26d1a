//! The rules that a user names, their configurations and their limits.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use linkmend::{Limits, LoadError, LoadReason, Rule};
use linkmend_config::Document;
use serde_json::Value;

use crate::args::ProcessArguments;
use crate::pinned::Named;
use crate::{process, units};

/// What was read for the rules, before they are loaded. The first one of each
/// list is for the first rule, and so on.
pub struct Rules {
    named: Vec<Named>,
    limits: Vec<Limits>,
    /// May be fewer than rules.
    configs: Vec<(PathBuf, Document)>,
}

impl Rules {
    /// Reads limits and configurations, and the files of rules that must have
    /// a certain checksum.
    pub fn new(arguments: &ProcessArguments) -> anyhow::Result<Self> {
        let limits = units::limits(&arguments.limits, arguments.rules.len())?;
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
        let configs = configs.collect::<anyhow::Result<_>>()?;
        let named = arguments
            .rules
            .iter()
            .map(|name| Named::read(name).with_context(|| format!("--rule {name}")));
        Ok(Self {
            named: named.collect::<anyhow::Result<_>>()?,
            limits,
            configs,
        })
    }

    /// The rules, in their order.
    pub fn build(&self, arguments: &ProcessArguments) -> Vec<Rule> {
        let rules = self.named.iter().zip(&self.limits).enumerate();
        let rules = rules.map(|(number, (named, limits))| {
            let config = self.config(number, named, limits);
            named
                .rule()
                .with_config(config)
                .with_limits(*limits)
                .with_on_error(arguments.on_error.into())
        });
        rules.collect()
    }

    fn config(&self, number: usize, named: &Named, limits: &Limits) -> String {
        let config = self.configs.get(number);
        let mut settings =
            config.map_or_else(Default::default, |(_, config)| config.value().clone());
        // The built-in rule cuts links by itself: what it left over the limit of
        // the host would be its failure.
        let max_links = limits.max_links;
        if matches!(named, Named::Builtin) && max_links != Limits::default().max_links {
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
