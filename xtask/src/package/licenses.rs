//! The licences of what is linked into the binary: their texts must go where it
//! goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::tools::answer;
use crate::workspace::cargo;

/// The package that the binary is of.
const PACKAGE: &str = "linkmend-cli";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// A text with each crate, its licence, and the files in which that stands.
pub fn of_dependencies(root: &Path, target: &str) -> Result<String> {
    let mut command = Command::new(cargo());
    command
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", target])
        .current_dir(root);
    let metadata: Metadata =
        serde_json::from_str(&answer(&mut command)?).context("cannot read `cargo metadata`")?;
    let linked = linked(&metadata)?;
    let mut packages: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| linked.contains(&package.id) && package.source.is_some())
        .collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let mut text = String::from("What is linked into linkmend, and under which licence.\n");
    // Most of them bring the same text of the Apache licence.
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for package in packages {
        let of = format!("{} {}", package.name, package.version);
        let license = package.license.as_deref().unwrap_or("see its files");
        let _ = writeln!(text, "\n{of}: {license}");
        for (name, content) in files(package)? {
            if let Some(first) = texts.get(&content) {
                let _ = writeln!(text, "  {name}: the same as {first}");
                continue;
            }
            let _ = writeln!(text, "  {name}:\n\n{}\n", content.trim_end());
            texts.insert(content, format!("{name} of {of}"));
        }
    }
    Ok(text)
}

/// The ids of all packages that the binary is linked with.
fn linked(metadata: &Metadata) -> Result<BTreeSet<String>> {
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let first = metadata.packages.iter().find(|it| it.name == PACKAGE);
    let first = first.with_context(|| format!("there is no package {PACKAGE}"))?;
    let mut found = BTreeSet::from([first.id.clone()]);
    let mut next = vec![first.id.as_str()];
    while let Some(node) = next.pop().and_then(|id| nodes.get(id)) {
        let linked = |edge: &&Edge| edge.dep_kinds.iter().any(|it| it.kind.is_none());
        for edge in node.deps.iter().filter(linked) {
            if found.insert(edge.pkg.clone()) {
                next.push(&edge.pkg);
            }
        }
    }
    Ok(found)
}

/// The files of a package that state its licence, by name.
fn files(package: &Package) -> Result<BTreeMap<String, String>> {
    let folder = package.manifest_path.parent().unwrap_or(Path::new("."));
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let upper = name.to_uppercase();
        let states = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT"];
        if states.iter().any(|start| upper.starts_with(start)) && entry.path().is_file() {
            let content = fs::read(entry.path())?;
            found.insert(name, String::from_utf8_lossy(&content).into_owned());
        }
    }
    Ok(found)
}
