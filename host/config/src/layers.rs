//! Several files that are one configuration.

use std::env::VarError;

use crate::error::ConfigError;
use crate::expand;
use crate::finding::Findings;
use crate::node::{Content, Node};
use crate::read::read;
use crate::resource::{self, Inside};

/// Several files that are one configuration: what a later one says holds.
/// Mappings are merged key by key; everything else, lists as well, is replaced.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    root: Option<Node>,
    files: usize,
}

impl Layers {
    /// Lays a file over those that were added before. A key `a::b` is the key `b`
    /// in the mapping `a`, as in the Collector. A configuration in a resource of
    /// Kubernetes is found there.
    ///
    /// # Errors
    ///
    /// As [`crate::read`]. The file counts all the same.
    pub fn add(&mut self, text: &str) -> Result<(), ConfigError> {
        let file = self.files;
        self.files += 1;
        let upper = unfolded(tree(text, file)?);
        match &mut self.root {
            Some(root) => merge(root, upper),
            root => *root = Some(upper),
        }
        Ok(())
    }

    /// Puts the environment in where texts ask for it: `${env:NAME}`,
    /// `${env:NAME:-default}`, `${NAME}`; and what files say: `${file:PATH}`. `$$`
    /// is a dollar sign.
    ///
    /// What these say is taken as it is: dollar signs in it mean
    /// nothing.
    pub fn expand(&mut self, env: &dyn Fn(&str) -> Result<String, VarError>) -> Findings {
        let mut findings = Findings::default();
        if let Some(root) = &mut self.root {
            expand::expand(root, env, &mut findings);
        }
        findings
    }

    /// What they say together; `None` without a file.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }
}

/// The configuration in a text, be it a resource of Kubernetes.
fn tree(text: &str, file: usize) -> Result<Node, ConfigError> {
    let document = read(text)?;
    Ok(match resource::inside(&document, text)? {
        Inside::Whole => Node::new(&document, file),
        Inside::Mapping(keys) => {
            let node = Node::new(&document, file);
            let mut below = &node;
            for key in keys {
                below = below.get(&key).unwrap_or(below);
            }
            below.clone()
        }
        Inside::Text(embedded) => {
            let inner = read(&embedded.text).map_err(|error| ConfigError {
                place: embedded.place(error.place),
                ..error
            })?;
            let mut node = Node::new(&inner, file);
            node.move_places(&|place| embedded.place(place));
            node
        }
    })
}

/// The same with the keys in their mappings that were written in one.
fn unfolded(node: Node) -> Node {
    let Node {
        spot,
        content,
        expanded,
    } = node;
    let content = match content {
        Content::Map(members) => {
            let mut unfolded = Node {
                spot,
                content: Content::Map(Vec::new()),
                expanded: None,
            };
            for (key, member) in members {
                let steps = key.rsplit("::");
                let member = steps.fold(self::unfolded(member), |inner, step| Node {
                    spot: inner.spot,
                    content: Content::Map(vec![(step.to_owned(), inner)]),
                    expanded: None,
                });
                merge(&mut unfolded, member);
            }
            unfolded.content
        }
        Content::List(list) => Content::List(list.into_iter().map(unfolded).collect()),
        other => other,
    };
    Node {
        spot,
        content,
        expanded,
    }
}

fn merge(lower: &mut Node, upper: Node) {
    match (&mut lower.content, upper.content) {
        (Content::Map(members), Content::Map(upper)) => {
            for (key, node) in upper {
                match members.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, member)) => merge(member, node),
                    None => members.push((key, node)),
                }
            }
        }
        (_, content) => *lower = Node { content, ..upper },
    }
}
