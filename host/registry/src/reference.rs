//! What a rule in a registry is called: `oci://HOST/NAME:TAG@sha256:HEX`.

use std::fmt;
use std::net::IpAddr;

use linkmend::Checksum;

/// How the name of a rule in a registry begins.
pub const SCHEME: &str = "oci://";
/// How a digest begins.
pub(crate) const SHA256: &str = "sha256:";

/// The name of a rule in a registry: a tag, a digest, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    host: String,
    name: String,
    tag: Option<String>,
    digest: Option<Checksum>,
}

/// It is no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` names no rule in a registry: {reason}; write oci://HOST/NAME:TAG, or \
     oci://HOST/NAME:TAG@sha256:DIGEST"
)]
pub struct BadReference {
    given: String,
    reason: &'static str,
}

impl Reference {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse(given: &str) -> Result<Self, BadReference> {
        read(given).map_err(|reason| BadReference {
            given: given.into(),
            reason,
        })
    }

    /// The digest of the manifest, which pins it.
    #[must_use]
    pub fn digest(&self) -> Option<Checksum> {
        self.digest
    }

    /// What may become something else any time.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The same, pinned to this digest.
    #[must_use]
    pub fn pinned(&self, digest: Checksum) -> Self {
        Self {
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// The registry, as it is in URLs: with its port, if it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What is before the tag: `team/rule`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The registry is on this machine, and may speak HTTP without TLS.
    pub(crate) fn is_local(&self) -> bool {
        is_local(&self.host)
    }
}

/// Whether a host, with a port perhaps, is this machine.
pub(crate) fn is_local(host: &str) -> bool {
    let (name, _) = split_port(host);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn read(given: &str) -> Result<Reference, &'static str> {
    let rest = given
        .strip_prefix(SCHEME)
        .ok_or("it does not begin with oci://")?;
    let (rest, digest) = match rest.split_once('@') {
        None => (rest, None),
        Some((rest, digest)) => {
            let digits = digest.strip_prefix(SHA256).and_then(Checksum::parse);
            let digits = digits.ok_or("a digest is `sha256:` and 64 hex digits")?;
            (rest, Some(digits))
        }
    };
    let (host, rest) = rest
        .split_once('/')
        .ok_or("there is no name behind the host")?;
    let (name, tag) = match rest.split_once(':') {
        None => (rest, None),
        Some((name, tag)) => (name, Some(tag)),
    };
    if !is_host(host) {
        // Others would look for it at Docker's.
        return Err("the host is missing, which has a dot or a port, or is `localhost`");
    }
    if name.len() > 255 || !name.split('/').all(is_component) {
        return Err(
            "a name has lower-case letters and digits, `.`, `_` or `-` between them, and `/`",
        );
    }
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err("a tag has letters, digits, `_`, `.` and `-`, 128 at most");
    }
    if tag.is_none() && digest.is_none() {
        return Err("it has neither a tag nor a digest");
    }
    Ok(Reference {
        host: host.to_owned(),
        name: name.to_owned(),
        tag: tag.map(str::to_owned),
        digest,
    })
}

/// The name, and the port behind it.
fn split_port(host: &str) -> (&str, Option<&str>) {
    if let Some(end) = host.find(']') {
        let (name, rest) = host.split_at(end + 1);
        return (name, rest.strip_prefix(':'));
    }
    match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = split_port(host);
    let is_address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && !name.starts_with(['.', '-']);
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let is_meant = name == "localhost" || name.contains('.') || port.is_some() || is_address;
    (is_address || is_name) && is_port && is_meant
}

fn is_component(part: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let is_end = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = part.as_bytes();
    bytes.iter().copied().all(is_inner) && is_end(bytes.first()) && is_end(bytes.last())
}

fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let first = tag.bytes().next();
    tag.len() <= 128
        && first.is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || b == b'.' || b == b'-')
}

/// `sha256:HEX`
pub(crate) fn shown(digest: Checksum) -> String {
    format!("{SHA256}{digest}")
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.host, self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match self.digest {
            Some(digest) => write!(f, "@{SHA256}{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    #[test]
    fn names_with_tags_and_digests() {
        let digest = "0a".repeat(32);
        for name in [
            &format!("oci://ghcr.io/team/rule:1.2@sha256:{digest}"),
            "oci://localhost:5000/rule:1",
            "oci://[::1]:5000/a/b/c_d-e.f:latest",
            "oci://registry:80/rule:x",
            &format!("oci://localhost/rule@sha256:{digest}"),
        ] {
            assert_eq!(Reference::parse(name).unwrap().to_string(), name);
        }
        let pinned = Reference::parse("oci://localhost:5000/rule:1").unwrap();
        let pinned = pinned.pinned(Checksum::parse(&digest).unwrap());
        let expected = format!("oci://localhost:5000/rule:1@sha256:{digest}");
        assert_eq!(pinned.to_string(), expected);
    }

    #[test]
    fn what_is_none_is_refused() {
        for name in [
            "ghcr.io/team/rule:1",
            "oci://team/rule:1",
            "oci://rule",
            "oci://ghcr.io/rule",
            "oci://ghcr.io/Team/rule:1",
            "oci://ghcr.io/team/../rule:1",
            "oci://ghcr.io/team//rule:1",
            "oci://ghcr.io/team/rule:",
            "oci://ghcr.io/team/rule:a/b",
            "oci://ghcr.io/team/rule@sha256:12",
            "oci://ghcr.io/team/rule:1@md5:12",
            "oci://ghcr.io:x/team/rule:1",
            "oci://user@ghcr.io/team/rule:1",
            "oci://ghcr.io?/team/rule:1",
            "oci://",
        ] {
            assert!(Reference::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for host in ["localhost:5000", "127.0.0.1:80", "localhost", "[::1]:5000"] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "ghcr.io",
            "localhost.example.com:80",
            "10.0.0.1:5000",
            "[::2]",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
