//! Rules by name: files, which may have to be the very ones that were meant, and rules
//! in registries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use linkmend::{Checksum, Rule, RuleFile};
use linkmend_registry::{Fetcher, Reference, SCHEME};

use crate::compiler::CompileArguments;
use crate::terminal::tell;

/// What stands between a file and its checksum.
const MARK: &str = "@sha256:";

/// A rule, as `--rule` names it.
pub enum Named {
    /// The one that comes with linkmend.
    Builtin,
    /// Whatever is in the file when it is loaded.
    File(PathBuf),
    /// A file that was read, and had its checksum.
    Pinned { path: PathBuf, bytes: Arc<[u8]> },
    /// One that was pulled from a registry, or was kept of it.
    Pulled { name: String, bytes: Arc<[u8]> },
}

impl Named {
    /// Reads `builtin`, `FILE`, `FILE@sha256:HEX` or `oci://…`.
    pub fn read(name: &str, compiling: &CompileArguments) -> anyhow::Result<Self> {
        if name == "builtin" {
            return Ok(Self::Builtin);
        }
        if name.starts_with(SCHEME) {
            return Self::pulled(&Reference::parse(name)?, compiling);
        }
        let most = compiling.limits()?.file_size;
        let Some((path, digits)) = name.rsplit_once(MARK) else {
            return Ok(Self::File(name.into()));
        };
        if path == "builtin" {
            bail!("the built-in rule is part of the program and has no file to check");
        }
        match Checksum::parse(digits) {
            Some(wanted) => Self::pinned(path.into(), wanted, most),
            // No checksum at all: it may be the name of a file.
            None if Path::new(name).exists() => Ok(Self::File(name.into())),
            None => bail!(
                "what stands behind `{MARK}` is no SHA-256, which has 64 hex digits; \
                 `sha256sum {path}` tells it"
            ),
        }
    }

    /// What is checked is what runs: the file is read once.
    fn pinned(path: PathBuf, wanted: Checksum, most: usize) -> anyhow::Result<Self> {
        let RuleFile { bytes, checksum } = RuleFile::read(&path, most)
            .map_err(|error| anyhow!("the file cannot be read: {error}"))?;
        checksum
            .check(wanted)
            .map_err(|wrong| anyhow!("the file {wrong}"))?;
        Ok(Self::Pinned { path, bytes })
    }

    /// What a tag names today is told, so that it can be pinned.
    fn pulled(reference: &Reference, compiling: &CompileArguments) -> anyhow::Result<Self> {
        let store = compiling.rule_cache(|why| tell(why));
        let fetch = Fetcher {
            most: compiling.limits()?.file_size,
            store: store.as_ref(),
            key: None,
            is_stopped: &|| false,
        };
        let fetched = fetch.run(reference)?;
        for warning in &fetched.warnings {
            tell(format_args!("{reference}: {warning}"));
        }
        if reference.digest().is_none() {
            tell(format_args!("{reference} is {}", fetched.pinned));
        }
        Ok(Self::Pulled {
            name: fetched.pinned.to_string(),
            bytes: fetched.component.into(),
        })
    }

    /// The rule, as the engine wants it.
    pub fn rule(&self) -> Rule {
        match self {
            Self::Builtin => Rule::builtin(),
            Self::File(path) => Rule::file(path),
            Self::Pinned { path, bytes } => {
                Rule::component(path.display().to_string(), Arc::clone(bytes))
            }
            Self::Pulled { name, bytes } => Rule::component(name.as_str(), Arc::clone(bytes)),
        }
    }
}
