//! What is found on the way through a configuration.

use std::collections::BTreeMap;

use linkmend_config::{Content, Finding, Findings, Location, Node};

/// Where else a component is named: by its path, places and their paths.
pub(super) type Named = BTreeMap<String, Vec<(Location, String)>>;

/// Collects faults and warnings, and knows the path to what is being read.
#[derive(Debug, Default)]
pub struct Reader {
    findings: Findings,
    path: String,
    /// The paths of what is told to be removed.
    removed: Vec<String>,
    named: Named,
}

impl Reader {
    pub(super) fn new(findings: Findings) -> Self {
        Self {
            findings,
            ..Self::default()
        }
    }

    /// All that was found; of what is to be removed only that.
    pub(super) fn into_findings(self) -> (Findings, Named) {
        let Self {
            mut findings,
            removed,
            named,
            ..
        } = self;
        let is_inside = |path: &str| removed.iter().any(|removed| is_below(path, removed));
        findings.faults.retain(|fault| !is_inside(&fault.path));
        findings
            .warnings
            .retain(|warning| !is_inside(&warning.path) && !removed.contains(&warning.path));
        (findings, named)
    }

    /// Keeps the first so many faults, and those of the others that are wanted.
    pub(super) fn retain_from(&mut self, first: usize, is_wanted: impl Fn(&Finding) -> bool) {
        let mut number = 0;
        self.findings.faults.retain(|fault| {
            number += 1;
            number <= first || is_wanted(fault)
        });
    }

    /// What is being read is told to be removed: what is wrong inside of it is not
    /// told.
    pub(super) fn removed_here(&mut self) {
        self.removed.push(self.path.clone());
    }

    /// A place that names a component that is told to be removed.
    pub(super) fn named(&mut self, component: String, spot: Location, path: String) {
        self.named.entry(component).or_default().push((spot, path));
    }

    /// Reads what stands under a key.
    pub(super) fn within<R>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.step(&format!("{dot}{key}"), read)
    }

    /// Reads what stands in a list.
    pub(super) fn within_element<R>(
        &mut self,
        number: usize,
        read: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.step(&format!("[{number}]"), read)
    }

    fn step<R>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        let length = self.path.len();
        self.path.push_str(step);
        let result = read(self);
        self.path.truncate(length);
        result
    }

    /// How many faults there are so far.
    pub(super) fn faults(&self) -> usize {
        self.findings.faults.len()
    }

    /// Something is wrong with what is being read.
    pub(super) fn fault(&mut self, spot: Location, text: impl Into<String>) {
        let path = self.path.clone();
        self.findings.faults.push(Finding {
            spot,
            path,
            text: text.into(),
        });
    }

    /// Something may be wrong, or is done in another way.
    pub(super) fn warning(&mut self, finding: Finding) {
        self.findings.warnings.push(finding);
    }

    /// Something is wrong with a member of the section that is being read.
    pub(super) fn fault_of(&mut self, section: &Node, key: &str, text: impl Into<String>) {
        let spot = section.get(key).map_or(section.spot, |node| node.spot);
        self.within(key, |reader| reader.fault(spot, text));
    }

    /// Whether it is a mapping or nothing; anything else is a fault.
    pub(super) fn is_map(&mut self, node: &Node) -> bool {
        let is_map = matches!(node.content, Content::Map(_) | Content::Null);
        if !is_map {
            let text = format!("it is {}, not a mapping of keys to values", node.kind());
            self.fault(node.spot, text);
        }
        is_map
    }

    /// The elements of a list; anything else but nothing is a fault.
    pub(super) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.content {
            Content::List(list) => list,
            Content::Null => &[],
            _ => {
                self.fault(node.spot, format!("it is {}, not a list", node.kind()));
                &[]
            }
        }
    }
}

/// Whether a path leads to something inside of another one.
pub(super) fn is_below(path: &str, section: &str) -> bool {
    let below = path.strip_prefix(section);
    below.is_some_and(|below| below.starts_with(['.', '[']))
}
