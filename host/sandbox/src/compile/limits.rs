//! What compiling a rule may take.

use std::time::Duration;

/// What a component may be, and what compiling it may take. A component of a
/// few kilobytes can be made so that its compilation takes minutes and
/// gigabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// The size of a component, in bytes. Default: 64 MiB.
    pub file_size: usize,
    /// Functions of a component. Default: 100,000.
    pub functions: usize,
    /// Time of all threads that compile it, in whole seconds. One that is not
    /// done after five times as long by the clock ends, too. Only a process of
    /// its own ([`Compiler::command`](crate::Compiler::command)) can be held to
    /// this. Default: 60 s.
    pub time: Duration,
    /// Memory while it is compiled, in bytes. As above. Default: 2 GiB.
    pub memory: usize,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            file_size: 64 << 20,
            functions: 100_000,
            time: Duration::from_mins(1),
            memory: 2 << 30,
        }
    }
}

/// Why a component is not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// It is too large.
    #[error("it has {size} bytes, more than compile_limits.file_size = {limit}")]
    FileSize {
        /// How large it is.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// It has too many functions.
    #[error("it has {functions} functions, more than compile_limits.functions = {limit}")]
    Functions {
        /// How many.
        functions: usize,
        /// The limit.
        limit: usize,
    },
    /// It takes too long.
    #[error("to compile it takes longer than compile_limits.time = {limit:?}")]
    Time {
        /// The limit.
        limit: Duration,
    },
    /// The machine has no time for it.
    #[error(
        "it was not compiled after {waited:?}: the machine is too busy, or the time is too short (compile_limits.time = {limit:?})"
    )]
    Starved {
        /// How long it was waited for.
        waited: Duration,
        /// The limit.
        limit: Duration,
    },
    /// It takes too much memory.
    #[error("to compile it takes more memory than compile_limits.memory = {limit} bytes")]
    Memory {
        /// The limit.
        limit: usize,
    },
    /// Nobody wants it any more.
    #[error("its compilation was stopped")]
    Stopped,
    /// The compiler itself failed.
    #[error("the process that compiles it failed: {0}")]
    Process(String),
}

/// Why there is no code.
pub(crate) enum Failure {
    Limit(CompileError),
    Invalid(String),
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Self {
        Self::Limit(error)
    }
}
