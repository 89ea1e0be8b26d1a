//! From files to a configuration.

use std::env::VarError;

use linkmend_config::{Finding, Findings, Layers, Location, Node, Place};

use super::fault::{Fault, Faults, RelatedPlace};
use super::leave::{self, Left};
use super::reader::{Reader, is_below};
use super::root::Config;
use super::service::{self, Known};
use super::{batching, check, components, exporters, extensions, member, processors, receivers};

/// A file of a configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is called in messages: its path.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl std::fmt::Debug for Source {
    /// Without the text, which may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Config {
    /// Reads a configuration from one or more files: what a later one says
    /// holds. `env` is the environment, `&|name| std::env::var(name)` for one.
    ///
    /// # Errors
    ///
    /// When anything is wrong, all of it.
    pub fn read(
        sources: &[Source],
        env: &dyn Fn(&str) -> Result<String, VarError>,
    ) -> Result<Self, Faults> {
        match Self::examine(sources, env) {
            (Some(config), Faults(faults)) if faults.is_empty() => Ok(config),
            (_, faults) => Err(faults),
        }
    }

    /// The same, and what of it can be read although something is wrong: whoever
    /// wants to tell all of that can look at rules and certificates, too.
    pub fn examine(
        sources: &[Source],
        env: &dyn Fn(&str) -> Result<String, VarError>,
    ) -> (Option<Self>, Faults) {
        let files: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
        let (layers, findings) = match layers(sources, env) {
            Ok(read) => read,
            // What the rest says is not known then.
            Err(findings) => return (None, Faults(told(with_reasons(findings), &files))),
        };
        let Some(root) = layers.root() else {
            return (None, Faults(told(with_reasons(findings), &files)));
        };
        let of_values = findings.faults.clone();
        let mut reader = Reader::new(findings);
        let config = read(&mut reader, root);
        // What could not be read is nothing, and told of already.
        reader.retain_from(of_values.len(), |fault| {
            let mut of_values = of_values.iter();
            !of_values.any(|value| follows(fault, value))
        });
        let (findings, named) = reader.into_findings();
        let warnings = told(findings.warnings.clone(), &files);
        let mut faults = told(with_reasons(findings), &files);
        for fault in &mut faults {
            let places = named.get(&fault.path).into_iter().flatten();
            let places = places.map(|(spot, path)| RelatedPlace::new(*spot, path, &files));
            fault.also = places.collect();
        }
        let faults = Faults(faults);
        let mut config = Self {
            warnings,
            files,
            root: Some(root.clone()),
            ..config
        };
        config.place_rules();
        (Some(config), faults)
    }
}

/// Whether something is told only since a value in it could not be read.
fn follows(fault: &Finding, value: &Finding) -> bool {
    let is_of_value = is_below(&value.path, &fault.path) && fault.text.contains("is nothing");
    fault.spot == value.spot || is_of_value
}

/// All files together, with what the environment says.
fn layers(
    sources: &[Source],
    env: &dyn Fn(&str) -> Result<String, VarError>,
) -> Result<(Layers, Findings), Findings> {
    let mut layers = Layers::default();
    let mut faults = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        if let Err(error) = layers.add(&source.text) {
            faults.push(Finding {
                spot: Location {
                    file,
                    place: error.place,
                },
                path: String::new(),
                text: error.text,
            });
        }
    }
    if sources.is_empty() {
        let place = Place { line: 1, column: 1 };
        faults.push(Finding {
            spot: Location { file: 0, place },
            path: String::new(),
            text: "there is no file".into(),
        });
    }
    if faults.is_empty() {
        let findings = layers.expand(env);
        Ok((layers, findings))
    } else {
        Err(Findings {
            faults,
            warnings: Vec::new(),
        })
    }
}

/// What is wrong, and what may be why: a variable that is not set.
fn with_reasons(findings: Findings) -> Vec<Finding> {
    let Findings { faults, warnings } = findings;
    // It stands where the fault is, or below the section that is at fault.
    let is_reason = |warning: &Finding| {
        faults.iter().any(|fault| {
            let is_inside = is_below(&warning.path, &fault.path) && !fault.path.is_empty();
            fault.spot == warning.spot || is_inside
        })
    };
    let mut all: Vec<_> = warnings.into_iter().filter(is_reason).collect();
    all.extend(faults);
    all
}

fn told(mut findings: Vec<Finding>, files: &[String]) -> Vec<Fault> {
    findings.sort();
    findings.dedup();
    let faults = findings.into_iter();
    faults.map(|finding| Fault::new(finding, files)).collect()
}

const SECTIONS: [&str; 5] = [
    "receivers",
    "processors",
    "exporters",
    "extensions",
    "service",
];

fn read(reader: &mut Reader, root: &Node) -> Config {
    for (key, node) in root.members() {
        // Connectors are told of one by one.
        if !SECTIONS.contains(&key.as_str()) && key != "connectors" {
            let text = member::unknown(key, &SECTIONS);
            reader.within(key, |reader| reader.fault(node.spot, text));
        }
    }
    let receivers = components::read(reader, root, &receivers::KIND);
    let processors = components::read(reader, root, &processors::KIND);
    let exporters = components::read(reader, root, &exporters::KIND);
    let extensions = components::read(reader, root, &extensions::KIND);
    let connectors = leave::connectors(reader, root);
    let known = Known {
        connectors: &connectors,
        receivers: &receivers.spots,
        processors: &processors.spots,
        exporters: &exporters.spots,
        extensions: &extensions.spots,
    };
    let (service, used) = service::read(reader, root, &known);
    let mut config = Config {
        receivers: receivers.components,
        processors: processors.components,
        exporters: exporters.components,
        extensions: extensions.components,
        service,
        warnings: Vec::new(),
        files: Vec::new(),
        root: None,
    };
    let left = Left {
        receivers: receivers.left,
        processors: processors.left,
        exporters: exporters.left,
        extensions: extensions.left,
        connectors: connectors.clone(),
    };
    if root.get("service").is_some() {
        leave::tell(reader, root, (&known, &used), &left, &config);
    }
    check::signals(reader, root, &config);
    check::storages(reader, root, &config);
    check::metadata(reader, root, &config);
    check::addresses(reader, root, &config);
    check::files(reader, root, &config);
    batching::apply(reader, root, &mut config);
    config
}
