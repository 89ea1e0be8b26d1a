//! What cargo says of this repository: its packages, and the versions that
//! `Cargo.lock` holds.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::tools::answer;

/// This repository as a cargo workspace.
#[derive(Deserialize)]
pub struct Workspace {
    #[serde(rename = "workspace_root")]
    root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
    #[serde(skip)]
    locked: Vec<LockedPackage>,
}

/// A member of the workspace: those parts of its manifest that change what is
/// built from it, after inheritance.
#[derive(Deserialize, Serialize)]
pub struct Package {
    pub name: String,
    version: String,
    description: Option<String>,
    edition: String,
    features: BTreeMap<String, Vec<String>>,
    /// All but those of tests.
    pub dependencies: Vec<Dependency>,
    #[serde(skip_serializing)]
    manifest_path: PathBuf,
}

/// A line under `[dependencies]`.
#[derive(Deserialize, Serialize)]
pub struct Dependency {
    pub name: String,
    rename: Option<String>,
    kind: Option<DependencyKind>,
    target: Option<String>,
    optional: bool,
    uses_default_features: bool,
    features: Vec<String>,
    #[serde(skip_serializing)]
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum DependencyKind {
    Build,
    Dev,
}

/// An entry of `Cargo.lock`.
#[derive(Deserialize)]
pub struct LockedPackage {
    name: String,
    pub version: String,
    source: Option<String>,
    pub checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<LockedPackage>,
}

/// The cargo that runs this task.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

impl Workspace {
    /// Asks cargo about the workspace that xtask belongs to.
    pub fn load() -> Result<Self> {
        let xtask = env::var_os("CARGO_MANIFEST_DIR")
            .context("start this with `cargo xtask`, which tells it where the repository is")?;
        let mut cargo = Command::new(cargo());
        cargo
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(xtask);
        let metadata = answer(&mut cargo).context("cargo metadata")?;
        let mut workspace: Self =
            serde_json::from_str(&metadata).context("cannot read `cargo metadata`")?;
        let lock: Lock = toml::from_str(&fs::read_to_string(workspace.root.join("Cargo.lock"))?)
            .context("cannot read Cargo.lock")?;
        workspace.locked = lock.package;
        for package in &mut workspace.packages {
            package
                .dependencies
                .retain(|dependency| dependency.kind != Some(DependencyKind::Dev));
        }
        Ok(workspace)
    }

    /// The folder of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where everything is built.
    pub fn target(&self) -> &Path {
        &self.target_directory
    }

    /// Where guests are built. Not among the other builds: the compiler may
    /// be another one, and `cargo clean` of either should spare the other.
    pub fn guest_target(&self) -> PathBuf {
        self.target_directory.join("guest")
    }

    /// The member of this name.
    pub fn package(&self, name: &str) -> Result<&Package> {
        self.packages
            .iter()
            .find(|package| package.name == name)
            .with_context(|| format!("no package of the workspace is called {name}"))
    }

    /// What `package` and the members that it depends on are, itself included.
    pub fn with_members(&self, package: &str) -> Result<Vec<&Package>> {
        let mut found = vec![self.package(package)?];
        let mut next = 0;
        while let Some(package) = found.get(next) {
            next += 1;
            for dependency in package.dependencies.iter().filter(|it| it.is_local()) {
                if !found.iter().any(|known| known.name == dependency.name) {
                    found.push(self.package(&dependency.name)?);
                }
            }
        }
        Ok(found)
    }

    /// The version of `dependency` that `package` is locked to.
    pub fn locked(&self, package: &Package, dependency: &Dependency) -> Result<&LockedPackage> {
        // The lock writes "name", or "name version" where one name has several.
        let mut wanted = self
            .locked
            .iter()
            .filter(|entry| entry.source.is_none() && entry.name == package.name)
            .flat_map(|entry| &entry.dependencies)
            .map(|line| line.split(' '))
            .filter_map(|mut words| (words.next()? == dependency.name).then(|| words.next()));
        let version = wanted.next();
        ensure!(
            version.is_some() && wanted.next().is_none(),
            "Cargo.lock is not up to date with {} of {}: run `cargo check`",
            dependency.name,
            package.name
        );
        let version = version.flatten();
        self.locked
            .iter()
            .filter(|entry| entry.name == dependency.name)
            .find(|entry| version.is_none_or(|version| entry.version == version))
            .with_context(|| format!("Cargo.lock lacks {}", dependency.name))
    }

    /// The workspace's own manifest.
    pub fn manifest(&self) -> Result<toml::Table> {
        let path = self.root.join("Cargo.toml");
        toml::from_str(&fs::read_to_string(&path)?)
            .with_context(|| format!("cannot read {}", path.display()))
    }
}

impl Package {
    /// The folder of the package.
    pub fn folder(&self) -> Result<&Path> {
        self.manifest_path
            .parent()
            .context("a manifest without a folder")
    }
}

impl Dependency {
    /// Whether it lies in this repository.
    pub fn is_local(&self) -> bool {
        self.path.is_some()
    }
}
