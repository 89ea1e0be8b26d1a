//! What is built and committed: components and modules, each with a record of what it was
//! built from, and with what.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::tools::sha256;
use crate::workspace::Workspace;

/// One component, or module, that is committed, or is to be.
pub struct Dist {
    component: PathBuf,
    record: PathBuf,
    name: String,
}

/// What is written beside a component.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    /// The package that it was built from.
    pub package: String,
    /// Of the component.
    pub sha256: String,
    /// Of the component.
    pub bytes: usize,
    /// Version of the compiler, and where its standard library came from.
    pub compiler: String,
    /// The digest over all that the package is built from.
    pub sources_sha256: String,
}

/// What a fresh build says of the component that is committed.
#[derive(Debug, Eq, PartialEq)]
pub enum Standing {
    /// Byte for byte the same.
    Identical,
    /// Of the same sources, by another compiler.
    OtherCompiler { committed: Record, fresh: Record },
    /// Of the same sources by the same compiler, and yet not the same.
    Irreproducible { committed: Record, fresh: Record },
    /// Not of these sources.
    Stale,
}

impl Dist {
    /// That of this name (without its ending) in a folder of the repository.
    pub fn new(workspace: &Workspace, folder: &str, name: &str) -> Self {
        let name = format!("{folder}/{name}.wasm");
        let component = workspace.root().join(&name);
        Self {
            record: component.with_extension("json"),
            component,
            name,
        }
    }

    /// The component's path in the repository.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is committed, after a look that the component is the one that the
    /// record tells of; none when nothing is.
    pub fn record(&self) -> Result<Option<Record>> {
        let Some(record) = read(&self.record)? else {
            return Ok(None);
        };
        let record: Record = serde_json::from_slice(&record)
            .with_context(|| format!("cannot read {}", self.record.display()))?;
        let component = read(&self.component)?.unwrap_or_default();
        ensure!(
            sha256(&component) == record.sha256,
            "{} is not the component that the record beside it tells of: run `cargo xtask build-guest`",
            self.name
        );
        Ok(Some(record))
    }

    /// Compares what is committed with a fresh build.
    pub fn standing(&self, fresh: &Record) -> Result<Standing> {
        Ok(Standing::of(self.record()?, fresh))
    }

    /// Puts a component and its record where they are committed.
    pub fn write(&self, component: &[u8], record: &Record) -> Result<()> {
        if let Some(folder) = self.component.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_string_pretty(record)?;
        text.push('\n');
        fs::write(&self.component, component)?;
        fs::write(&self.record, text)?;
        Ok(())
    }
}

impl Standing {
    fn of(committed: Option<Record>, fresh: &Record) -> Self {
        let fresh = fresh.clone();
        match committed {
            Some(record) if record.sources_sha256 != fresh.sources_sha256 => Self::Stale,
            Some(record) if record.sha256 == fresh.sha256 => Self::Identical,
            Some(committed) if committed.compiler == fresh.compiler => {
                Self::Irreproducible { committed, fresh }
            }
            Some(committed) => Self::OtherCompiler { committed, fresh },
            None => Self::Stale,
        }
    }

    /// Whether what is committed must not stay.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Stale | Self::Irreproducible { .. })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identical => write!(f, "identical"),
            Self::Stale => write!(f, "older than its sources: run `cargo xtask build-guest`"),
            Self::OtherCompiler { committed, fresh } => write!(
                f,
                "same sources, other compiler\n  committed: {committed}\n  built here: {fresh}"
            ),
            Self::Irreproducible { committed, fresh } => write!(
                f,
                "same sources and compiler, other bytes: something that is not in the digest \
                 changed (a dependency of a dependency?), or the build is not reproducible\n  \
                 committed: {committed}\n  built here: {fresh}"
            ),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes, sha256 {}, {}",
            self.bytes, self.sha256, self.compiler
        )
    }
}

/// The content of a file; none when there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(sha256: &str, compiler: &str, sources: &str) -> Record {
        Record {
            package: "rule".into(),
            sha256: sha256.into(),
            bytes: 1,
            compiler: compiler.into(),
            sources_sha256: sources.into(),
        }
    }

    /// Scenario: a fresh build beside what is committed, in every relation.
    /// Guarantees: only another compiler excuses other bytes, and nothing
    /// excuses other sources.
    #[test]
    fn standing_tells_compilers_from_sources() {
        let fresh = record("a", "rustc 1", "s");
        let same = Standing::of(Some(fresh.clone()), &fresh);
        assert_eq!(same, Standing::Identical);
        let agreeing = Standing::of(Some(record("a", "rustc 2", "s")), &fresh);
        assert_eq!(agreeing, Standing::Identical);

        let compiler = Standing::of(Some(record("b", "rustc 2", "s")), &fresh);
        assert!(!compiler.is_failure());
        let text = compiler.to_string();
        assert!(
            text.contains("rustc 1") && text.contains("rustc 2"),
            "{text}"
        );

        assert!(Standing::of(Some(record("b", "rustc 1", "s")), &fresh).is_failure());
        assert!(Standing::of(Some(record("a", "rustc 1", "t")), &fresh).is_failure());
        assert!(Standing::of(None, &fresh).is_failure());
    }
}
