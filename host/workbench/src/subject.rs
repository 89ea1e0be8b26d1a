//! The rule that is worked on.

use std::path::Path;
use std::sync::Arc;

use linkmend::{
    Checksum, CodeCache, Compiler, HoldOptions, Limits, LoadError, Processor, Rule, RuleFile,
    RuleFileError,
};

use crate::config::{self, RuleConfig};
use crate::heard::Heard;
use crate::index::FreshIndex;

/// A component, and how it is run.
#[derive(Debug, Clone)]
pub struct Subject {
    /// `builtin`, or the path of the component as the user gave it.
    pub name: String,
    /// The component, if it is one.
    pub bytes: Arc<[u8]>,
    /// Its configuration.
    pub config: Option<RuleConfig>,
    /// What it may use.
    pub limits: Limits,
    /// Where compiled rules are kept.
    pub code_cache: Option<CodeCache>,
    /// What compiles it.
    pub compiler: Compiler,
    /// What it says is heard here.
    pub heard: Heard,
}

impl Subject {
    /// The built-in rule.
    #[must_use]
    pub fn builtin() -> Self {
        Self::new(BUILTIN, Rule::builtin_component())
    }

    /// The rule in a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or has more bytes than this.
    pub fn read(path: &Path, most: usize) -> Result<Self, RuleFileError> {
        let file = RuleFile::read(path, most)?;
        Ok(Self::new(path.display().to_string(), file.bytes))
    }

    /// A rule in memory.
    pub fn new(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
            config: None,
            limits: Limits::default(),
            code_cache: None,
            compiler: Compiler::default(),
            heard: Heard::default(),
        }
    }

    /// It is the built-in rule.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.name == BUILTIN
    }

    /// SHA-256 of the component, in hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        Checksum::of(&self.bytes).to_string()
    }

    /// The rule, as the engine wants it.
    #[must_use]
    pub fn rule(&self) -> Rule {
        Rule::component(self.name.as_str(), Arc::clone(&self.bytes))
            .with_config(config::json(
                self.config.as_ref(),
                self.is_builtin(),
                &self.limits,
            ))
            .with_limits(self.limits)
    }

    /// A processor of this rule alone.
    ///
    /// # Errors
    ///
    /// When the rule cannot be used.
    pub fn processor(&self, index: &Arc<FreshIndex>) -> Result<Processor, LoadError> {
        self.processor_of(vec![self.rule()], index, None)
    }

    /// A processor of other rules, made as one of this rule would be.
    pub(crate) fn processor_of(
        &self,
        rules: Vec<Rule>,
        index: &Arc<FreshIndex>,
        hold: Option<HoldOptions>,
    ) -> Result<Processor, LoadError> {
        let mut builder = Processor::builder()
            .index(Arc::<FreshIndex>::clone(index))
            .compiler(self.compiler.clone())
            .listener(self.heard.listener());
        if let Some(cache) = &self.code_cache {
            builder = builder.code_cache(cache.clone());
        }
        if let Some(hold) = hold {
            builder = builder.hold(hold);
        }
        for rule in rules {
            builder = builder.rule(rule);
        }
        builder.build()
    }

    /// What is wrong with the rule. Of a configuration that it refuses it says
    /// the key; the file and the place in it are known here.
    #[must_use]
    pub fn whole(&self, error: &LoadError) -> String {
        let refused = self.config.as_ref().map(|config| config.refused(error));
        refused.flatten().unwrap_or_else(|| error.to_string())
    }
}

const BUILTIN: &str = "builtin";
