//! Names of new rules.

use std::fmt;
use std::str::FromStr;

/// The name of a new rule: also that of a folder, a crate or a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleName(String);

/// It cannot be the name of a new rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is not of the right characters.
    #[error(
        "`{0}` cannot be the name of a rule; a name has 1 to 64 lower-case letters, digits, `-`, `_` and `.`, and begins with a letter"
    )]
    Characters(String),
    /// It means something else where it becomes the name of a crate or module.
    #[error(
        "`{0}` means something else in Rust, Python, JavaScript or to linkmend; add a word, such as `{0}-links`"
    )]
    Reserved(String),
}

/// Words that cannot be the name of a crate, a Python module or a variable, and
/// modules that a rule has beside it.
const RESERVED: [&str; 64] = [
    "abstract",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "class",
    "const",
    "continue",
    "core",
    "crate",
    "def",
    "del",
    "delete",
    "do",
    "elif",
    "else",
    "enum",
    "except",
    "export",
    "extern",
    "false",
    "finally",
    "fn",
    "for",
    "from",
    "function",
    "global",
    "if",
    "impl",
    "import",
    "in",
    "is",
    "lambda",
    "let",
    "linkmend",
    "linkmend_rule",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "not",
    "or",
    "pass",
    "pub",
    "raise",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "type",
    "use",
    "while",
];

impl RuleName {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In `snake_case`.
    #[must_use]
    pub fn module(&self) -> String {
        self.0.replace(['-', '.'], "_")
    }

    /// In `PascalCase`.
    #[must_use]
    pub fn type_name(&self) -> String {
        let words = self.0.split(['-', '_', '.']);
        let capital = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        words.map(capital).collect()
    }
}

impl FromStr for RuleName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        if text.len() > 64 || !begins || !text.bytes().all(fits) {
            return Err(NameError::Characters(text.into()));
        }
        let name = Self(text.into());
        if RESERVED.contains(&name.module().as_str()) {
            return Err(NameError::Reserved(text.into()));
        }
        Ok(name)
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
