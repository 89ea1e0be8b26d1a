//! The environment and files in texts, as the Collector writes them.

use std::env::VarError;

use crate::build;
use crate::finding::{Finding, Findings};
use crate::node::{Content, Expanded, Location, Node};

type Lookup<'e> = &'e dyn Fn(&str) -> Result<String, VarError>;

const WRITTEN: &str = "write `${env:NAME}` or `${env:NAME:-default}`, and `$$` for a dollar sign";

/// The largest file that a value may be.
const LARGEST: u64 = 1 << 20;

/// How deep a default may have defaults in it.
const DEEPEST: usize = 16;

/// Expands all texts of a tree.
pub(crate) fn expand(root: &mut Node, env: Lookup<'_>, findings: &mut Findings) {
    let mut walk = Walk {
        env,
        findings,
        path: String::new(),
    };
    walk.node(root);
}

struct Walk<'e> {
    env: Lookup<'e>,
    findings: &'e mut Findings,
    path: String,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node) {
        match &mut node.content {
            Content::Map(members) => {
                for (key, member) in members {
                    let dot = if self.path.is_empty() { "" } else { "." };
                    self.step(&format!("{dot}{key}"), member);
                }
            }
            Content::List(list) => {
                for (number, element) in list.iter_mut().enumerate() {
                    self.step(&format!("[{number}]"), element);
                }
            }
            Content::Text(text) if text.contains('$') => {
                let text = std::mem::take(text);
                *node = self.text(node.spot, text);
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &str, node: &mut Node) {
        let length = self.path.len();
        self.path.push_str(step);
        self.node(node);
        self.path.truncate(length);
    }

    fn text(&mut self, spot: Location, source: String) -> Node {
        let mut names = Names {
            env: self.env,
            unset: Vec::new(),
            used: 0,
        };
        let expansion = names.expand(&source, 0);
        for name in &names.unset {
            let text = format!("the environment variable {name} is not set; its value is empty");
            self.findings.warnings.push(self.finding(spot, text));
        }
        let (text, is_whole) = match expansion {
            Ok(expansion) => expansion,
            Err(text) => {
                self.findings.faults.push(self.finding(spot, text));
                return Node::at(spot, serde_json::Value::Null);
            }
        };
        let mut node = Node {
            spot,
            content: Content::Text(text.clone()),
            expanded: None,
        };
        if is_whole {
            node.content = parsed(spot, &text);
        }
        if names.used > 0 {
            node.expanded = Some(Expanded { source, text });
        }
        node
    }

    fn finding(&self, spot: Location, text: String) -> Finding {
        Finding {
            spot,
            path: self.path.clone(),
            text,
        }
    }
}

/// What a text means that stands for a whole value: a number, a list. What is
/// no YAML is a text.
fn parsed(spot: Location, text: &str) -> Content {
    match build::value(text) {
        Ok(serde_json::Value::String(_)) | Err(_) => Content::Text(text.into()),
        Ok(value) => Node::at(spot, value).content,
    }
}

struct Names<'e> {
    env: Lookup<'e>,
    unset: Vec<String>,
    used: usize,
}

impl Names<'_> {
    /// The text that `source` becomes, and whether one name of the environment
    /// is all that it says.
    fn expand(&mut self, source: &str, depth: usize) -> Result<(String, bool), String> {
        if depth > DEEPEST {
            return Err(format!("`${{` lie in each other more than {DEEPEST} deep"));
        }
        let mut out = String::with_capacity(source.len());
        let mut rest = source;
        let mut is_whole = false;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if let Some(inside) = after.strip_prefix('{') {
                let (inside, behind) = inside.split_at(closing(inside)?);
                rest = behind.get(1..).unwrap_or_default();
                is_whole = before.len() + inside.len() + "${}".len() == source.len();
                out.push_str(&self.reference(inside, depth)?);
            } else {
                out.push('$');
                rest = after;
            }
        }
        out.push_str(rest);
        Ok((out, is_whole))
    }

    /// What `env:NAME:-default` stands for.
    fn reference(&mut self, inside: &str, depth: usize) -> Result<String, String> {
        self.used += 1;
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let (name, _) = self.expand(name, depth + 1)?;
        let name = match name.split_once(':') {
            Some(("env", name)) => name,
            Some(("file", path)) => return file(path),
            Some((scheme, _)) => {
                return Err(format!(
                    "`${{{scheme}:…}}` is not supported by linkmend, because values come from \
                     files and the environment alone; {WRITTEN}, or `${{file:PATH}}`"
                ));
            }
            None => name.as_str(),
        };
        if !is_name(name) {
            return Err(format!(
                "`{name}` is no name of an environment variable; {WRITTEN}"
            ));
        }
        match (self.env)(name) {
            Ok(value) => Ok(value),
            Err(VarError::NotUnicode(_)) => Err(format!(
                "the environment variable {name} is not valid UTF-8"
            )),
            Err(VarError::NotPresent) => {
                if let Some(default) = default {
                    return Ok(self.expand(default, depth + 1)?.0);
                }
                self.unset.push(name.to_owned());
                Ok(String::new())
            }
        }
    }
}

/// What a file says, without the end of its last line.
fn file(path: &str) -> Result<String, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read the file `{path}`: {why}");
    let metadata = std::fs::metadata(path).map_err(|error| cannot(&error))?;
    // A device or a pipe may have no end, or never begin.
    if !metadata.is_file() {
        return Err(cannot(&"it is no file"));
    }
    if metadata.len() > LARGEST {
        let mib = LARGEST >> 20;
        return Err(cannot(&format!("it has more than {mib} MiB")));
    }
    let mut text = std::fs::read_to_string(path).map_err(|error| cannot(&error))?;
    let line_end = if text.ends_with("\r\n") { 2 } else { 1 };
    if text.ends_with('\n') {
        text.truncate(text.len() - line_end);
    }
    Ok(text)
}

/// Where the brace that is open already ends.
fn closing(text: &str) -> Result<usize, String> {
    let mut open = 1_usize;
    let mut previous = '\0';
    for (at, character) in text.char_indices() {
        match character {
            '{' if previous == '$' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Ok(at);
        }
        previous = character;
    }
    Err(format!("a `${{` has no `}}`; {WRITTEN}"))
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
