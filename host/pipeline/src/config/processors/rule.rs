//! Where a rule comes from, and how it is known to be the one that is meant.

use std::path::PathBuf;

use linkmend::Checksum;
use linkmend_config::Node;
use linkmend_registry::{PublicKey, Reference, SCHEME};

use crate::config::member::Refusal;
use crate::config::scalars::name;

/// Where a rule comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RuleSource {
    /// The rule that comes with linkmend.
    #[default]
    Builtin,
    /// A component.
    File(PathBuf),
    /// A component in a registry, pinned by its digest.
    Registry(Reference),
}

pub(super) fn rule(node: &Node) -> Result<RuleSource, Refusal> {
    Ok(match name(node)?.as_str() {
        "builtin" => RuleSource::Builtin,
        remote if remote.starts_with(SCHEME) => RuleSource::Registry(reference(remote)?),
        path => RuleSource::File(path.into()),
    })
}

/// A rule that runs unattended is the very one that was meant.
fn reference(text: &str) -> Result<Reference, Refusal> {
    let reference = Reference::parse(text);
    let reference = reference.map_err(|error| Refusal::Because(error.to_string()))?;
    if reference.digest().is_none() {
        return Err(Refusal::Because(format!(
            "`{text}` may be another rule tomorrow; pin it as `{text}@sha256:…`, which \
             `linkmend rule pull {text}` tells"
        )));
    }
    Ok(reference)
}

pub(super) fn public_key(node: &Node) -> Result<PublicKey, Refusal> {
    PublicKey::parse(&name(node)?).map_err(|error| Refusal::Because(error.to_string()))
}

pub(super) fn sha256(node: &Node) -> Result<Checksum, Refusal> {
    Checksum::parse(&name(node)?).ok_or(Refusal::Value)
}
