//! Why a rule cannot be used.

use std::fmt::Display;

use linkmend_core::{FaultReason, interface};

use crate::compile::{CompileError, Failure};
use crate::rule_file::RuleFileError;

/// Why a rule cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadReason {
    /// The file cannot be read.
    #[error("the file cannot be read: {error}")]
    Read {
        /// Why.
        error: RuleFileError,
    },
    /// It is not compiled: what that takes has limits.
    #[error("{0}")]
    Compile(CompileError),
    /// The sandbox itself cannot be set up.
    #[error("the sandbox cannot be set up: {0}")]
    Sandbox(String),
    /// Not WebAssembly at all.
    #[error("it is not a WebAssembly component (no `\\0asm` header)")]
    NotWasm,
    /// A core module.
    #[error(
        "it is a WebAssembly core module, not a component; make one of it with `linkmend rule component FILE`"
    )]
    CoreModule,
    /// A component that is damaged, or uses what the host does not support.
    #[error("the component is not valid: {0}")]
    Invalid(String),
    /// Another version of the interface.
    #[error(
        "it was built against {found}, and this linkmend runs the worlds of linkmend:rule@{ours}, and batch-rule of 0.1; build it against wit/ of this version"
    )]
    WrongVersion {
        /// What the component names.
        found: String,
        /// What the host has.
        ours: &'static str,
    },
    /// It is no rule.
    #[error(
        "it does not export `{missing}`, as a rule must (or `spans` in the place of `batch`); it exports {found}"
    )]
    MissingExport {
        /// The export that is missing.
        missing: String,
        /// What it does export.
        found: String,
    },
    /// It needs what rules are not given.
    #[error(
        "it imports {names}, and a rule is given nothing but linkmend:rule/index@{0}, linkmend:rule/log@{0}, and a WASI with nothing in it",
        interface::VERSION
    )]
    Imports {
        /// The imports.
        names: String,
    },
    /// An export or import has another type than the interface says.
    #[error("it does not fit the interface linkmend:rule: {0}")]
    WrongType(String),
    /// Its name is not fit for logs and metrics.
    #[error(
        "it calls itself \"{name}\"; a name has 1 to 64 lower-case letters, digits, `-`, `_` and `.`"
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// It selects spans by more keys than the host looks for.
    #[error(
        "it wants spans by {keys} attribute keys and prefixes, and at most {limit} are looked for"
    )]
    TooManyKeys {
        /// How many.
        keys: usize,
        /// The limit.
        limit: usize,
    },
    /// It failed before it was given a batch.
    #[error("it failed while it was {stage}: {reason}")]
    Init {
        /// What it was doing.
        stage: Stage,
        /// How it failed.
        reason: FaultReason,
    },
    /// It does not take its configuration.
    #[error("it refuses its configuration: {0}")]
    Config(String),
}

/// What a rule was doing when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Making an instance.
    Instantiate,
    /// `lifecycle.describe`
    Describe,
    /// `lifecycle.configure`
    Configure,
    /// `batch.process`
    Process,
}

impl Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Instantiate => "being instantiated",
            Self::Describe => "describing itself",
            Self::Configure => "being configured",
            Self::Process => "looking at a batch",
        })
    }
}

impl From<Failure> for LoadReason {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Limit(error) => Self::Compile(error),
            Failure::Invalid(text) => Self::Invalid(text),
        }
    }
}
