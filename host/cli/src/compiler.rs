//! How rules are compiled: by this program, in a process of its own, and kept
//! where nobody else can write.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use linkmend::{CodeCache, CompileLimits, Compiler};
use linkmend_registry::Store;

use crate::exit::Exit;
use crate::terminal::tell;
use crate::units;

/// The name of the sub-command that compiles.
pub const COMMAND: &str = "compile";

/// The arguments of all commands that compile rules.
#[derive(Debug, Clone, Args)]
pub struct CompileArguments {
    /// Keep compiled rules here, in a directory that only you can write to: what lies there is executed
    /// [default: `linkmend/code` in the user's cache directory; empty for nowhere]
    #[arg(long, value_name = "DIR", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub code_cache: Option<PathBuf>,

    /// Keep rules that were pulled from registries here, in a directory that only you can write to
    /// [default: `linkmend/rules` in the user's cache directory; empty for nowhere]
    #[arg(
        long,
        value_name = "DIR",
        value_parser = OsStringValueParser::new().map(PathBuf::from),
        hide_short_help = true
    )]
    pub rule_cache: Option<PathBuf>,

    /// A limit for compiling a rule, such as `time=120s`. May be given several times; --help has the
    /// names
    #[arg(long = "compile-limit", value_name = "NAME=VALUE", long_help = units::compile_limits_help())]
    pub compile_limits: Vec<String>,
}

impl CompileArguments {
    /// What compiling may take.
    pub fn limits(&self) -> anyhow::Result<CompileLimits> {
        units::compile_limits(&self.compile_limits)
    }

    /// What compiles.
    pub fn compiler(&self) -> anyhow::Result<Compiler> {
        Ok(Compiler::command(this_program()?, [COMMAND]).with_limits(self.limits()?))
    }

    /// Where compiled rules are kept: the directory that was asked for, or the
    /// user's; `None` when none is wanted. Of one that cannot be used it is told
    /// why, and it goes on without.
    pub fn code_cache(&self, told: impl FnOnce(&dyn Display)) -> Option<CodeCache> {
        let path = directory(self.code_cache.as_deref(), "code")?;
        let shown = path.display().to_string();
        let opened = CodeCache::open(path).map_err(|error| {
            told(&format_args!("the code cache {shown} is not used: {error}"));
        });
        opened.ok()
    }

    /// Where rules are kept that were pulled, in the same way.
    pub fn rule_cache(&self, told: impl FnOnce(&dyn Display)) -> Option<Store> {
        let path = directory(self.rule_cache.as_deref(), "rules")?;
        let shown = path.display().to_string();
        let opened = Store::open(path).map_err(|error| {
            told(&format_args!("the rule cache {shown} is not used: {error}"));
        });
        opened.ok()
    }
}

/// The program that runs, even when another one was put into its place.
fn this_program() -> anyhow::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() {
        return Ok(running.to_owned());
    }
    Ok(std::env::current_exe()?)
}

/// The one that was asked for, or the user's of this name.
fn directory(asked: Option<&Path>, name: &str) -> Option<PathBuf> {
    match asked {
        Some(path) if path.as_os_str().is_empty() => None,
        Some(path) => Some(path.to_owned()),
        None => {
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.filter(|path| path.is_absolute());
            let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")));
            cache.map(|cache| cache.join("linkmend").join(name))
        }
    }
}

/// Runs the sub-command.
pub fn run() -> Exit {
    match linkmend::compile_for_parent() {
        Ok(()) => Exit::Done,
        Err(error) => {
            tell(format_args!(
                "this command compiles a rule for the process that starts it: {error}"
            ));
            Exit::Incomplete
        }
    }
}
