//! The rules that a user names, their configurations and their limits.

use anyhow::{Context, anyhow, bail};
use linkmend::{Limits, LoadError, Rule};
use linkmend_workbench::{RuleConfig, config};

use crate::args::ProcessArguments;
use crate::error::whole;
use crate::pinned::Named;
use crate::units;

/// What was read for the rules, before they are loaded. The first one of each
/// list is for the first rule, and so on.
pub struct Rules {
    named: Vec<Named>,
    limits: Vec<Limits>,
    /// May be fewer than rules.
    configs: Vec<RuleConfig>,
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
        let configs = arguments.rule_configs.iter();
        let configs = configs.map(|path| RuleConfig::read(path));
        let configs = configs.collect::<Result<_, _>>().map_err(whole)?;
        let compiling = &arguments.compiling;
        let named = arguments
            .rules
            .iter()
            .map(|name| Named::read(name, compiling).with_context(|| format!("--rule {name}")));
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
            let is_builtin = matches!(named, Named::Builtin);
            let config = config::json(self.configs.get(number), is_builtin, limits);
            named
                .rule()
                .with_config(config)
                .with_limits(*limits)
                .with_on_error(arguments.on_error.into())
        });
        rules.collect()
    }

    /// What is wrong with a rule. Of a configuration that it refuses it says the
    /// key; the file and the place in it are known here.
    pub fn whole(&self, error: &LoadError) -> anyhow::Error {
        let config = error.number.and_then(|number| self.configs.get(number));
        match config.and_then(|config| config.refused(error)) {
            Some(text) => anyhow!("{text}"),
            None => whole(error),
        }
    }
}
