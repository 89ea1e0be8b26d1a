//! What a registry that wants to know who asks says of how to tell it:
//! `WWW-Authenticate`.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// A way to tell a registry who asks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Name and password go with each request.
    Basic,
    /// A token does, which is to be had there.
    Bearer {
        /// Where.
        realm: String,
        /// For whom.
        service: Option<String>,
    },
}

impl Challenge {
    /// The one that is known here, a token rather than a password.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).into_iter();
        let known: Vec<_> = values
            .filter_map(|value| read(value.to_str().ok()?))
            .collect();
        let (bearer, basic): (Vec<_>, Vec<_>) = known
            .into_iter()
            .partition(|challenge| matches!(challenge, Self::Bearer { .. }));
        bearer.into_iter().chain(basic).next()
    }
}

fn read(text: &str) -> Option<Challenge> {
    let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let parameters = parameters(rest);
    let value = |name: &str| {
        let mut known = parameters.iter();
        let (_, value) = known.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.clone())
    };
    Some(Challenge::Bearer {
        realm: value("realm")?,
        service: value("service"),
    })
}

/// `name="value", name=value`
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, behind)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_owned();
        let (value, behind) = if let Some(quoted) = behind.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let (value, behind) = behind.split_once(',').unwrap_or((behind, ""));
            (value.trim().to_owned(), behind)
        };
        found.push((name, value));
        rest = behind;
    }
    found
}

/// The value up to the closing quote, and what is behind it.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_say_is_read() {
        let realm = |realm: &str, service: Option<&str>| {
            let (realm, service) = (realm.to_owned(), service.map(str::to_owned));
            Some(Challenge::Bearer { realm, service })
        };
        let docker = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        let expected = realm("https://auth.docker.io/token", Some("registry.docker.io"));
        assert_eq!(read(docker), expected);
        let spaced = r#"bearer  scope="a,b" , realm="https://a/t\"x", service=plain"#;
        assert_eq!(read(spaced), realm("https://a/t\"x", Some("plain")));
        assert_eq!(read(r#"Basic realm="a registry""#), Some(Challenge::Basic));
        assert_eq!(read("Basic"), Some(Challenge::Basic));
        for nothing in [
            "",
            "Bearer",
            r#"Bearer service="x""#,
            "Negotiate",
            "Bearer realm",
        ] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
