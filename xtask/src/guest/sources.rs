//! One digest over all that a guest is built from.
//!
//! In it are, of the package and of every member of the workspace that it
//! depends on: the files under `src/` (and `build.rs`), what their manifests
//! come to (without the dependencies of tests), and the locked version of
//! every package that they name; besides these `wit/` and the profile. Not in
//! it are the dependencies of those packages, nor the rest of `Cargo.lock`: an
//! update that has nothing to do with the guest leaves it as it is, and
//! `build-guest --check` sees what slips through.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::tools::sha256;
use crate::workspace::{Package, Workspace};

/// What a guest is built from: a name, and the content under it. Sorted, so
/// that neither the order of a folder nor that of a manifest matters.
type Parts = BTreeMap<String, Vec<u8>>;

/// The digest over the sources of `package`.
pub fn digest(workspace: &Workspace, package: &str) -> Result<String> {
    let root = workspace.root();
    let mut parts = Parts::new();
    add_files(&mut parts, root, &root.join("wit"))?;
    add_profiles(&mut parts, workspace)?;
    for member in workspace.with_members(package)? {
        add_member(&mut parts, workspace, member)?;
    }
    Ok(digest_of(&parts))
}

fn digest_of(parts: &Parts) -> String {
    let mut all = Sha256::new();
    for (name, content) in parts {
        all.update(format!("{} {name}\n", sha256(content)));
    }
    format!("{:x}", all.finalize())
}

fn add_member(parts: &mut Parts, workspace: &Workspace, member: &Package) -> Result<()> {
    let folder = member.folder()?;
    for entry in ["build.rs", "src"] {
        let path = folder.join(entry);
        if path.exists() {
            add_files(parts, workspace.root(), &path)?;
        }
    }
    for dependency in member.dependencies.iter().filter(|it| !it.is_local()) {
        let locked = workspace.locked(member, dependency)?;
        let checksum = locked.checksum.as_deref().unwrap_or_default();
        parts.insert(
            format!("dependency {} {}", dependency.name, locked.version),
            checksum.into(),
        );
    }
    parts.insert(
        format!("package {}", member.name),
        serde_json::to_vec(&member)?,
    );
    Ok(())
}

/// The profile that guests are built with, and those that it inherits from.
fn add_profiles(parts: &mut Parts, workspace: &Workspace) -> Result<()> {
    let manifest = workspace.manifest()?;
    let mut next = Some("guest".to_owned());
    while let Some(name) = next {
        let Some(profile) = manifest.get("profile").and_then(|all| all.get(&name)) else {
            break;
        };
        next = profile
            .get("inherits")
            .and_then(|parent| parent.as_str())
            .map(str::to_owned);
        parts.insert(
            format!("profile {name}"),
            serde_json::to_vec(profile).context("cannot write a profile")?,
        );
    }
    Ok(())
}

/// Adds a file, or the files of a folder at any depth, but hidden ones.
fn add_files(parts: &mut Parts, root: &Path, path: &Path) -> Result<()> {
    let context = || format!("cannot read {}", path.display());
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(context)? {
            let entry = entry?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                add_files(parts, root, &entry.path())?;
            }
        }
        return Ok(());
    }
    let content = fs::read(path).with_context(context)?;
    parts.insert(name_in(root, path)?, with_unix_lines(&content));
    Ok(())
}

/// The path of a file in the repository, the same on every system.
fn name_in(root: &Path, path: &Path) -> Result<String> {
    let words: Vec<_> = path
        .strip_prefix(root)?
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    Ok(words.join("/"))
}

/// Git may have written CR LF where LF is committed.
fn with_unix_lines(content: &[u8]) -> Vec<u8> {
    let ends = content.iter().skip(1).chain(&[0]);
    content
        .iter()
        .zip(ends)
        .filter(|pair| *pair != (&b'\r', &b'\n'))
        .map(|(byte, _)| *byte)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(all: &[(&str, &str)]) -> Parts {
        all.iter()
            .map(|(name, content)| ((*name).into(), with_unix_lines(content.as_bytes())))
            .collect()
    }

    /// Scenario: the same sources, checked out with other ends of lines, or
    /// listed in another order.
    /// Guarantees: the digest is that of the sources, not of the checkout.
    #[test]
    fn a_checkout_does_not_change_the_digest() {
        let unix = parts(&[("a", "one\ntwo\n"), ("b", "")]);
        let windows = parts(&[("b", ""), ("a", "one\r\ntwo\r\n")]);
        assert_eq!(digest_of(&unix), digest_of(&windows));
        assert_eq!(with_unix_lines(b"\r\r\n\r"), b"\r\n\r");
    }

    /// Scenario: a file changes, is renamed, or goes.
    /// Guarantees: each of them shows.
    #[test]
    fn every_change_of_a_source_changes_the_digest() {
        let digests = [
            parts(&[("a", "one"), ("b", "two")]),
            parts(&[("a", "one"), ("b", "three")]),
            parts(&[("a", "one"), ("c", "two")]),
            parts(&[("a", "one")]),
        ]
        .map(|parts| digest_of(&parts));
        for (index, digest) in digests.iter().enumerate() {
            assert!(!digests.iter().skip(index + 1).any(|other| other == digest));
        }
    }

    /// Scenario: the digest of the built-in rule.
    /// Guarantees: it reaches through the SDK to the wire crate and the
    /// interface, and stops at what is built for tests only.
    #[test]
    fn the_built_in_rule_is_made_of_all_three_crates() -> Result<()> {
        let workspace = Workspace::load()?;
        let members = workspace.with_members("linkmend-repair")?;
        let mut names: Vec<_> = members.iter().map(|member| &*member.name).collect();
        names.sort_unstable();
        assert_eq!(names, ["linkmend-repair", "linkmend-rule", "linkmend-wire"]);
        assert!(
            members
                .iter()
                .flat_map(|member| &member.dependencies)
                .all(|dependency| dependency.name != "proptest")
        );
        Ok(())
    }
}
