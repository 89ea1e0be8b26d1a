//! What a processor is made of.

use std::path::PathBuf;
use std::sync::Arc;

use linkmend_core::interface::{About, Plan, World};
use linkmend_core::{self as core, Limits, LoadedRule, MakeNative, NativeRule, OnError};
use linkmend_sandbox::{LoadReason, RuleFile, Sandbox};

use crate::error::LoadError;

/// A rule, as a user asks for it.
#[derive(Debug, Clone)]
pub struct Rule {
    source: Source,
    config: String,
    limits: Limits,
    on_error: OnError,
}

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Component {
        name: String,
        bytes: Arc<[u8]>,
    },
    Native {
        about: About,
        plan: Plan,
        world: World,
        make: MakeNative,
    },
}

/// The component of the built-in rule.
const BUILTIN: &[u8] = include_bytes!("../dist/linkmend-repair.wasm");

impl Rule {
    /// The built-in rule: repairs missing links from message ids, drops invalid
    /// and duplicate ones, caps them, and says why each exists.
    #[must_use]
    pub fn builtin() -> Self {
        Self::component("builtin", BUILTIN)
    }

    /// The component that the built-in rule is.
    #[must_use]
    pub fn builtin_component() -> &'static [u8] {
        BUILTIN
    }

    /// A rule in a file: a WebAssembly component.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::File(path.into()))
    }

    /// A rule in memory: a WebAssembly component. The name is for errors until
    /// the rule has said its own.
    #[must_use]
    pub fn component(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(Source::Component {
            name: name.into(),
            bytes: bytes.into(),
        })
    }

    /// A rule that runs without the sandbox, see [`NativeRule`]: of the world
    /// `field-rule`, or `batch-rule`.
    #[must_use]
    pub fn native(
        about: About,
        plan: Plan,
        world: World,
        make: impl Fn() -> Box<dyn NativeRule> + Send + Sync + 'static,
    ) -> Self {
        let make = Arc::new(make);
        Self::new(Source::Native {
            about,
            plan,
            world,
            make,
        })
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            config: "{}".into(),
            limits: Limits::default(),
            on_error: OnError::default(),
        }
    }

    /// Its configuration, a JSON object.
    #[must_use]
    pub fn with_config(mut self, json: impl Into<String>) -> Self {
        self.config = json.into();
        self
    }

    /// What it may use.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What becomes of a batch that it fails on.
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Component { name, .. } => f.debug_tuple("Component").field(name).finish(),
            Self::Native { about, .. } => f.debug_tuple("Native").field(about).finish(),
        }
    }
}

/// Makes rules that processors can use.
pub(crate) struct Loader(pub(crate) Sandbox);

impl Loader {
    /// All of them, or what is wrong with the first that cannot be used.
    pub(crate) fn load_all(&self, rules: Vec<Rule>) -> Result<Vec<LoadedRule>, LoadError> {
        let rules = (0..).zip(rules);
        rules
            .map(|(number, rule)| self.load(number, rule))
            .collect()
    }

    fn load(&self, number: usize, rule: Rule) -> Result<LoadedRule, LoadError> {
        let Rule {
            source,
            config,
            limits,
            on_error,
        } = rule;
        let component =
            |bytes: &[u8]| linkmend_sandbox::load(&self.0, bytes, &config, limits, on_error);
        let (name, loaded) = match source {
            Source::Native {
                about,
                plan,
                world,
                make,
            } => return Ok(core::native(about, plan, world, make, limits, on_error)),
            Source::Component { name, bytes } => (name, component(&bytes)),
            Source::File(path) => {
                let file = RuleFile::read(&path, self.0.compiler().limits().file_size);
                let loaded = match file {
                    Ok(file) => component(&file.bytes),
                    Err(error) => Err(LoadReason::Read { error }),
                };
                (path.display().to_string(), loaded)
            }
        };
        loaded.map_err(|reason| LoadError {
            rule: name,
            number: Some(number),
            reason,
        })
    }
}
