//! What the host refuses.

use std::fmt;

/// A fault of a rule: in the sandbox the batch would take the way that the user
/// chose for faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    text: String,
}

impl Fault {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    pub(super) fn no_such_span(span: u32, given: usize) -> Self {
        Self::new(format!("it names span {span}, and was given {given} spans"))
    }

    pub(super) fn edited_twice(span: u32, link: u32) -> Self {
        Self::new(format!("it edits link {link} of span {span} twice"))
    }

    pub(super) fn too_many_links(span: u32, links: usize, limit: usize) -> Self {
        Self::new(format!(
            "it leaves span {span} with {links} links, more than limits.max_links = {limit}"
        ))
    }

    pub(super) fn duplicate(span: u32, key: &str) -> Self {
        Self::new(format!(
            "it adds an attribute to a link of span {span} that has it already: `{key}`"
        ))
    }

    pub(super) fn past_end(list: &str) -> Self {
        Self::new(format!("a range of `{list}` reaches past its end"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}
