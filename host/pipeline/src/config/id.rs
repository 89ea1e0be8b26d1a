//! The names of components and pipelines: `type` or `type/name`.

use std::fmt;
use std::str::FromStr;

/// The longest type (the Collector's).
const LONGEST_TYPE: usize = 63;
/// The longest name (the Collector's).
const LONGEST_NAME: usize = 1024;

/// What a component or a pipeline is called: its type, and a name when there
/// are several of that type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// `otlp` of `otlp/front`, as it was written.
    pub kind: String,
    /// `front` of `otlp/front`; empty when there is none.
    pub name: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.name.is_empty() {
            write!(f, "/{}", self.name)?;
        }
        Ok(())
    }
}

/// A text is no [`Id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no component; write `type` or `type/name`, the type in letters, digits and `_`, \
     the name without spaces and symbols"
)]
pub struct BadId;

impl FromStr for Id {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let (kind, name) = match text.split_once('/') {
            Some((kind, name)) => (kind.trim(), Some(name.trim())),
            None => (text.trim(), None),
        };
        if !is_kind(kind) || !name.is_none_or(is_name) {
            return Err(BadId);
        }
        Ok(Self {
            kind: kind.into(),
            name: name.unwrap_or_default().into(),
        })
    }
}

fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.len() <= LONGEST_TYPE
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_name(text: &str) -> bool {
    // The Collector refuses the Unicode categories Z, C and S.
    let is_refused = |character: char| {
        character.is_whitespace() || character.is_control() || "$+<=>^`|~".contains(character)
    };
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains(is_refused)
}
