//! What is never shown.

use std::fmt;

use linkmend_config::{Content, Node};

use super::member::Refusal;
use super::scalars::text;

/// A text that no error and no `Debug` shows.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// Headers of requests: names in lower case, and values, which may be secrets.
pub type Headers = Vec<(String, Secret)>;

/// The values that a key for headers takes.
pub(super) const HEADERS: &str = "a mapping of header names to texts";

/// Reads headers: a mapping, or a list of `name` and `value`, as the Collector
/// reads them.
pub(super) fn headers(node: &Node) -> Result<Headers, Refusal> {
    let mut headers = Headers::new();
    match &node.content {
        Content::Null => return Err(Refusal::Default),
        Content::Map(members) => {
            for (name, value) in members {
                push(&mut headers, name, value)?;
            }
        }
        Content::List(pairs) => {
            for pair in pairs {
                let name = pair.get("name").ok_or_else(not_headers)?;
                let value = pair.get("value").ok_or_else(not_headers)?;
                push(&mut headers, &text(name).map_err(|_| not_headers())?, value)?;
            }
        }
        _ => return Err(not_headers()),
    }
    Ok(headers)
}

fn push(headers: &mut Headers, name: &str, value: &Node) -> Result<(), Refusal> {
    let name = name.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return because(format!("`{name}` is no name of a header"));
    }
    if headers.iter().any(|(known, _)| *known == name) {
        return because(format!("the header `{name}` is given a second time"));
    }
    let Ok(value) = text(value) else {
        return because(format!(
            "the value of the header `{name}` is {}; put it in quotes",
            value.kind()
        ));
    };
    if value
        .bytes()
        .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
    {
        return because(format!(
            "the value of the header `{name}` has a control character in it, such as a line end"
        ));
    }
    headers.push((name, value.into()));
    Ok(())
}

fn because<T>(text: String) -> Result<T, Refusal> {
    Err(Refusal::Because(text))
}

/// Says nothing of the value.
fn not_headers() -> Refusal {
    Refusal::Because(format!("it takes {HEADERS}"))
}
