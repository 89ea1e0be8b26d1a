//! Templates, and what is replaced in them.

use std::fmt;
use std::str::FromStr;

use super::name::RuleName;

/// A language that rules are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// World `batch-rule`, with the crate `linkmend-rule`.
    Rust,
    /// World `span-rule`, with componentize-py.
    Python,
    /// World `span-rule`, with componentize-js.
    JavaScript,
    /// World `span-rule`, with Go's own compiler.
    Go,
    /// World `span-rule`, with clang.
    C,
}

/// There are no templates for a language of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no template for `{0}`; there are rust, python, javascript, go and c")]
pub struct UnknownLanguage(String);

impl Language {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Rust,
        Self::Python,
        Self::JavaScript,
        Self::Go,
        Self::C,
    ];

    /// As on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::Go => "go",
            Self::C => "c",
        }
    }

    /// What gets the toolchain into the folder of a new rule, where it is a part
    /// of that folder.
    #[must_use]
    pub fn toolchain(self) -> Option<&'static str> {
        match self {
            Self::Rust | Self::Go | Self::C => None,
            Self::Python => {
                Some("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt")
            }
            Self::JavaScript => Some("npm ci"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|language| language.name() == text);
        found.ok_or_else(|| UnknownLanguage(text.into()))
    }
}

/// A file that is written into a new folder.
#[derive(Debug, Clone, Copy)]
pub struct TemplateFile {
    /// The language that it is for, by its name.
    pub language: &'static str,
    /// Its name from the folder on, with `/`.
    pub name: &'static str,
    /// What is in it, before the tokens are replaced.
    pub content: &'static [u8],
}

/// What lies in `templates/`, and what is written beside it: see `build.rs`.
#[must_use]
pub fn templates() -> &'static [TemplateFile] {
    include!(concat!(env!("OUT_DIR"), "/templates.rs"))
}

/// What stands for the tokens.
pub(crate) struct Tokens([(&'static str, String); 5]);

impl Tokens {
    pub(crate) fn new(name: &RuleName, sdk: String) -> Self {
        Self([
            ("{{name}}", name.as_str().into()),
            ("{{module}}", name.module()),
            ("{{type}}", name.type_name()),
            ("{{sdk}}", sdk),
            ("{{version}}", env!("CARGO_PKG_VERSION").into()),
        ])
    }

    pub(crate) fn file_name(&self, name: &str) -> String {
        let name = self.replace(name);
        // So a template may have a Cargo.toml, or a .gitignore, that means
        // nothing where it lies.
        name.strip_suffix(".template").unwrap_or(&name).to_owned()
    }

    /// What is not text stays as it is.
    pub(crate) fn content(&self, content: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(content) {
            Ok(text) => self.replace(text).into_bytes(),
            Err(_) => content.to_vec(),
        }
    }

    fn replace(&self, text: &str) -> String {
        let tokens = self.0.iter();
        tokens.fold(text.to_owned(), |text, (token, value)| {
            text.replace(token, value)
        })
    }
}
