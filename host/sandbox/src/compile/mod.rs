//! Where a component becomes code: in a process of its own that may take so
//! much time and memory and no more, or, where that is asked for, in this one.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `limits` | what it may take, and what is said when that is not enough |
//! | `parent` | starts a process and ends it |
//! | `child` | what that process does |
//! | `stop` | ends it from another thread |
//! | `wire` | what they say to each other |

mod child;
mod limits;
mod parent;
mod stop;
mod wire;

use std::ffi::OsString;
use std::path::PathBuf;

use wasmtime::Engine;

pub use child::compile_for_parent;
pub(crate) use limits::Failure;
pub use limits::{CompileError, CompileLimits};
pub use stop::Stop;

use crate::engine::Target;
use parent::Program;

/// Compiles rules.
///
/// A component of a few kilobytes can keep a compiler busy for minutes and fill
/// its memory. So what did not come with the program should be compiled by a
/// process of its own, which can be held to limits and ended: see
/// [`Self::command`]. The default is [`Self::in_process`], which checks the size
/// of a component and the number of its functions and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    program: Option<Program>,
    limits: CompileLimits,
    stops: Vec<Stop>,
}

impl Compiler {
    /// Compiles in this process, without limits on time and memory: for rules
    /// that are trusted.
    #[must_use]
    pub fn in_process() -> Self {
        Self::default()
    }

    /// Compiles in a process of its own, started as this program with these
    /// arguments, which calls [`compile_for_parent`]: `linkmend compile`, of this
    /// very version, or a program of yours.
    #[must_use]
    pub fn command(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        Self {
            program: Some(Program {
                path: program.into(),
                arguments: arguments.into_iter().map(Into::into).collect(),
            }),
            ..Self::default()
        }
    }

    /// What it may take.
    #[must_use]
    pub fn with_limits(mut self, limits: CompileLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets this one end it, too.
    #[must_use]
    pub fn stopped_by(mut self, stop: &Stop) -> Self {
        self.stops.push(stop.clone());
        self
    }

    /// What it may take.
    #[must_use]
    pub fn limits(&self) -> &CompileLimits {
        &self.limits
    }

    /// Nobody waits for what it compiles any more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stops.iter().any(Stop::is_stopped)
    }

    /// What can be known before it is compiled.
    pub(crate) fn check(&self, component: &[u8], functions: usize) -> Result<(), CompileError> {
        let (size, limit) = (component.len(), self.limits.file_size);
        if size > limit {
            return Err(CompileError::FileSize { size, limit });
        }
        let limit = self.limits.functions;
        if functions > limit {
            return Err(CompileError::Functions { functions, limit });
        }
        Ok(())
    }

    /// The code of a component.
    pub(crate) fn compile(&self, engine: &Engine, component: &[u8]) -> Result<Vec<u8>, Failure> {
        match &self.program {
            Some(program) => {
                let Target(target) = Target::of(engine);
                parent::compile(program, &self.limits, &self.stops, target, component)
            }
            None => engine
                .precompile_component(component)
                .map_err(|error| Failure::Invalid(format!("{error:#}"))),
        }
    }
}
