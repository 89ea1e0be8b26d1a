//! Which interface a component was built against: its world and its version, by
//! the names of its exports.

use linkmend_core::clip;
use linkmend_core::interface::{VERSION, World};

use crate::error::LoadReason;

const PACKAGE: &str = "linkmend:rule/";

/// A world of a version, as far as the host runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interface {
    /// World `field-rule`.
    Field,
    /// World `batch-rule`.
    Batch,
    /// World `span-rule`.
    Span,
    /// World `batch-rule` of 0.1. The other world of 0.1 was never run by any
    /// linkmend.
    Batch01,
}

/// What a rule of each interface exports beside `lifecycle`, and the version of
/// both, without its patch number.
const KNOWN: [(Interface, &str, &str); 4] = [
    (Interface::Field, "fields", "0.2"),
    (Interface::Batch, "batch", "0.2"),
    (Interface::Span, "spans", "0.2"),
    (Interface::Batch01, "batch", "0.1"),
];

impl Interface {
    pub(crate) fn world(self) -> World {
        match self {
            Self::Field => World::Field,
            Self::Batch | Self::Batch01 => World::Batch,
            Self::Span => World::Span,
        }
    }
}

/// The interface of a component with these exports, when the host runs it. More exports than a
/// world has are fine: the tools of Python and JavaScript add some of their own.
pub(crate) fn of(all: &[String]) -> Result<Interface, LoadReason> {
    let exports = |interface: &str, minor: &str| {
        versions(all, interface).any(|version| without_patch(version) == Some(minor))
    };
    let known = KNOWN
        .iter()
        .find(|(_, export, minor)| exports("lifecycle", minor) && exports(export, minor));
    if let Some((interface, _, _)) = known {
        return Ok(*interface);
    }
    let lifecycle = versions(all, "lifecycle").next();
    let world = ["fields", "batch", "spans"].map(|world| versions(all, world).next());
    let world = world.into_iter().flatten().next();
    match (lifecycle, world) {
        (Some(version), Some(other)) => Err(wrong_version(if is_known(version) {
            other
        } else {
            version
        })),
        (None, _) => Err(missing("lifecycle", all)),
        (Some(_), None) => Err(missing("batch", all)),
    }
}

/// The version of the interface that a component names.
pub(crate) fn version<'a>(exports: &'a [String], imports: &'a [String]) -> Option<&'a str> {
    let names = exports.iter().chain(imports);
    let mut named = names.filter_map(|name| name.strip_prefix(PACKAGE)?.split_once('@'));
    named.next().map(|(_, version)| version)
}

/// An import that the host has: one of ours, of a version that it knows.
pub(crate) fn is_given(import: &str) -> Result<bool, LoadReason> {
    let name = import.strip_prefix(PACKAGE);
    match name.and_then(|name| name.split_once('@')) {
        Some((_, version)) if !is_known(version) => Err(wrong_version(version)),
        Some(("index" | "log" | "types", _)) => Ok(true),
        _ => Ok(false),
    }
}

fn versions<'a>(names: &'a [String], interface: &'a str) -> impl Iterator<Item = &'a str> {
    names
        .iter()
        .filter_map(|name| name.strip_prefix(PACKAGE)?.split_once('@'))
        .filter(move |(name, _)| *name == interface)
        .map(|(_, version)| version)
}

fn is_known(version: &str) -> bool {
    without_patch(version).is_some_and(|minor| KNOWN.iter().any(|(_, _, known)| *known == minor))
}

/// Versions before 1.0 are compatible when their minor numbers are equal
/// (semver).
fn without_patch(version: &str) -> Option<&str> {
    let (minor, patch) = version.rsplit_once('.')?;
    let is_release = !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit());
    is_release.then_some(minor)
}

fn missing(interface: &str, exports: &[String]) -> LoadReason {
    LoadReason::MissingExport {
        missing: format!("{PACKAGE}{interface}@{VERSION}"),
        found: list(exports),
    }
}

fn wrong_version(version: &str) -> LoadReason {
    LoadReason::WrongVersion {
        found: clip(format!("linkmend:rule@{version}")),
        ours: VERSION,
    }
}

/// Names, for people.
pub(crate) fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".into();
    }
    clip(names.join(", "))
}
