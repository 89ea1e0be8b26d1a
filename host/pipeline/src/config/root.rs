//! The configuration as a whole.

use std::collections::BTreeMap;
use std::path::Path;

use linkmend_config::{Finding, Node};

use super::exporters::Exporter;
use super::extensions::Extension;
use super::fault::Fault;
use super::id::Id;
use super::processors::Processor;
use super::receivers::Receiver;
use super::service::Service;

/// The configuration of `linkmend run`.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where traces come from.
    pub receivers: BTreeMap<Id, Receiver>,
    /// What is done with them.
    pub processors: BTreeMap<Id, Processor>,
    /// Where they go.
    pub exporters: BTreeMap<Id, Exporter>,
    /// What is not on their way.
    pub extensions: BTreeMap<Id, Extension>,
    /// How these are joined.
    pub service: Service,
    /// What may be wrong, to be told to the user.
    pub warnings: Vec<Fault>,
    pub(super) files: Vec<String>,
    /// What it was read from.
    pub(super) root: Option<Node>,
}

impl Config {
    /// Lets the paths of rules begin where the file is that names them.
    pub(super) fn place_rules(&mut self) {
        for (id, processor) in &mut self.processors {
            let spot = self
                .root
                .as_ref()
                .map(|root| root.find(&format!("processors.{id}.rule")));
            let file = spot
                .and_then(|spot| self.files.get(spot.file))
                .map(Path::new);
            if let (Processor::Linkmend(processor), Some(file)) = (processor, file)
                && file.is_file()
            {
                processor.folder = file.parent().map(Path::to_owned);
            }
        }
    }

    /// What is wrong with something that a path of keys leads to, with the file
    /// and the line of the last key on the way that is there.
    pub fn fault(&self, path: &str, text: &str) -> Option<Fault> {
        let root = self.root.as_ref().filter(|_| !path.is_empty())?;
        let spot = root.find(path);
        let finding = Finding {
            spot,
            path: path.into(),
            text: text.into(),
        };
        Some(Fault::new(finding, &self.files))
    }

    /// What the files of the configuration are called.
    pub(crate) fn files(&self) -> &[String] {
        &self.files
    }

    /// The file and the line of a place in the configuration of a rule, for what
    /// the rule says of it: `text` begins with a path such as `recipes[0].name`.
    pub fn rule_fault(&self, id: &Id, text: &str) -> Option<Fault> {
        let Some(Processor::Linkmend(processor)) = self.processors.get(id) else {
            return None;
        };
        let (path, text) = text.split_once(": ").unwrap_or(("", text));
        let spot = processor.config.place(path)?;
        let dot = if path.is_empty() { "" } else { "." };
        let finding = Finding {
            spot,
            path: format!("processors.{id}.config{dot}{path}"),
            text: text.into(),
        };
        Some(Fault::new(finding, &self.files))
    }
}
